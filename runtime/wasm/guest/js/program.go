package js

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/object"
	"github.com/c386954a/sallyport/runtime/wasm/guest/native"
)

// File is one source of a plugin.
type File struct {
	Name string // in messages
	Text []byte
}

// Config is what a program needs besides its specification. What was not
// granted may be nil.
type Config struct {
	Files   []File // in the order in which they run
	Preload *File  // runs before the functions of the gateway exist; or nil

	Memory  int64         // bytes of one instance
	Timeout time.Duration // of a call without a deadline

	Log      Log
	Raw      io.Writer // of rawlog; nil sends its lines to Log
	KV       KV
	Sessions Sessions
	HTTP     native.HTTP

	// OrgOf returns the organisation of an API; nil knows those that bind the
	// plugin.
	OrgOf func(apiID string) string

	// RequireRights refuses sessions without access_rights.
	RequireRights bool
}

// Log takes what scripts log. It bounds the rate of lines, and is called by
// many goroutines.
type Log interface {
	// Script logs one line. kind says what wrote it; api is nil while the
	// script is loaded.
	Script(level zerolog.Level, kind string, api *abi.API, requestID, line []byte)
}

// Program is what all instances of one plugin share. It is safe for
// concurrent use once Adopt has returned.
type Program struct {
	config  Config
	spec    abi.Spec
	options options
	keys    []native.KeyPattern // that were granted
	specs   map[specKey][]byte  // objects for the APIs and hooks the plugin is bound to
	zero    []byte              // the session of a request that has none
	layout  *layout             // of clones; nil until there are any

	rawMu sync.Mutex // serialises writes to Raw
}

// specKey says for whom a spec object is.
type specKey struct {
	api  *abi.API
	hook abi.Hook
}

var entryName = regexp.MustCompile(`^[\pL_$][\pL\pN_$]*(\.[\pL_$][\pL\pN_$]*)*$`)

// New returns the program that s describes. It takes c.HTTP over if it does
// not fail. Nothing of the script has run yet.
func New(s abi.Spec, c Config) (*Program, error) {
	o, err := readOptions(s.Config)
	if err != nil {
		return nil, err
	}
	if !entryName.MatchString(s.Entry) {
		return nil, fmt.Errorf("entry %q is not the name of a JavaScript variable", s.Entry)
	}
	p := &Program{config: c, spec: s, options: o, zero: object.AppendSession(nil, nil)}
	if err := p.grant(); err != nil {
		return nil, err
	}
	p.specs = make(map[specKey][]byte)
	for h := range s.Hooks.All() {
		for _, api := range s.APIs {
			p.specs[specKey{api, h}] = p.appendSpec(nil, api, h)
		}
	}
	return p, nil
}

// grant reads which keys the script may use.
func (p *Program) grant() error {
	for _, text := range p.spec.Grants.KV {
		k, err := native.ParseKeyPattern(text)
		if err != nil {
			return fmt.Errorf("allow: kv: %q: %w", text, err)
		}
		p.keys = append(p.keys, k)
	}
	switch {
	case len(p.keys) > 0 && p.config.KV == nil:
		return errors.New("allow: kv: there is no store")
	case len(p.spec.Grants.Env) > 0:
		return errors.New("allow: env: scripts have no use of environment values; give them as config")
	}
	return nil
}

func (p *Program) appendSpec(dst []byte, api *abi.API, h abi.Hook) []byte {
	return object.AppendSpec(dst, api, h, p.spec.Config)
}

// Declares returns what the script implements, after Adopt. Tyk gives scripts
// the bodies always.
func (p *Program) Declares() abi.Declaration {
	hooks := p.layout.hooks
	return abi.Declaration{
		Hooks:       hooks,
		RequestBody: hooks & (requestHooks() | abi.SetOf(abi.Virtual)),
		ReplyBody:   hooks & abi.SetOf(abi.Response),
	}
}

// Adopt makes g, which has been started, the model of all guests that are not
// started themselves.
func (p *Program) Adopt(g *Guest) { p.layout = g.layout }

// NewGuest returns the state of one instance. late is called by host functions
// that come back with the time used up.
func (p *Program) NewGuest(late func()) *Guest {
	return &Guest{program: p, layout: p.layout, late: late}
}

// Close releases connections. No call is running.
func (p *Program) Close() {
	if p.config.HTTP != nil {
		p.config.HTTP.Close()
	}
}

// fresh reports whether every call has the state of loading.
func (p *Program) fresh() bool { return p.spec.Instances.Mode == abi.Fresh }

// main returns the name of the file that messages are about if nothing more
// is known.
func (p *Program) main() string { return p.config.Files[len(p.config.Files)-1].Name }

// requestHooks are those that a request handler serves.
func requestHooks() abi.HookSet {
	return abi.SetOf(abi.Pre, abi.Auth, abi.PostKeyAuth, abi.RateLimit, abi.Post)
}
