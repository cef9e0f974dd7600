package jsvm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	goruntime "runtime"
	"strings"
	"sync"
	"time"

	"github.com/robertkrimen/otto"
	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/hostapi"
	"github.com/c386954a/sallyport/internal/tyk/jsapi"
	"github.com/c386954a/sallyport/internal/tyk/object"
)

// plugin is one entry of a program.
type plugin struct {
	name    string
	orgOf   func(apiID string) string // finds the organisation of an API
	config  []byte
	options hostapi.Options
	timeout time.Duration // of a call without a deadline

	program *program
	hooks   abi.HookSet
	entry   *otto.Script             // names the entry
	specs   map[specKey]*otto.Script // for the APIs and hooks the plugin is bound to

	pool     *pool
	warnings warnings
	close    sync.Once
	release  func() // of the program
}

// specKey says for whom a spec object is.
type specKey struct {
	api  *abi.API
	hook abi.Hook
}

var _ abi.Plugin = (*plugin)(nil)

func newPlugin(r *Runtime, s *abi.Spec, program *program, o hostapi.Options, release func()) (*plugin, error) {
	c, size := &r.config, positive(s.Instances.Max, 4*goruntime.GOMAXPROCS(0))
	p := &plugin{
		name: s.Name, orgOf: c.orgOf(s.APIs), config: s.Config, options: o, timeout: positive(s.Limits.Timeout, c.callTimeout()),
		program: program, pool: newPool(program, r.watch, positive(s.Limits.Memory, c.memory()), size), release: release,
	}
	var err error
	if p.hooks, err = program.findEntry(s.Entry); err != nil {
		return nil, err
	}
	return p, p.compile(s)
}

// compile prepares what is the same in every call.
func (p *plugin) compile(s *abi.Spec) (err error) {
	if p.entry, err = p.program.compile(s.Entry); err != nil {
		return err
	}
	p.specs = make(map[specKey]*otto.Script)
	for h := range (s.Hooks & p.hooks).All() {
		for _, api := range s.APIs {
			script, err := p.program.compile(expression(object.AppendSpec(nil, api, h, s.Config)))
			if err != nil {
				return err
			}
			p.specs[specKey{api, h}] = script
		}
	}
	return nil
}

// Declares implements abi.Plugin. Tyk gives scripts the bodies always.
func (p *plugin) Declares() abi.Declaration {
	hooks := p.hooks
	return abi.Declaration{
		Hooks:       hooks,
		RequestBody: hooks & (requestHooks | abi.SetOf(abi.Virtual)),
		ReplyBody:   hooks & abi.SetOf(abi.Response),
	}
}

// Call implements abi.Plugin.
func (p *plugin) Call(x *abi.Exchange) (abi.Verdict, error) {
	if !p.hooks.Has(x.Hook) {
		return abi.Continue, abi.Errorf(abi.Refused, "%s does not serve the hook %s", p.program.files.name, x.Hook)
	}
	deadline := x.Deadline
	if deadline.IsZero() {
		deadline = time.Now().Add(p.timeout)
	}
	result, err := p.pool.do(p.newCall(x), deadline)
	if err != nil {
		return abi.Continue, err
	}
	return p.options.Apply(x, []byte(result), p)
}

// Look implements [hostapi.Looker]: it warns of results that are seldom meant.
func (p *plugin) Look(hook abi.Hook, result []byte, noSession bool) {
	p.warnings.look(p.program.host.logger, p.name, hook, result, noSession)
}

// Close implements abi.Plugin. It may be called again to go on waiting.
func (p *plugin) Close(ctx context.Context) error {
	p.close.Do(func() { p.pool.close(); p.release() })
	return wait(ctx, &p.pool.running)
}

func readOptions(config []byte) (o hostapi.Options, err error) {
	if len(config) == 0 {
		return o, nil
	}
	if err := json.Unmarshal(config, &o); err != nil {
		return o, fmt.Errorf("config: require_session, use_session, keep_header_case and hide_config are true or false: %w", err)
	}
	return o, nil
}

// warnings tell once per script of results that are legal and seldom meant.
type warnings struct {
	code, session sync.Once
}

// nullCode is what NaN becomes in a result. Inside of a text the quotes would
// be escaped.
var nullCode = []byte(`"ResponseCode":null`)

// look warns of what it finds in the result of a request hook.
func (w *warnings) look(l *zerolog.Logger, plugin string, hook abi.Hook, result []byte, noSession bool) {
	if bytes.Contains(result, nullCode) {
		w.code.Do(func() {
			l.Warn().Str("prefix", "jsvm").Str("plugin", plugin).Stringer("hook", hook).
				Msg("ResponseCode is NaN, Infinity or null: it means no answer, and the request goes on")
		})
	}
	if hook == abi.Auth && noSession {
		w.session.Do(func() {
			l.Warn().Str("prefix", "jsvm").Str("plugin", plugin).Stringer("hook", hook).
				Msg("the result has no Session: the caller gets an empty one, without limits")
		})
	}
}

var entryName = regexp.MustCompile(`^[\pL_$][\pL\pN_$]*(\.[\pL_$][\pL\pN_$]*)*$`)

// requestHooks are those that a request handler serves.
var requestHooks = abi.SetOf(abi.Pre, abi.Auth, abi.PostKeyAuth, abi.RateLimit, abi.Post)

// findEntry finds the entry in a copy of the program, and returns the hooks that
// it serves.
func (p *program) findEntry(name string) (abi.HookSet, error) {
	m := p.copy()
	defer p.release(m)
	var kinds string
	_, err := m.run(func() (_ string, err error) {
		kinds, err = p.kindsOf(m.vm, name)
		return "", err
	})
	if err != nil {
		return 0, unkind(err)
	}
	return hooksOf(kinds), nil
}

// kindsOf names the kinds of hooks that an entry serves.
func (p *program) kindsOf(vm *otto.Otto, name string) (string, error) {
	v, err := vm.Run(name)
	if err != nil || !v.IsObject() {
		return "", abi.Errorf(abi.Refused, "%s: no object or function named %s. The script defines %s", p.files.name, name, p.defines)
	}
	stock, err := vm.Get(stock)
	if err != nil {
		return "", err
	}
	kinds, err := function(vm, "<hooks>", jsapi.Hooks(), v, stock)
	if err != nil {
		return "", err
	}
	if kinds.String() == "" {
		return "", abi.Errorf(abi.Refused, "%s: %s has no handler. Give it one with NewProcessRequest or NewProcessResponse", p.files.name, name)
	}
	return kinds.String(), nil
}

func hooksOf(kinds string) (set abi.HookSet) {
	for kind := range strings.FieldsSeq(kinds) {
		switch kind {
		case "virtual":
			set |= abi.SetOf(abi.Virtual)
		case "request":
			set |= requestHooks
		case "response":
			set |= abi.SetOf(abi.Response)
		case "event":
			set |= abi.SetOf(abi.Event)
		}
	}
	return set
}
