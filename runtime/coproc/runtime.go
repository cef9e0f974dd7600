package coproc

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/telemetry"
)

var _ abi.Runtime = (*Runtime)(nil)

// Runtime supervises one external process and the plugins that run in it. Its
// methods may be called by many goroutines.
type Runtime struct {
	cfg     Config
	stats   stats
	current atomic.Pointer[process] // nil or dead while there is none
	pauses  chan *pause             // to the supervisor

	// mu protects the fields below.
	mu       sync.Mutex
	state    state
	cause    error         // why there is no process
	changed  chan struct{} // closed and replaced when state changes
	first    *firstStart
	cancel   context.CancelFunc // ends the supervisor
	force    chan struct{}      // closed to kill the process at once
	stopped  chan struct{}      // closed when it has ended
	before   *pause             // of the predecessor, which resumes when this runtime ends
	plugins  map[*plugin]struct{}
	reporter *plugin // the one plugin that reports the metrics of the process
}

// state says whether there is a process.
type state uint8

const (
	idle     state = iota // never started, or the first start failed
	starting              // the first start
	ready
	waiting // between two processes
	open    // the breaker is open
	failed  // another start would fail for the same reason
	closed
)

func (s state) String() string {
	return [...]string{"idle", "starting", "ready", "waiting", "open", "failed", "closed"}[s]
}

// firstStart is the first start, which several callers of Start may wait for.
type firstStart struct {
	done chan struct{}
	err  error // set before done is closed
}

// New returns a runtime for the process that c describes. It does not start
// it: the first Load, or Start, does.
func New(c Config) *Runtime {
	return &Runtime{
		cfg:     c.withDefaults(),
		stats:   stats{metrics: telemetry.Registry{Max: maxMetrics}},
		changed: make(chan struct{}),
		pauses:  make(chan *pause),
		plugins: make(map[*plugin]struct{}),
	}
}

// Start starts the process and waits until it is ready. It does nothing if it
// has been started. The error is of kind Refused; it names the command and
// the last lines of its stderr. When ctx ends first the start goes on.
func (r *Runtime) Start(ctx context.Context) error {
	first, err := r.launch()
	if err != nil {
		return err
	}
	select {
	case <-first.done:
		return first.err
	case <-ctx.Done():
		return abi.Errorf(abi.Unavailable, "start of plugin process %q: %w", r.cfg.command(), ctx.Err())
	}
}

// launch starts the supervisor if there is none.
func (r *Runtime) launch() (*firstStart, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch r.state {
	case idle:
	case closed:
		return nil, errRuntimeClosed
	default:
		return r.first, nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.state, r.cancel = starting, cancel
	r.first = &firstStart{done: make(chan struct{})}
	r.force, r.stopped = make(chan struct{}), make(chan struct{})
	go r.supervise(ctx, r.first, r.force, r.stopped)
	return r.first, nil
}

var errRuntimeClosed = &abi.Error{Kind: abi.Unavailable, Err: errors.New("plugin process is shut down")}

// Close ends the process: it asks it to finish, closes its stdin, then
// terminates and at last kills its group. When ctx ends it is killed at once.
// Close returns when nothing of it is left.
func (r *Runtime) Close(ctx context.Context) error {
	r.stopSharing()
	defer r.resumePredecessor()
	r.mu.Lock()
	cancel, force, stopped := r.cancel, r.force, r.stopped
	first := r.state != closed
	r.turn(closed, nil)
	r.mu.Unlock()
	if cancel == nil {
		return nil
	}
	cancel()
	select {
	case <-stopped:
		return nil
	case <-ctx.Done():
	}
	if first {
		close(force)
	}
	<-stopped
	return nil
}

// enter changes the state and wakes those who wait for it.
func (r *Runtime) enter(s state, cause error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn(s, cause)
}

// turn is enter with mu held. Closed is final.
func (r *Runtime) turn(s state, cause error) {
	if r.state == closed {
		return
	}
	r.state, r.cause = s, cause
	close(r.changed)
	r.changed = make(chan struct{})
}

// process returns the living process, but not the one that is leaving, if
// any. While it is being restarted it waits for it until the deadline.
func (r *Runtime) process(deadline time.Time, leaving *process) (*process, error) {
	if p := r.alive(leaving); p != nil {
		return p, nil
	}
	return r.await(deadline, leaving)
}

func (r *Runtime) alive(leaving *process) *process {
	if p := r.current.Load(); p != nil && p != leaving && !p.ending.Load() {
		return p
	}
	return nil
}

func (r *Runtime) await(deadline time.Time, leaving *process) (*process, error) {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	for {
		r.mu.Lock()
		s, cause, changed := r.state, r.cause, r.changed
		r.mu.Unlock()
		if p := r.alive(leaving); p != nil {
			return p, nil
		}
		if s != ready && s != waiting && s != starting {
			return nil, unavailable(s, cause)
		}
		select {
		case <-changed:
		case <-timer.C:
			return nil, unavailable(s, cause)
		}
	}
}

func unavailable(s state, cause error) error {
	if cause == nil {
		return abi.Errorf(abi.Unavailable, "plugin process is not there (%v)", s)
	}
	return abi.Errorf(abi.Unavailable, "plugin process is not there (%v): %w", s, cause)
}
