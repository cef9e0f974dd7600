package coproc

import (
	"context"
	"errors"
	"sync"
)

// errPaused is why calls wait while a successor starts.
var errPaused = errors.New("process has ended for its successor to start")

// pause asks the supervisor to run no process for a while.
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

// share lets the calls that wait, and those that still come, use the process
// of the successor, if that declares the same handlers.
func (z *pause) share(ctx context.Context, p *process) {
	if z.of.recognise(p) != nil || z.of.loadAll(ctx, p) != nil {
		return
	}
	z.of.publish(p)
}

// stopSharing makes calls wait again: the successor's process is going to end.
func (z *pause) stopSharing() {
	z.of.enter(waiting, errPaused)
	z.of.current.Store(nil)
}

// resume ends a pause, which may have ended already.
func (z *pause) resume() { z.end.Do(func() { close(z.over) }) }

// waitPaused has no process until the pause is over. It reports false if ctx ended
// first.
func (r *Runtime) waitPaused(ctx context.Context, z *pause) bool {
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

// pausePredecessor ends the process of the predecessor, if there must not be two.
func (r *Runtime) pausePredecessor(ctx context.Context) error {
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

// shareProcess lets the calls of the predecessor use a process that has become
// ready.
func (r *Runtime) shareProcess(ctx context.Context, p *process) {
	if z := r.predecessor(); z != nil {
		ctx, cancel := context.WithTimeout(ctx, r.cfg.StartTimeout)
		defer cancel()
		z.share(ctx, p)
	}
}

// stopSharing takes the process from the calls of the predecessor before it
// ends.
func (r *Runtime) stopSharing() {
	if z := r.predecessor(); z != nil {
		z.stopSharing()
	}
}

// resumePredecessor lets the predecessor, if it is still there, start a process
// of its own again.
func (r *Runtime) resumePredecessor() {
	if z := r.predecessor(); z != nil {
		z.resume()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.before = nil // otherwise all former runtimes would stay in memory
}

// predecessor returns the pause of the runtime that this one replaces, nil if
// there is none.
func (r *Runtime) predecessor() *pause {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.before
}
