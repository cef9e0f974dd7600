package jsvm

import (
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/robertkrimen/otto"
)

// machine is one VM. It runs on one goroutine at a time; only stop may be
// called by others.
type machine struct {
	vm      *otto.Otto
	task    *task // what it works on
	weight  int   // of its program; see weightOf
	steps   int   // functions entered and rounds of loops
	walks   []*walk
	stopped atomic.Int32 // the reason; 0 while it may go on

	mu     sync.Mutex
	cancel func() // ends the host call that runs; nil if none does
}

// Reasons to break a script off.
const (
	pastDeadline int32 = iota + 1
	outOfMemory
)

// haltValue is what breaks a script off. It is a JavaScript value, so that
// otto unwinds it in order; a script that catches it is broken off again at
// its next check.
var haltValue = func() otto.Value {
	v, _ := otto.ToValue("the deadline has passed")
	return v
}()

// newMachine takes over a VM that nothing else uses.
func newMachine(vm *otto.Otto, t *task) *machine {
	m := &machine{task: t, weight: maxMadeWeight}
	m.adopt(vm)
	return m
}

// adopt makes m watch over vm.
func (m *machine) adopt(vm *otto.Otto) {
	m.vm = vm
	vm.SetDebuggerHandler(m.check)
}

// check breaks the script off once it has been stopped. It runs on the VM's
// goroutine, whenever the script comes by a debugger statement.
func (m *machine) check(vm *otto.Otto) {
	m.steps++
	if len(m.walks) > 0 {
		m.checkWalk(vm)
	}
	if m.stopped.Load() == 0 {
		return
	}
	if m.task.stoppedAt == "" {
		m.task.stoppedAt = m.position()
	}
	panic(haltValue)
}

// stop makes the script break off at its next check. It may be called from
// any goroutine; the first reason counts. It ends a host call that runs.
func (m *machine) stop(reason int32) {
	m.stopped.CompareAndSwap(0, reason)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cancel != nil {
		m.cancel()
	}
}

// hasStopped reports whether the script is to break off.
func (m *machine) hasStopped() bool { return m.stopped.Load() != 0 }

// wait says that the script waits for the host, and how to end that.
func (m *machine) wait(cancel func()) {
	m.mu.Lock()
	m.cancel = cancel
	m.mu.Unlock()
	if m.stopped.Load() != 0 {
		cancel()
	}
}

// waiting reports whether the script waits for the host.
func (m *machine) waiting() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cancel != nil
}

// resume ends wait.
func (m *machine) resume() {
	m.mu.Lock()
	m.cancel = nil
	m.mu.Unlock()
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

// guard calls f and turns whatever goes wrong in it into an *abi.Error.
func (m *machine) guard(f func() (string, error)) (text string, err error) {
	defer func() {
		if caught := recover(); caught != nil {
			err = m.task.panicked(caught)
		}
		switch m.stopped.Load() {
		case pastDeadline:
			err = m.task.timeout()
		case outOfMemory:
			err = m.task.outOfMemory()
		}
	}()
	text, err = f()
	if err != nil {
		return "", m.task.fault(err)
	}
	return text, nil
}
