package jsvm

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/abi/tykjs"
	"github.com/c386954a/sallyport/abi/wire"
)

// grace is how long a script gets to break off after its deadline. The caller
// is answered then, whatever the VM does.
const grace = 25 * time.Millisecond

// template is the VM a script has left after it ran at load time. It never
// runs again, and every call runs on a copy of it.
type template struct {
	name  string // of the file
	host  *host
	vm    *otto.Otto
	hooks abi.HookSet

	depth  int // of the stack, at most
	weight int // of the script; see weightOf

	entry *otto.Script             // names the entry
	zero  *otto.Script             // the session of a request that has none
	specs map[specKey]*otto.Script // for the APIs and hooks the plugin is bound to

	underscore func() (*source, error) // parsed once, when it is needed
}

// loadTemplate runs the script of s under ctx's deadline.
func loadTemplate(ctx context.Context, c *Config, s *abi.Spec, w *watch, loads *sync.WaitGroup) (*template, error) {
	if !entryName.MatchString(s.Entry) {
		return nil, fmt.Errorf("%s: entry %q is not the name of a JavaScript variable", s.Source, s.Entry)
	}
	text, err := readSource(s, c.maxSource())
	if err != nil {
		return nil, err
	}
	t := &template{
		name: s.Source, host: newHost(c, s), vm: otto.New(), depth: c.stackDepth(),
		underscore: sync.OnceValues(func() (*source, error) { return parse("<underscore>", tykjs.Underscore()) }),
	}
	deadline, _ := ctx.Deadline() // there always is one
	m := newMachine(t.vm, &task{file: s.Source, deadline: deadline})
	done := make(chan error, 1)
	loads.Go(func() {
		w.enter(m, positive(s.Limits.Memory, c.memory()))
		defer w.leave(m)
		_, err := m.guard(func() (string, error) { return "", (&builder{template: t, machine: m}).build(s, text) })
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
	m.stop(pastDeadline)
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

// runUnderscore loads underscore into a VM.
func (t *template) runUnderscore(vm *otto.Otto) error {
	src, err := t.underscore()
	if err != nil {
		return err
	}
	_, err = vm.Run(src.program)
	return err
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

// copy returns a VM in template state. It is safe for concurrent use.
func (t *template) copy() *machine {
	m := newMachine(t.vm.Copy(), &task{file: t.name})
	m.weight = t.weight
	t.host.register(m)
	return m
}
