package js

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"github.com/tetratelabs/wazero"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/object"
	"github.com/c386954a/sallyport/runtime/wasm/guest"
	"github.com/c386954a/sallyport/runtime/wasm/guest/native"
)

// Config is what a program needs besides its specification. What was not
// granted may be nil.
type Config struct {
	MaxSource int64 // bytes of a file

	Memory  int64         // bytes of one instance
	Timeout time.Duration // of a call without a deadline

	Log      ScriptLog
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

// ScriptLog takes what scripts log. It bounds the rate of lines, and is called by
// many goroutines.
type ScriptLog interface {
	// Script logs one line. kind says what wrote it; api is nil while the
	// script is loaded.
	Script(level zerolog.Level, kind string, api *abi.API, requestID, line []byte)
}

// Program is what all instances of one plugin share. It is safe for
// concurrent use once Adopt has returned.
type Program struct {
	config  Config
	spec    abi.Spec
	sources scriptFiles
	options options
	keys    []native.KeyPattern  // that were granted
	specs   map[boundHook][]byte // objects for the APIs and hooks the plugin is bound to
	zero    []byte               // the session of a request that has none
	layout  *layout              // of clones; nil until there are any

	rawMu sync.Mutex // serialises writes to Raw
}

// boundHook says for whom a spec object is.
type boundHook struct {
	api  *abi.API
	hook abi.Hook
}

var _ guest.Contract = (*Program)(nil)

var entryName = regexp.MustCompile(`^[\pL_$][\pL\pN_$]*(\.[\pL_$][\pL\pN_$]*)*$`)

// New reads the files of the plugin that s describes and returns its program. It
// owns c.HTTP, even if it fails. Nothing of the script has run yet.
func New(s abi.Spec, c Config) (*Program, error) {
	p, err := newProgram(s, c)
	if err != nil && c.HTTP != nil {
		c.HTTP.Close()
	}
	return p, err
}

func newProgram(s abi.Spec, c Config) (*Program, error) {
	files, err := readSources(s, c.MaxSource)
	if err != nil {
		return nil, err
	}
	o, err := readOptions(s.Config)
	if err != nil {
		return nil, err
	}
	if !entryName.MatchString(s.Entry) {
		return nil, fmt.Errorf("entry %q is not the name of a JavaScript variable", s.Entry)
	}
	p := &Program{config: c, spec: s, sources: files, options: o, zero: object.AppendSession(nil, nil)}
	if err := p.grant(); err != nil {
		return nil, err
	}
	p.specs = make(map[boundHook][]byte)
	for h := range s.Hooks.All() {
		for _, api := range s.APIs {
			p.specs[boundHook{api, h}] = p.appendSpec(nil, api, h)
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

// Check accepts all exports: the engine is always the same, and what the script
// implements is known when it has run.
func (p *Program) Check(wazero.CompiledModule) error { return nil }

// Adopt makes template, which has been started, the model of all guests that are
// not started themselves.
func (p *Program) Adopt(template guest.Guest) { p.layout = template.(*scriptGuest).layout }

// NewGuest returns the state of one instance. Host functions that take time call
// interrupt before they return.
func (p *Program) NewGuest(interrupt func()) guest.Guest {
	return &scriptGuest{program: p, layout: p.layout, interrupt: interrupt}
}

// Close releases connections. No call is running.
func (p *Program) Close() {
	if p.config.HTTP != nil {
		p.config.HTTP.Close()
	}
}

// fresh reports whether every call has the state of loading.
func (p *Program) fresh() bool { return p.spec.Instances.Mode == abi.Fresh }

// requestHooks are those that a request handler serves.
func requestHooks() abi.HookSet {
	return abi.SetOf(abi.Pre, abi.Auth, abi.PostKeyAuth, abi.RateLimit, abi.Post)
}
