package h1

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Phase is what one direction of a connection waits for. Each phase may have
// a limit.
type Phase uint64

// The phases.
const (
	PhaseNone   Phase = iota // nothing that has a limit
	PhaseNew                 // the first byte of a new client connection
	PhaseHead                // the rest of a request head
	PhaseBody                // the next bytes of a body
	PhaseWrite               // the peer to take bytes
	PhaseIdle                // the next request on a kept connection
	PhaseReply               // the head of the upstream's reply
	PhaseUpload              // the same, while the request is still being sent: no limit
	PhaseTunnel              // a tunnel's bytes, in silence for as long as it likes

	phaseCount = int(PhaseTunnel) + 1
	phaseShift = 56
)

// PhaseTimer is the phase of one direction of a connection and the tick at
// which it began, in one word. Entering a phase costs one atomic store: no
// clock is read and no runtime timer is touched.
type PhaseTimer struct {
	state     atomic.Uint64
	deadlines *Deadlines
}

// Init sets the first phase and whose limits count.
func (t *PhaseTimer) Init(d *Deadlines, p Phase) {
	t.deadlines = d
	t.Enter(p)
}

// Enter begins a phase.
func (t *PhaseTimer) Enter(p Phase) { t.state.Store(uint64(p)<<phaseShift | t.deadlines.tick.Load()) }

// Phase returns the current phase.
func (t *PhaseTimer) Phase() Phase { return Phase(t.state.Load() >> phaseShift) }

// Change begins the phase to if the current one is from.
func (t *PhaseTimer) Change(from, to Phase) {
	if old := t.state.Load(); Phase(old>>phaseShift) == from {
		t.state.CompareAndSwap(old, uint64(to)<<phaseShift|t.deadlines.tick.Load())
	}
}

// Write writes p to the connection in pieces, each of which the peer must take
// within the limit of PhaseWrite.
func (t *PhaseTimer) Write(to net.Conn, p []byte) (n int, err error) {
	defer t.Enter(PhaseNone)
	for {
		t.Enter(PhaseWrite)
		m, err := to.Write(p[n:min(n+maxWrite, len(p))])
		n += m
		if err != nil || n == len(p) {
			return n, err
		}
	}
}

// expired reports whether the phase has lasted longer than its limit. If so,
// it leaves the phase: the expiry is reported once, and the owner of the
// connection cannot begin the next phase unnoticed.
func (t *PhaseTimer) expired(now uint64) (Phase, bool) {
	s := t.state.Load()
	p := Phase(s >> phaseShift)
	limit := t.deadlines.limits[p].Load()
	if limit == 0 || now-s&(1<<phaseShift-1) <= limit {
		return p, false
	}
	return p, t.state.CompareAndSwap(s, 0)
}

// rests reports whether nothing has been waited for since the last look.
func (t *PhaseTimer) rests(now uint64) bool {
	s := t.state.Load()
	return Phase(s>>phaseShift) == PhaseNone && now > s&(1<<phaseShift-1)
}

// TimedConn is a connection with limits on its phases.
type TimedConn interface {
	// Timers returns the phases of reading and of writing.
	Timers() (in, out *PhaseTimer)
	// Expire ends the wait that has lasted too long. It must not block.
	Expire(p Phase)
}

// WatchedConn is a connection that others wait for while it rests itself.
type WatchedConn interface {
	TimedConn
	// CheckPeer is called a few times a second while neither direction waits
	// for the peer. It must not block.
	CheckPeer()
}

// Deadlines enforces the time limits of connections. One goroutine looks at
// all of them a few times a second; it runs only while there are any.
type Deadlines struct {
	period time.Duration
	tick   atomic.Uint64
	limits [phaseCount]atomic.Uint64 // in ticks; 0 means none
	done   sync.WaitGroup
	empty  chan struct{} // wakes the goroutine when the last connection has gone

	mu      sync.Mutex // mu protects the fields below
	conns   map[TimedConn]struct{}
	running bool
}

// Bounds of the time between two looks.
const (
	minPeriod = 5 * time.Millisecond
	maxPeriod = 500 * time.Millisecond
)

// NewDeadlines returns deadlines with a period that suits the shortest limit.
func NewDeadlines(limits map[Phase]time.Duration) *Deadlines {
	d := &Deadlines{
		period: maxPeriod,
		empty:  make(chan struct{}, 1),
		conns:  make(map[TimedConn]struct{}),
	}
	for _, limit := range limits {
		if limit > 0 {
			d.period = min(d.period, max(limit/8, minPeriod))
		}
	}
	for p, limit := range limits {
		d.Limit(p, limit)
	}
	return d
}

// Limit sets how long a phase may last; 0 or less means without limit.
func (d *Deadlines) Limit(p Phase, limit time.Duration) {
	if limit <= 0 {
		d.limits[p].Store(0)
		return
	}
	d.limits[p].Store(uint64((limit + d.period - 1) / d.period))
}

// Now returns a coarse time since the deadlines were made. Reading it costs
// nothing, and differences are right on average.
func (d *Deadlines) Now() time.Duration { return time.Duration(d.tick.Load()) * d.period }

// Add begins to watch a connection.
func (d *Deadlines) Add(c TimedConn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.conns[c] = struct{}{}
	if !d.running {
		d.running = true
		d.done.Go(d.run)
	}
}

// Remove stops watching a connection.
func (d *Deadlines) Remove(c TimedConn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.conns, c)
	if len(d.conns) == 0 {
		select {
		case d.empty <- struct{}{}:
		default:
		}
	}
}

// All returns the connections.
func (d *Deadlines) All() []TimedConn {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := make([]TimedConn, 0, len(d.conns))
	for c := range d.conns {
		list = append(list, c)
	}
	return list
}

// Wait returns when the goroutine has ended: every connection is gone.
func (d *Deadlines) Wait() { d.done.Wait() }

func (d *Deadlines) run() {
	t := time.NewTicker(d.period)
	defer t.Stop()
	var due []expiry
	var resting []WatchedConn
	for {
		select {
		case <-t.C:
			d.tick.Add(1)
		case <-d.empty:
		}
		var ok bool
		if due, ok = d.collect(due[:0]); !ok {
			return
		}
		resting = d.resting(resting[:0])
		for i, c := range resting {
			c.CheckPeer()
			resting[i] = nil
		}
		for i, e := range due {
			e.conn.Expire(e.phase)
			due[i] = expiry{}
		}
	}
}

// resting appends the connections that rest and are watched meanwhile.
func (d *Deadlines) resting(list []WatchedConn) []WatchedConn {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.tick.Load()
	for c := range d.conns {
		w, ok := c.(WatchedConn)
		if !ok {
			break // all of them are of one kind
		}
		if in, out := c.Timers(); in.rests(now) && out.rests(now) {
			list = append(list, w)
		}
	}
	return list
}

type expiry struct {
	conn  TimedConn
	phase Phase
}

// collect appends what has expired. It reports false when no connection is
// left and the goroutine must end.
func (d *Deadlines) collect(due []expiry) ([]expiry, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.conns) == 0 {
		d.running = false
		return nil, false
	}
	now := d.tick.Load()
	for c := range d.conns {
		in, out := c.Timers()
		if p, ok := in.expired(now); ok {
			due = append(due, expiry{c, p})
		}
		if p, ok := out.expired(now); ok {
			due = append(due, expiry{c, p})
		}
	}
	return due, true
}
