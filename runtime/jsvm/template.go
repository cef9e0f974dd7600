package jsvm

import (
	"context"
	_ "embed" // the shim
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/robertkrimen/otto"
	"github.com/robertkrimen/otto/ast"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/abi/wire"
)

// grace is how long a script gets to break off after its deadline. The caller
// is answered then, whatever the VM does.
const grace = 25 * time.Millisecond

//go:embed tyk.js
var shimText string

// template is the VM a script has left after it ran at load time. It never
// runs again, and every call runs on a copy of it.
type template struct {
	name    string // of the file
	host    *host
	vm      *otto.Otto
	hooks   abi.HookSet
	dynamic bool // may make code at run time without telling

	entry *otto.Script             // names the entry
	zero  *otto.Script             // the session of a request that has none
	specs map[specKey]*otto.Script // for the APIs and hooks the plugin is bound to

	underscore func() (*source, error) // parsed once, when it is needed
}

// loadTemplate runs the script of s under ctx's deadline.
func loadTemplate(ctx context.Context, c *Config, s *abi.Spec, loads *sync.WaitGroup) (*template, error) {
	if !entryName.MatchString(s.Entry) {
		return nil, fmt.Errorf("%s: entry %q is not the name of a JavaScript variable", s.Source, s.Entry)
	}
	src, err := readSource(s, c.maxSource())
	if err != nil {
		return nil, err
	}
	t := &template{
		name: s.Source, host: newHost(c, s.Name), vm: otto.New(), dynamic: src.mentions.eval,
		underscore: sync.OnceValues(func() (*source, error) { return parse("<underscore>", underscoreText) }),
	}
	t.vm.SetStackDepthLimit(c.stackDepth())
	m := newMachine(t.vm, &task{file: s.Source})
	done := make(chan error, 1)
	loads.Go(func() {
		_, err := m.guard(func() (string, error) { return "", t.build(m, src, s) })
		done <- err
	})
	return t, await(ctx, m, done)
}

var entryName = regexp.MustCompile(`^[\pL_$][\pL\pN_$]*(\.[\pL_$][\pL\pN_$]*)*$`)

// await waits for a script to end, stops it when ctx ends, and leaves it
// alone if it does not stop.
func await(ctx context.Context, m *machine, done <-chan error) error {
	select {
	case err := <-done:
		return unkind(err)
	case <-ctx.Done():
	}
	m.stop()
	select {
	case err := <-done:
		if abi.KindOf(err) == abi.Timeout {
			return fmt.Errorf("%w: it must end in time when it is loaded", unkind(err))
		}
		return unkind(err)
	case <-time.After(grace):
		return fmt.Errorf("%s: the script hangs when it is loaded", m.task.file)
	}
}

// unkind takes the kind of a call's fault off an error of loading.
func unkind(err error) error {
	if e, ok := errors.AsType[*abi.Error](err); ok {
		return e.Err
	}
	return err
}

// build fills the template: our shim, underscore if it is needed, the script.
func (t *template) build(m *machine, src *source, s *abi.Spec) error {
	t.host.register(m)
	defer t.host.release(m)
	shim, err := t.prepare(m, src.mentions)
	if err != nil {
		return err
	}
	if _, err := t.vm.Run(src.program); err != nil {
		return err
	}
	if t.hooks, err = t.findEntry(shim, src, s.Entry); err != nil {
		return err
	}
	if err := t.compile(s); err != nil {
		return err
	}
	return t.tryCopy()
}

// prepare sets up the VM up to the point where the script itself runs.
func (t *template) prepare(m *machine, found mentions) (shim *otto.Object, err error) {
	if err := t.host.install(t.vm); err != nil {
		return nil, err
	}
	if shim, err = t.runShim(); err != nil {
		return nil, err
	}
	if found.eval {
		m.watch()
	} else if _, err := shim.Call("watchDynamicCode"); err != nil {
		return nil, err
	}
	if !found.underscore {
		_, err = shim.Call("deferUnderscore")
		return shim, err
	}
	return shim, t.runUnderscore(t.vm)
}

// runShim runs tyk.js and defines TykJsResponse.
func (t *template) runShim() (*otto.Object, error) {
	src, err := parse(shimName, shimText)
	if err != nil {
		return nil, err
	}
	f, err := t.vm.Run(src.program)
	if err != nil {
		return nil, err
	}
	global, err := t.vm.Run("this")
	if err != nil {
		return nil, err
	}
	services, err := t.services()
	if err != nil {
		return nil, err
	}
	exports, err := f.Call(otto.UndefinedValue(), global, services)
	if err != nil {
		return nil, err
	}
	answer, err := exports.Object().Get("answer")
	if err != nil {
		return nil, err
	}
	return exports.Object(), t.vm.Set("TykJsResponse", answer)
}

// services are the functions that only our shim may call.
func (t *template) services() (*otto.Object, error) {
	o, err := t.vm.Object("({})")
	if err != nil {
		return nil, err
	}
	return o, errors.Join(
		o.Set("keepBytes", keepBytes),
		o.Set("watch", t.host.watch),
		o.Set("loadUnderscore", t.loadUnderscore),
	)
}

// loadUnderscore is called by a script that reaches for _ indirectly.
func (t *template) loadUnderscore(call otto.FunctionCall) otto.Value {
	if err := t.runUnderscore(call.Otto); err != nil {
		panic(call.Otto.MakeCustomError("Error", err.Error()))
	}
	return otto.UndefinedValue()
}

func (t *template) runUnderscore(vm *otto.Otto) error {
	src, err := t.underscore()
	if err != nil {
		return err
	}
	_, err = vm.Run(src.program)
	return err
}

// findEntry looks the entry up and tells which hooks it serves.
func (t *template) findEntry(shim *otto.Object, src *source, name string) (abi.HookSet, error) {
	v, err := t.vm.Run(name)
	if err != nil || !v.IsObject() {
		return 0, fmt.Errorf("%s: no object or function named %s. The script defines %s", t.name, name, src.defines())
	}
	kinds, err := shim.Call("hooks", v)
	if err != nil {
		return 0, err
	}
	if hooks := hooksOf(kinds.String()); hooks != 0 {
		return hooks, nil
	}
	return 0, fmt.Errorf("%s: %s has no handler. Give it one with NewProcessRequest or NewProcessResponse", t.name, name)
}

// requestHooks are those that a request handler serves.
var requestHooks = abi.SetOf(abi.Pre, abi.Auth, abi.PostKeyAuth, abi.RateLimit, abi.Post)

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

// defines names the global variables and functions of a script.
func (s *source) defines() string {
	var names []string
	for _, d := range s.program.DeclarationList {
		switch d := d.(type) {
		case *ast.FunctionDeclaration:
			names = append(names, d.Function.Name.Name)
		case *ast.VariableDeclaration:
			for _, v := range d.List {
				names = append(names, v.Name)
			}
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// compile prepares what is the same in every call.
func (t *template) compile(s *abi.Spec) (err error) {
	if t.entry, err = t.vm.Compile("", s.Entry); err != nil {
		return err
	}
	if t.zero, err = t.vm.Compile("", literal(wire.AppendTykSession(nil, nil))); err != nil {
		return err
	}
	t.specs = make(map[specKey]*otto.Script)
	for h := range (s.Hooks & t.hooks).All() {
		for _, api := range s.APIs {
			script, err := t.vm.Compile("", literal(wire.AppendTykSpec(nil, api, h, s.Config)))
			if err != nil {
				return err
			}
			t.specs[specKey{api, h}] = script
		}
	}
	return nil
}

// specKey says for whom a spec object is.
type specKey struct {
	api  *abi.API
	hook abi.Hook
}

// tryCopy makes a copy to see that it can be made.
func (t *template) tryCopy() error {
	t.host.release(t.machine())
	return nil
}

// machine returns a VM in template state. It is safe for concurrent use.
func (t *template) machine() *machine {
	m := newMachine(t.vm.Copy(), &task{file: t.name})
	t.host.register(m)
	return m
}
