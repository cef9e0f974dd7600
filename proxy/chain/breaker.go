package chain

import (
	"cmp"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// Defaults of a [BreakerConfig].
const (
	DefaultBreakerTimeouts = 5
	DefaultBreakerWindow   = 10 * time.Second
	DefaultBreakerPause    = time.Second
	DefaultBreakerMaxPause = 30 * time.Second
)

// BreakerState is what a breaker does with calls.
type BreakerState uint32

// States of a breaker. Their numbers are those of the metric.
const (
	BreakerClosed   BreakerState = iota // every call is made
	BreakerHalfOpen                     // one call at a time is made, to see whether it ends in time
	BreakerOpen                         // no call is made until the pause has passed
)

// String returns the state's name.
func (s BreakerState) String() string {
	switch s {
	case BreakerClosed:
		return "closed"
	case BreakerHalfOpen:
		return "half-open"
	}
	return "open"
}

// BreakerConfig says when a breaker opens and for how long. Zero values mean the
// defaults.
type BreakerConfig struct {
	// Timeouts is how many calls in a row must time out, and Window within what
	// time, for the breaker to open. A call that ends by itself in between
	// starts the count again.
	Timeouts int
	Window   time.Duration

	// Pause is how long no call is made after that. It doubles each time that
	// a probe times out, up to MaxPause.
	Pause    time.Duration
	MaxPause time.Duration

	// Changed is told of every change of the state, with the pause that begins
	// when it is open, on the goroutine of the call that changed it. It is called
	// by one goroutine at a time and must not call a plugin. It may be nil.
	Changed func(to BreakerState, pause time.Duration)
}

// Breaker keeps calls away from a plugin whose calls time out one after another:
// each of them holds a processor until its deadline, whereas an answer that does
// not call the plugin costs nothing. All steps of a plugin share one. Make it
// with [NewBreaker]. It is safe for concurrent use.
type Breaker struct {
	cfg BreakerConfig

	// state is read without the lock. It is a BreakerState, or counting.
	state atomic.Uint32

	mu      sync.Mutex  // protects the fields below, and writes to state
	times   []time.Time // of the last timeouts in a row, as a ring
	count   int         // timeouts in a row
	pause   time.Duration
	until   time.Time // end of the pause
	probing bool
}

// A breaker that is closed is quiet, so that an answer in time changes nothing,
// or it is counting timeouts.
const (
	quiet    = uint32(BreakerClosed)
	counting = uint32(BreakerOpen) + 1
)

// NewBreaker returns a breaker that is closed.
func NewBreaker(cfg BreakerConfig) *Breaker {
	cfg.Timeouts = cmp.Or(cfg.Timeouts, DefaultBreakerTimeouts)
	cfg.Window = cmp.Or(cfg.Window, DefaultBreakerWindow)
	cfg.Pause = cmp.Or(cfg.Pause, DefaultBreakerPause)
	cfg.MaxPause = max(cmp.Or(cfg.MaxPause, DefaultBreakerMaxPause), cfg.Pause)
	if cfg.Changed == nil {
		cfg.Changed = func(BreakerState, time.Duration) {}
	}
	return &Breaker{cfg: cfg, times: make([]time.Time, cfg.Timeouts)}
}

// State returns the state. It is open until a call finds that the pause has
// passed.
func (b *Breaker) State() BreakerState {
	if s := b.state.Load(); s != counting {
		return BreakerState(s)
	}
	return BreakerClosed
}

// errBreakerOpen is a value: refusing a call must cost nothing.
var errBreakerOpen = &abi.Error{Kind: abi.Unavailable, Err: errors.New("too many calls in a row have timed out")}

// permit tells the probe from other calls.
type permit bool

const (
	ordinary permit = false
	probe    permit = true
)

// admit permits a call, or refuses it.
func (b *Breaker) admit() (permit, error) {
	if s := b.state.Load(); s == quiet || s == counting {
		return ordinary, nil
	}
	return b.admitProbe(time.Now())
}

func (b *Breaker) admitProbe(now time.Time) (permit, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch b.State() {
	case BreakerClosed:
		return ordinary, nil
	case BreakerOpen:
		if now.Before(b.until) {
			return ordinary, errBreakerOpen
		}
		b.become(BreakerHalfOpen)
	case BreakerHalfOpen:
		if b.probing {
			return ordinary, errBreakerOpen
		}
	}
	b.probing = true
	return probe, nil
}

// outcome is what the end of a call says about whether the next will end in time.
type outcome uint8

const (
	ended  outcome = iota // by itself, whatever came out
	late                  // at its deadline
	untold                // nothing was run
)

func outcomeOf(err error) outcome {
	if err == nil {
		return ended
	}
	switch abi.KindOf(err) {
	case abi.Timeout:
		return late
	case abi.Busy, abi.Unavailable:
		return untold
	}
	return ended
}

// done is told how a permitted call has ended.
func (b *Breaker) done(p permit, err error) {
	o := outcomeOf(err)
	if o == untold && p == ordinary || o == ended && b.state.Load() == quiet {
		return
	}
	b.settle(p, o, time.Now())
}

func (b *Breaker) settle(p permit, o outcome, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case p == probe:
		b.probing = false
		b.probed(o, now)
	case b.State() != BreakerClosed: // the call began before the breaker opened
	case o == late:
		b.countTimeout(now)
	default:
		b.count = 0
		b.state.Store(quiet)
	}
}

// probed acts on the end of a probe. One of which nothing was run leaves it to
// the next.
func (b *Breaker) probed(o outcome, now time.Time) {
	switch o {
	case ended:
		b.count, b.pause = 0, 0
		b.become(BreakerClosed)
	case late:
		b.open(now)
	}
}

// countTimeout opens the breaker when the last timeouts in a row all lie within
// the window.
func (b *Breaker) countTimeout(now time.Time) {
	b.state.Store(counting)
	b.times[b.count%len(b.times)] = now
	b.count++
	if b.count < len(b.times) {
		return
	}
	if first := b.times[b.count%len(b.times)]; now.Sub(first) <= b.cfg.Window {
		b.open(now)
	}
}

// open begins a pause, twice as long as the one before.
func (b *Breaker) open(now time.Time) {
	b.pause = min(max(2*b.pause, b.cfg.Pause), b.cfg.MaxPause)
	b.until = now.Add(b.pause)
	b.become(BreakerOpen)
}

func (b *Breaker) become(s BreakerState) {
	b.state.Store(uint32(s))
	b.cfg.Changed(s, b.pause)
}
