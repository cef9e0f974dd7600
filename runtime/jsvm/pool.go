package jsvm

import (
	goruntime "runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// pool bounds how many VMs of a plugin run at one time.
type pool struct {
	program *program
	watch   *memoryWatch
	memory  int64         // bytes by which a call may make the process grow
	slots   chan struct{} // one for each VM that may run
	running sync.WaitGroup

	next    chan *run    // to goroutines that wait
	idle    atomic.Int32 // how many wait
	maxIdle int32
	closing chan struct{}

	stuck    atomic.Int32 // VMs that were abandoned and have not come back
	maxStuck int32
}

var (
	errBusy  = abi.Errorf(abi.Busy, "every VM was taken until the deadline")
	errStuck = abi.Errorf(abi.Busy, "too many VMs are stuck in a native call")
)

func newPool(p *program, w *memoryWatch, memory int64, size int) *pool {
	return &pool{
		program: p, watch: w, memory: memory, slots: make(chan struct{}, size),
		next: make(chan *run), maxIdle: int32(goruntime.GOMAXPROCS(0)), closing: make(chan struct{}), maxStuck: int32(size),
	}
}

// do runs a call on a VM of its own and returns the text that it returned. It
// returns soon after the deadline, whatever the script does.
func (p *pool) do(c *call, deadline time.Time) (string, error) {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	if p.stuck.Load() >= p.maxStuck {
		return "", errStuck
	}
	select {
	case p.slots <- struct{}{}:
	case <-timer.C:
		return "", errBusy
	case <-c.gone:
		return "", abi.ErrClientGone
	}
	defer func() { <-p.slots }()

	r := &run{pool: p, call: c, done: make(chan struct{})}
	r.machine = p.program.spares.take()
	r.machine.task.begin(c, deadline)
	p.start(r)
	select {
	case <-r.done:
		return r.text, r.err
	case <-timer.C:
		r.machine.stop(pastDeadline)
	case <-c.gone:
		r.machine.stop(clientGone)
	}
	timer.Reset(grace)
	select {
	case <-r.done:
		return r.text, r.err
	case <-timer.C:
		return r.abandon()
	}
}

// run is one call in progress. The VM's goroutine writes text and err before it
// closes done, and the caller reads them afterwards.
type run struct {
	pool    *pool
	call    *call
	machine *machine
	done    chan struct{}
	text    string
	err     error

	left atomic.Bool // set by the first of the two that leaves: VM or caller
}

// work runs the script.
func (r *run) work() {
	r.pool.watch.enter(r.machine, r.pool.memory)
	r.text, r.err = r.machine.run(r.script)
	r.pool.watch.leave(r.machine)
	r.pool.program.release(r.machine)
	if r.left.Swap(true) {
		r.pool.stuck.Add(-1)
	}
	close(r.done)
}

// abandon gives up on a VM that is stuck in one native call.
func (r *run) abandon() (string, error) {
	r.pool.stuck.Add(1)
	if r.left.Swap(true) {
		r.pool.stuck.Add(-1)
		<-r.done
		return r.text, r.err
	}
	// The task belongs to the VM's goroutine; the file's name never changes.
	return "", abi.Errorf(abi.Timeout, "%s: stuck in one native call at the deadline; its VM is abandoned", r.pool.program.files.name)
}

// start hands r to a waiting goroutine, or to a new one.
func (p *pool) start(r *run) {
	select {
	case p.next <- r:
	default:
		p.running.Go(func() { p.serve(r) })
	}
}

// serve works on one run after another, until the pool closes or enough other
// goroutines wait. A goroutine that is used again already has the stack that a
// script needs; a new one grows its stack six times.
func (p *pool) serve(r *run) {
	for {
		r.work()
		if p.idle.Add(1) > p.maxIdle {
			p.idle.Add(-1)
			return
		}
		select {
		case r = <-p.next:
			p.idle.Add(-1)
		case <-p.closing:
			return
		}
	}
}

// close ends the waiting goroutines. No call may begin after it.
func (p *pool) close() { close(p.closing) }

// spares keeps copies of a program ready, so that requests do not wait for
// them. Every copy is used once.
type spares struct {
	program *program
	ready   chan *machine
	closing chan struct{}
	running sync.WaitGroup // the goroutine that copies
}

func newSpares(p *program, size int) *spares {
	s := &spares{program: p, ready: make(chan *machine, size), closing: make(chan struct{})}
	s.running.Go(s.refill)
	return s
}

// refill copies the program ahead of the requests.
func (s *spares) refill() {
	for {
		m := s.program.copy()
		select {
		case s.ready <- m:
		case <-s.closing:
			s.program.release(m)
			return
		}
	}
}

// take returns a copy made ahead, or makes one.
func (s *spares) take() *machine {
	select {
	case m := <-s.ready:
		return m
	default:
		return s.program.copy()
	}
}

// close ends the copying and lets go of the copies.
func (s *spares) close() {
	close(s.closing)
	s.running.Wait()
	for {
		select {
		case m := <-s.ready:
			s.program.release(m)
		default:
			return
		}
	}
}
