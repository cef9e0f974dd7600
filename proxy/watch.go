package proxy

import (
	"sync"
	"sync/atomic"
	"time"
)

// phase is what one direction of a connection is waiting for. Each phase may
// have a limit.
type phase uint64

const (
	phaseNone   phase = iota // nothing that has a limit
	phaseNew                 // the first byte of a new client connection
	phaseHeader              // the rest of a request head
	phaseBody                // the next bytes of a body
	phaseWrite               // the peer to take bytes
	phaseIdle                // the next request on a kept connection
	phaseReply               // the head of the upstream's reply
	phaseUpload              // the same, while the request is still being sent: no limit

	phaseCount = int(phaseUpload) + 1
	phaseShift = 56
)

// guard is one direction of a connection as the watch sees it: its phase and
// the tick at which it began, in one word. Setting it costs one atomic store:
// no clock is read and no runtime timer is touched.
type guard struct {
	state atomic.Uint64
	w     *watch
}

func (g *guard) set(p phase) { g.state.Store(uint64(p)<<phaseShift | g.w.tick.Load()) }

func (g *guard) phase() phase { return phase(g.state.Load() >> phaseShift) }

// swap sets the phase to to if it is from.
func (g *guard) swap(from, to phase) {
	if old := g.state.Load(); phase(old>>phaseShift) == from {
		g.state.CompareAndSwap(old, uint64(to)<<phaseShift|g.w.tick.Load())
	}
}

// late reports whether the phase has lasted longer than its limit, and if so
// leaves the phase, so that it is reported once and the owner of the
// connection cannot slip into the next phase unseen.
func (g *guard) late(now uint64) (phase, bool) {
	s := g.state.Load()
	p := phase(s >> phaseShift)
	limit := g.w.limits[p].Load()
	if limit == 0 || now-s&(1<<phaseShift-1) <= limit {
		return p, false
	}
	return p, g.state.CompareAndSwap(s, 0)
}

// watched is a connection under watch.
type watched interface {
	// directions returns the guards of reading and writing.
	directions() (in, out *guard)
	// expire ends the wait that has lasted too long. It must not block.
	expire(p phase)
}

// watch enforces time limits on connections. One goroutine looks at all of
// them a few times a second; it runs only while there are any.
type watch struct {
	period time.Duration
	tick   atomic.Uint64
	limits [phaseCount]atomic.Uint64 // in ticks; 0 means none
	done   sync.WaitGroup
	empty  chan struct{} // wakes the goroutine when the last one has gone

	mu      sync.Mutex // mu protects the fields below
	conns   map[watched]struct{}
	running bool
}

// Bounds of the time between two looks.
const (
	minPeriod = 5 * time.Millisecond
	maxPeriod = 500 * time.Millisecond
)

// newWatch returns a watch with a period that suits the shortest limit.
func newWatch(limits map[phase]time.Duration) *watch {
	w := &watch{
		period: maxPeriod,
		empty:  make(chan struct{}, 1),
		conns:  make(map[watched]struct{}),
	}
	for _, d := range limits {
		if d > 0 {
			w.period = min(w.period, max(d/8, minPeriod))
		}
	}
	for p, d := range limits {
		w.limit(p, d)
	}
	return w
}

// limit sets how long a phase may last; 0 or less is for ever.
func (w *watch) limit(p phase, d time.Duration) {
	if d <= 0 {
		w.limits[p].Store(0)
		return
	}
	w.limits[p].Store(uint64((d + w.period - 1) / w.period))
}

func (w *watch) add(c watched) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns[c] = struct{}{}
	if !w.running {
		w.running = true
		w.done.Go(w.run)
	}
}

func (w *watch) remove(c watched) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.conns, c)
	if len(w.conns) == 0 {
		select {
		case w.empty <- struct{}{}:
		default:
		}
	}
}

// all returns the connections under watch.
func (w *watch) all() []watched {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]watched, 0, len(w.conns))
	for c := range w.conns {
		list = append(list, c)
	}
	return list
}

// wait returns when the goroutine has ended: every connection is gone.
func (w *watch) wait() { w.done.Wait() }

func (w *watch) run() {
	t := time.NewTicker(w.period)
	defer t.Stop()
	var late []expiry
	for {
		select {
		case <-t.C:
			w.tick.Add(1)
		case <-w.empty:
		}
		var ok bool
		if late, ok = w.look(late[:0]); !ok {
			return
		}
		for i, e := range late {
			e.c.expire(e.p)
			late[i] = expiry{}
		}
	}
}

type expiry struct {
	c watched
	p phase
}

// look collects what is late. It reports false when there is nothing left to
// watch and the goroutine must end.
func (w *watch) look(late []expiry) ([]expiry, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.conns) == 0 {
		w.running = false
		return nil, false
	}
	now := w.tick.Load()
	for c := range w.conns {
		in, out := c.directions()
		if p, ok := in.late(now); ok {
			late = append(late, expiry{c, p})
		}
		if p, ok := out.late(now); ok {
			late = append(late, expiry{c, p})
		}
	}
	return late, true
}
