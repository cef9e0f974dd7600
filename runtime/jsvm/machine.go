package jsvm

import (
	"math"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/abi"
)

// machine is one VM. It runs on one goroutine at a time. Only stop may be called
// by others.
type machine struct {
	vm      *otto.Otto
	task    *task // what it works on
	depth   int   // how deep its program is nested; see syntax.Parse
	steps   int   // functions entered and iterations of loops
	walks   []*stringification
	stopped atomic.Int32 // the reason; 0 while it may go on
	budget

	mu     sync.Mutex
	cancel func() // ends the host call that runs; nil if none does
}

// Reasons to interrupt a script.
const (
	pastDeadline int32 = iota + 1
	outOfMemory
	clientGone
)

// haltValue is thrown to interrupt a script. It is a JavaScript value, so that
// otto unwinds its stack as usual. A script that catches it is interrupted again
// at its next check.
var haltValue = func() otto.Value {
	v, _ := otto.ToValue("the deadline has passed")
	return v
}()

// newMachine takes over a VM that nothing else uses.
func newMachine(vm *otto.Otto, t *task) *machine {
	m := &machine{task: t, depth: maxMadeDepth, budget: budget{limit: minGrowth, heap: math.MaxInt64}}
	m.adopt(vm)
	return m
}

// adopt makes m the machine of vm.
func (m *machine) adopt(vm *otto.Otto) {
	m.vm = vm
	vm.SetDebuggerHandler(m.check)
}

// check interrupts the script if it has been stopped. It runs on the VM's
// goroutine at every debugger statement; see rewrite.
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

// stop interrupts the script at its next check, and ends a host call that is
// running. It may be called from any goroutine. The first reason counts.
func (m *machine) stop(reason int32) {
	m.stopped.CompareAndSwap(0, reason)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cancel != nil {
		m.cancel()
	}
}

// hasStopped reports whether the script has been stopped.
func (m *machine) hasStopped() bool { return m.stopped.Load() != 0 }

// wait notes that the script waits for the host, and what ends the wait.
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

// resume notes that the script no longer waits.
func (m *machine) resume() {
	m.mu.Lock()
	m.cancel = nil
	m.mu.Unlock()
}

// position returns where the innermost function of the script made its last
// call. It is empty if that function has made none.
func (m *machine) position() string {
	c := m.vm.ContextLimit(0)
	if c.Line == 0 {
		return ""
	}
	return c.Filename + ":" + strconv.Itoa(c.Line) + ":" + strconv.Itoa(c.Column)
}

// run calls f and turns whatever goes wrong in it into an *abi.Error.
func (m *machine) run(f func() (string, error)) (text string, err error) {
	defer func() {
		if caught := recover(); caught != nil {
			err = m.task.panicked(caught)
		}
		switch m.stopped.Load() {
		case pastDeadline:
			err = m.task.timeout()
		case outOfMemory:
			err = m.task.outOfMemory()
		case clientGone:
			err = abi.ErrClientGone
		}
	}()
	text, err = f()
	if err != nil {
		return "", m.task.fault(err)
	}
	return text, nil
}
