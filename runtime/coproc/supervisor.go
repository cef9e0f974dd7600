package coproc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os/exec"
	"runtime"
	"time"
)

// supervise starts the process, and again whenever it dies, until ctx ends.
// It keeps its thread: the kernel kills the process when the thread that
// started it ends, and the Go runtime ends threads as it likes.
func (r *Runtime) supervise(ctx context.Context, first *firstStart, force <-chan struct{}, stopped chan<- struct{}) {
	runtime.LockOSThread() // and never unlocked: the thread ends with us
	defer close(stopped)
	p, err := r.startFirst(ctx)
	if err != nil {
		first.err = r.refusal(err)
		r.enter(idle, err)
		close(first.done)
		return
	}
	r.publish(p)
	r.shareProcess(ctx, p)
	close(first.done)
	b := backoff{cfg: r.cfg.Restart}
	for p != nil {
		select {
		case <-p.dead:
			p = r.restart(ctx, &b, r.retire(p), time.Since(p.born))
		case z := <-r.pauses:
			r.current.Store(nil)
			r.enter(waiting, errPaused)
			p.stop(force)
			p = r.revive(ctx, &b, z)
		case <-ctx.Done():
			r.current.Store(nil)
			p.stop(force)
			return
		}
	}
}

// startFirst starts the first process, once that of the predecessor has ended.
func (r *Runtime) startFirst(ctx context.Context) (*process, error) {
	if err := r.pausePredecessor(ctx); err != nil {
		return nil, err
	}
	p, err := r.start(ctx, false)
	if err != nil {
		r.resumePredecessor()
	}
	return p, err
}

// revive starts a process after a pause.
func (r *Runtime) revive(ctx context.Context, b *backoff, z *pause) *process {
	if !r.waitPaused(ctx, z) {
		return nil
	}
	p, err := r.start(ctx, false)
	if err == nil {
		r.publish(p)
		return p
	}
	if ctx.Err() != nil {
		return nil
	}
	return r.restart(ctx, b, err, 0)
}

// publish lets calls to the process.
func (r *Runtime) publish(p *process) {
	r.current.Store(p)
	r.enter(ready, nil)
}

// retire closes a dead process and returns why it died.
func (r *Runtime) retire(p *process) error {
	r.enter(waiting, errEnded)
	p.close()
	r.stats.deaths.Add(1)
	cause := p.exitReason()
	if p.cannotExecute() {
		cause = fmt.Errorf("%w: %w", errCannotExecute, cause)
	}
	r.cfg.Logger.Error().Err(cause).Str("process", r.cfg.Name).Str("command", r.cfg.command()).
		Dur("lived", time.Since(p.born)).Msg("plugin process died")
	return cause
}

// restart starts processes until one is ready. It returns nil if another
// start would fail for the same reason, or ctx has ended.
func (r *Runtime) restart(ctx context.Context, b *backoff, cause error, lived time.Duration) *process {
	for !final(cause) {
		wait, tripped := b.death(time.Now(), lived)
		r.enter(between(tripped), cause)
		if !r.sleep(ctx, wait) {
			return nil
		}
		r.enter(waiting, cause)
		p, err := r.start(ctx, tripped)
		if err == nil {
			r.publish(p)
			return p
		}
		if ctx.Err() != nil {
			return nil
		}
		r.stats.deaths.Add(1)
		r.cfg.Logger.Error().Err(err).Str("process", r.cfg.Name).Msg("plugin process does not start")
		cause, lived = err, 0
	}
	r.enter(failed, cause)
	r.cfg.Logger.Error().Err(cause).Str("process", r.cfg.Name).
		Msg("plugin process is not started again: its command or configuration must change")
	return nil
}

func between(tripped bool) state {
	if tripped {
		return open
	}
	return waiting
}

// errCannotExecute, errChanged and errVersion are reasons not to start the
// command again.
var (
	errCannotExecute = errors.New("program cannot be executed")
	errChanged       = errors.New("process declares other handlers than before")
)

func final(cause error) bool {
	return errors.Is(cause, errCannotExecute) || errors.Is(cause, errVersion) || errors.Is(cause, errChanged)
}

// sleep waits for d, or for the end of a pause that begins meanwhile. It reports
// false if ctx has ended.
func (r *Runtime) sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case z := <-r.pauses:
		return r.waitPaused(ctx, z)
	case <-ctx.Done():
		return false
	}
}

// start starts one process and prepares it for calls. With probe it must answer
// a ping as well.
func (r *Runtime) start(ctx context.Context, probe bool) (*process, error) {
	p, err := newProcess(&r.cfg, &r.stats)
	if err != nil {
		return nil, spawnError(err)
	}
	r.stats.starts.Add(1)
	ctx, cancel := context.WithTimeout(ctx, r.cfg.StartTimeout)
	defer cancel()
	// A pending call does not see the end of ctx, but it does see the process die.
	stopKill := context.AfterFunc(ctx, func() { p.kill(r.notReady()) })
	err = r.prepare(ctx, p, probe)
	if stopKill() && err == nil {
		p.wg.Go(p.health)
		return p, nil
	}
	if errors.Is(err, errTimeout) {
		err = r.notReady()
	}
	return nil, failedStart(p, err)
}

func (r *Runtime) notReady() error {
	return fmt.Errorf("process is not ready within %v", r.cfg.StartTimeout)
}

// spawnError tells a command that can never work from a system that cannot
// start one now.
func spawnError(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%w: %w", errCannotExecute, err)
	}
	return err
}

// failedStart ends a process that did not become ready and says why.
func failedStart(p *process, err error) error {
	if errors.Is(err, errGone) || errors.Is(err, errNotSent) {
		p.await(p.exited, drain, nil) // its own status and stderr say why
	} else {
		p.blame(err)
	}
	p.close()
	if p.cannotExecute() {
		return fmt.Errorf("%w: %w", errCannotExecute, p.exitReason())
	}
	return p.exitReason()
}

func (r *Runtime) prepare(ctx context.Context, p *process, probe bool) error {
	if err := p.handshake(ctx); err != nil {
		return err
	}
	if err := r.recognise(p); err != nil {
		return err
	}
	if err := r.loadAll(ctx, p); err != nil {
		return err
	}
	if probe && !p.ping() {
		return errPing
	}
	return nil
}

// backoff decides how long to wait before the next start.
type backoff struct {
	cfg    Restart
	wait   time.Duration
	deaths []time.Time // within the window
}

// death records the end of a process that lived for the given time and returns
// the wait before the next start. open reports that the breaker is open for it.
func (b *backoff) death(now time.Time, lived time.Duration) (wait time.Duration, open bool) {
	if lived >= b.cfg.Healthy {
		b.wait, b.deaths = 0, nil
	}
	b.deaths = append(b.deaths, now)
	for now.Sub(b.deaths[0]) > b.cfg.Window {
		b.deaths = b.deaths[1:]
	}
	b.wait = min(max(2*b.wait, b.cfg.Min), b.cfg.Max)
	if len(b.deaths) > b.cfg.Deaths {
		return b.cfg.Open, true
	}
	return jitter(b.wait), false
}

// jitter changes d by up to a fifth, so that many gateways do not start
// their processes in step.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}
