package coproc

import (
	"context"
	"errors"
	"sync"
)

// errPaused is why calls wait while a successor starts.
var errPaused = errors.New("process has made room for its successor")

// pause asks the supervisor to have no process for a while.
type pause struct {
	of   *Runtime
	done chan struct{} // closed once there is none
	over chan struct{} // closed to start one again
	end  sync.Once     // of closing over
}

// suspend lets calls in flight finish, ends the process and waits until it
// has ended. New calls wait for one, up to their deadlines. It returns nil if
// there is no supervisor to ask.
func (r *Runtime) suspend(ctx context.Context) (*pause, error) {
	r.mu.Lock()
	stopped, running := r.stopped, r.cancel != nil && r.state != closed
	r.mu.Unlock()
	if !running {
		return nil, nil
	}
	z := &pause{of: r, done: make(chan struct{}), over: make(chan struct{})}
	select {
	case r.pauses <- z:
	case <-stopped:
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case <-z.done:
	case <-stopped:
		return nil, nil
	}
	return z, nil
}

// lend lets the calls that wait, and those that still come, use the process of
// the successor, if that declares the same handlers.
func (z *pause) lend(ctx context.Context, p *process) {
	if z.of.recognise(p) != nil || z.of.loadAll(ctx, p) != nil {
		return
	}
	z.of.publish(p)
}

// takeBack ends that.
func (z *pause) takeBack() {
	z.of.enter(waiting, errPaused)
	z.of.current.Store(nil)
}

// resume ends a pause, which may have ended already.
func (z *pause) resume() { z.end.Do(func() { close(z.over) }) }

// rest has no process until the pause is over. It reports false if ctx ended
// first.
func (r *Runtime) rest(ctx context.Context, z *pause) bool {
	r.current.Store(nil)
	r.enter(waiting, errPaused)
	close(z.done)
	select {
	case <-z.over:
		return true
	case <-ctx.Done():
		return false
	}
}

// makeRoom ends the process of the predecessor, if there must not be two.
func (r *Runtime) makeRoom(ctx context.Context) error {
	if r.cfg.After == nil {
		return nil
	}
	z, err := r.cfg.After.suspend(ctx)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.before, r.cfg.After = z, nil
	return nil
}

// lend is for a process that has become ready.
func (r *Runtime) lend(ctx context.Context, p *process) {
	if z := r.predecessor(); z != nil {
		ctx, cancel := context.WithTimeout(ctx, r.cfg.StartTimeout)
		defer cancel()
		z.lend(ctx, p)
	}
}

// takeBack is for a process that is going to end.
func (r *Runtime) takeBack() {
	if z := r.predecessor(); z != nil {
		z.takeBack()
	}
}

// giveBack lets the predecessor have a process of its own again, if it is
// still there.
func (r *Runtime) giveBack() {
	if z := r.predecessor(); z != nil {
		z.resume()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.before = nil // or all that ever were would stay in memory
}

// predecessor returns who makes room for this runtime, if anybody.
func (r *Runtime) predecessor() *pause {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.before
}
