package coproc

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/c386954a/sallyport/runtime/coproc/rpc"
)

// States of a slot. Whoever moves a slot out of waiting owns its answer:
// done is set by the reader, abandoned by a caller that stops waiting. One
// compare-and-swap decides, so that an answer never reaches a request that has
// gone on.
const (
	slotFree uint64 = iota
	slotWaiting
	slotDone
	slotAbandoned

	stateBits = 2
)

// slot holds one pending call. word holds its id and state.
type slot struct {
	word  atomic.Uint64
	stale atomic.Int64  // when an abandoned call counts as stuck, in Unix nanoseconds
	done  chan struct{} // capacity 1; signalled once by the reader after in is set
	timer *time.Timer   // of the caller

	out    []byte // of the caller: the frame to send
	in     []byte // of the reader until the slot is done, then of the caller
	parser rpc.Parser
}

func (s *slot) begin(id uint64) { s.word.Store(id<<stateBits | slotWaiting) }

// move changes the state of call id and reports whether it was in from.
func (s *slot) move(id, from, to uint64) bool {
	return s.word.CompareAndSwap(id<<stateBits|from, id<<stateBits|to)
}

// trim drops buffers that a large message has made large.
func (s *slot) trim() {
	if cap(s.out) > keepSlot {
		s.out = nil
	}
	if cap(s.in) > keepSlot {
		s.in = nil
	}
}

const keepSlot = 64 << 10

// callTable holds the slots of one process. Dispatches and control requests have
// slots of their own, so that a full window does not hold up a ping.
type callTable struct {
	slots     []slot
	window    chan struct{} // one token for each free slot for dispatches
	control   chan int      // free slots for control requests
	seq       atomic.Uint64
	abandoned atomic.Int64
	size      int // of the window

	// mu protects the fields below.
	mu     sync.Mutex
	free   []int // of the window; the last one freed is used first, while its buffers are in the cache
	parked int   // tokens taken out of the window to make it smaller
	debt   int   // tokens to be taken out as soon as they are free
}

func newTable(maxInFlight int) *callTable {
	t := &callTable{
		slots:   make([]slot, maxInFlight+controlSlots),
		window:  make(chan struct{}, maxInFlight),
		free:    make([]int, 0, maxInFlight),
		control: make(chan int, controlSlots),
	}
	for i := range t.slots {
		t.slots[i].done = make(chan struct{}, 1)
		t.slots[i].timer = time.NewTimer(time.Hour)
		t.slots[i].timer.Stop()
	}
	for i := range controlSlots {
		t.control <- maxInFlight + i
	}
	return t
}

// open lets n dispatches at a time in.
func (t *callTable) open(n int) {
	t.size = min(n, cap(t.window))
	for i := range t.size {
		t.push(t.size - 1 - i)
	}
}

func (t *callTable) push(i int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free = append(t.free, i)
	if t.debt > 0 {
		t.debt--
		t.parked++
		return
	}
	t.window <- struct{}{} // never waits: it has the capacity for every token
}

// pop returns a free slot. Who calls it has taken a token of the window.
func (t *callTable) pop() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := len(t.free) - 1
	i := t.free[last]
	t.free = t.free[:last]
	return i
}

// taken returns how many slots of the window are taken, and how many it has
// at present.
func (t *callTable) taken() (n, of int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.size - t.parked - len(t.window), t.width()
}

// id returns an id for slot i that no other call of this process has.
func (t *callTable) id(i int) uint64 { return t.seq.Add(1)<<slotBits | uint64(i) }

// release frees slot i. Only its owner may call it.
func (t *callTable) release(i int) {
	s := &t.slots[i]
	s.trim()
	s.word.Store(slotFree)
	if i < cap(t.window) {
		t.push(i)
		return
	}
	t.control <- i
}

// delivery says what became of an answer.
type delivery uint8

const (
	delivered delivery = iota
	late               // its caller has stopped waiting
	unknown            // no such call, or answered before
)

// deliver hands an answer to the caller that waits for it. Only the reader
// calls it.
func (t *callTable) deliver(id uint64, frame []byte) delivery {
	i := int(id & (maxSlots - 1))
	if i >= len(t.slots) {
		return unknown
	}
	s := &t.slots[i]
	switch s.word.Load() {
	case id<<stateBits | slotWaiting:
		// Until the state changes only a caller that gives up touches the
		// slot, and it leaves in alone.
		s.in = append(s.in[:0], frame...)
		if s.move(id, slotWaiting, slotDone) {
			s.done <- struct{}{}
			return delivered
		}
	case id<<stateBits | slotAbandoned:
	default:
		return unknown
	}
	t.abandoned.Add(-1)
	t.release(i)
	return late
}

// abandon notes that nobody waits for call id any more; from the given time on
// it counts as stuck. It reports false if the answer has come first.
func (t *callTable) abandon(i int, id uint64, stale time.Time) bool {
	s := &t.slots[i]
	s.stale.Store(stale.UnixNano())
	if !s.move(id, slotWaiting, slotAbandoned) {
		return false
	}
	t.abandoned.Add(1)
	return true
}

// stuck reports whether the process no longer answers what it was asked: more
// than a quarter of the window is abandoned, or one call has been for too long.
func (t *callTable) stuck(now time.Time) bool {
	n := t.abandoned.Load()
	if n == 0 {
		return false
	}
	if n > 1 && 4*n > int64(t.size) {
		return true
	}
	for i := range t.slots {
		s := &t.slots[i]
		if s.word.Load()&(1<<stateBits-1) == slotAbandoned && s.stale.Load() < now.UnixNano() {
			return true
		}
	}
	return false
}

// resize lets n dispatches at a time in, at least one and at most what both
// sides agreed on. Calls in flight beyond a smaller window go on.
func (t *callTable) resize(n int) {
	n = min(max(n, 1), t.size)
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.width() < n {
		t.widen()
	}
	for t.width() > n {
		t.narrow()
	}
}

// adjust makes the window a quarter smaller, or one larger.
func (t *callTable) adjust(smaller bool) {
	t.mu.Lock()
	n := t.width()
	t.mu.Unlock()
	if smaller {
		t.resize(n - max(n/4, 1))
		return
	}
	if n < t.size {
		t.resize(n + 1)
	}
}

// width returns the size the window has at present. mu is held.
func (t *callTable) width() int { return t.size - t.parked - t.debt }

func (t *callTable) widen() {
	if t.debt > 0 {
		t.debt--
		return
	}
	t.parked--
	t.window <- struct{}{}
}

func (t *callTable) narrow() {
	select {
	case <-t.window:
		t.parked++
	default:
		t.debt++
	}
}
