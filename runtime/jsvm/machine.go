package jsvm

import (
	"strconv"
	"sync/atomic"

	"github.com/robertkrimen/otto"
)

// machine is one VM. It runs on one goroutine at a time; only stop may be
// called by others.
type machine struct {
	vm   *otto.Otto
	task *task // what it works on

	stopped   atomic.Bool
	interrupt chan func()
}

// haltValue is what breaks a script off. It is a JavaScript value, so that
// otto unwinds it in order; a script that catches it is broken off again at
// its next check.
var haltValue = func() otto.Value {
	v, _ := otto.ToValue("the deadline has passed")
	return v
}()

// newMachine takes over a VM that nothing else uses.
func newMachine(vm *otto.Otto, t *task) *machine {
	m := &machine{vm: vm, task: t, interrupt: make(chan func(), 1)}
	vm.SetDebuggerHandler(m.check)
	return m
}

// check breaks the script off once it has been stopped.
func (m *machine) check(*otto.Otto) {
	if m.stopped.Load() {
		m.breakOff()
	}
}

// stop makes the script break off at its next check. It may be called from
// any goroutine, and once.
func (m *machine) stop() {
	m.stopped.Store(true)
	m.interrupt <- m.halt
}

// halt runs on the VM's goroutine, in code that was made at run time.
func (m *machine) halt() {
	m.interrupt <- m.halt // for code that catches it; the channel is empty now
	m.breakOff()
}

func (m *machine) breakOff() {
	if m.task.stoppedAt == "" {
		m.task.stoppedAt = m.position()
	}
	panic(haltValue)
}

// position returns where the innermost function of the script has made its
// last call, or nothing if it has made none.
func (m *machine) position() string {
	c := m.vm.ContextLimit(0)
	if c.Line == 0 {
		return ""
	}
	return c.Filename + ":" + strconv.Itoa(c.Line) + ":" + strconv.Itoa(c.Column)
}

// watch makes otto look at the Interrupt channel from now on. It must run on
// the VM's goroutine.
func (m *machine) watch() { m.vm.Interrupt = m.interrupt }

// guard calls f and turns whatever goes wrong in it into an *abi.Error.
func (m *machine) guard(f func() (string, error)) (text string, err error) {
	defer func() {
		if caught := recover(); caught != nil {
			err = m.task.panicked(caught)
		}
		if m.stopped.Load() {
			err = m.task.timeout()
		}
	}()
	text, err = f()
	if err != nil {
		return "", m.task.fault(err)
	}
	return text, nil
}
