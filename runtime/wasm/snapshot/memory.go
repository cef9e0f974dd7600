package snapshot

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

const (
	// PageSize is the unit of growth of a linear memory, in bytes.
	PageSize = 64 << 10
	// MaxLimit is the largest limit a memory may have, in bytes. It keeps
	// YieldPages above every size that a guest can reach.
	MaxLimit = 1 << 30
	// YieldPages is by how many pages an instrumented guest asks to grow when
	// it only wants to yield to the host. No memory can grow that much.
	YieldPages = 32768
)

var (
	errClosed = errors.New("the module of this memory is closed")
	errSize   = errors.New("the engine did not take over the size of the memory")
)

// LinearMemory is the linear memory of one instance: an address range of the
// plugin's limit, reserved once, whose start is the memory the guest sees. Its
// base never moves, so views of it stay valid while it grows, and it lies
// outside the Go heap. Without [Capabilities.Reserve] it is an ordinary slice,
// whose base moves when it grows.
//
// A LinearMemory serves one instance, made with [LinearMemory.Instantiate], and belongs to
// the goroutine that runs it. Only [LinearMemory.Free], [LinearMemory.Reserved] and
// [LinearMemory.Private] may be called from others.
type LinearMemory struct {
	caps   Capabilities
	limit  uint64
	yield  func()
	module api.Module // nil before Instantiate

	buf       []byte // the reservation, or a heap array with room to spare
	size      uint64 // what the guest sees
	committed uint64 // writable part of the reservation
	allocated bool   // the engine took it: the module has a memory
	started   bool   // the first allocation is over
	refused   bool
	resizing  bool // answer the next Reallocate with target
	target    uint64

	freed    atomic.Bool
	reserved atomic.Uint64
	private  atomic.Uint64
}

var _ experimental.LinearMemory = (*LinearMemory)(nil)

// NewMemory reserves a memory that can grow to limit bytes, rounded down to
// whole pages. It fails above [MaxLimit] and when the system has no address
// space left. [LinearMemory.Unmap] gives it back.
func NewMemory(caps Capabilities, limit uint64) (*LinearMemory, error) {
	if limit > MaxLimit {
		return nil, fmt.Errorf("memory limit of %d bytes is above the maximum of %d", limit, MaxLimit)
	}
	m := &LinearMemory{caps: caps, limit: limit / PageSize * PageSize, buf: []byte{}}
	if !caps.Reserve || m.limit == 0 {
		m.caps.Reserve = false // an empty reservation does not exist
		return m, nil
	}
	buf, err := reserve(m.limit, caps.CommitOnGrow)
	if err != nil {
		return nil, fmt.Errorf("reserve %d bytes of memory: %w", m.limit, err)
	}
	m.buf = buf
	m.reserved.Store(m.limit)
	if !caps.CommitOnGrow {
		m.committed = m.limit
	}
	return m, nil
}

// SetYield sets what an instrumented guest calls on its own goroutine when it
// yields: a request to grow by exactly [YieldPages]. The function may look at
// the clock and set the guest's stop flag; it must not call the guest. nil
// means nothing.
func (m *LinearMemory) SetYield(f func()) { m.yield = f }

// Size returns the bytes that the guest sees.
func (m *LinearMemory) Size() uint64 { return m.size }

// Limit returns the bytes up to which the guest may grow.
func (m *LinearMemory) Limit() uint64 { return m.limit }

// Reserved returns the bytes of address space, or of heap, that the memory
// holds. It is safe for concurrent use.
func (m *LinearMemory) Reserved() uint64 { return m.reserved.Load() }

// Private returns an estimate of the bytes that are resident for this memory
// alone: exact for its image after a restore, and since then an upper bound of
// the growth only. It is safe for concurrent use.
func (m *LinearMemory) Private() uint64 { return m.private.Load() }

// Refused reports whether the guest was denied growth since the last restore
// or [LinearMemory.ClearRefused].
func (m *LinearMemory) Refused() bool { return m.refused }

// ClearRefused forgets a denied growth. Owners that do not restore call it
// before each call.
func (m *LinearMemory) ClearRefused() { m.refused = false }

// Reallocate implements [experimental.LinearMemory]; the engine calls it. It
// returns the memory with a length of size bytes, or nil beyond the limit.
func (m *LinearMemory) Reallocate(size uint64) []byte {
	first := !m.started
	m.started = true
	switch {
	case m.resizing:
		m.resizing = false
		return m.resized()
	case size <= m.limit:
		return m.grow(size)
	case first:
		panic(limitError{want: size, limit: m.limit}) // recovered by Instantiate
	case size == m.size+YieldPages*PageSize:
		if m.yield != nil {
			m.yield()
		}
		return nil
	}
	m.refused = true
	return nil
}

// resized returns the slice of the image's size.
func (m *LinearMemory) resized() []byte {
	if m.target > m.size {
		return m.grow(m.target)
	}
	m.size = m.target
	return m.view()
}

func (m *LinearMemory) grow(size uint64) []byte {
	if size < m.size || !m.ensure(size) {
		m.refused = true
		return nil
	}
	m.private.Add(size - m.size)
	m.size = size
	return m.view()
}

// ensure makes the first size bytes usable. What was not used before is zero.
func (m *LinearMemory) ensure(size uint64) bool {
	if !m.caps.Reserve {
		m.move(size)
		return true
	}
	if size <= m.committed {
		return true
	}
	if err := commit(m.buf[m.committed:size]); err != nil {
		return false // the system's commit limit: the guest sees -1
	}
	m.committed = size
	return true
}

// move makes room on the heap, and for a memory that has grown some more.
func (m *LinearMemory) move(size uint64) {
	if size <= uint64(cap(m.buf)) {
		m.buf = m.buf[:cap(m.buf)]
		return
	}
	room := size
	if m.size > 0 {
		room = min(size+size/2, m.limit)
	}
	buf := make([]byte, room)
	copy(buf, m.buf[:m.size])
	m.buf = buf
	m.reserved.Store(room)
}

// view returns the memory as the guest sees it. It is never nil.
func (m *LinearMemory) view() []byte { return m.buf[:m.size:m.size] }

// Free implements [experimental.LinearMemory]. The engine calls it while it
// closes the module, even if a call is still running; so it only takes note.
func (m *LinearMemory) Free() { m.freed.Store(true) }

// resize gives the memory n bytes through the engine. A part that is given up
// is zero afterwards. The engine knows no shrinking: it is asked to grow by
// one page, and Reallocate answers with n bytes whatever it is asked for.
func (m *LinearMemory) resize(n uint64) error {
	if n == m.size {
		return nil
	}
	if n < m.size {
		m.zero(n, m.size)
	}
	m.resizing, m.target = true, n
	_, ok := m.module.Memory().Grow(1)
	if !ok || m.resizing || m.size != n {
		m.resizing = false
		return errSize
	}
	return nil
}

// zero clears a part of the memory that no image covers. Dropping is cheaper
// than writing and gives the pages back; a locked memory cannot be dropped.
func (m *LinearMemory) zero(from, to uint64) {
	if m.caps.Reserve && discard(m.buf[from:to]) == nil {
		return
	}
	clear(m.buf[from:to])
}

// Unmap gives the address range back. The module must be closed and no call
// running: every view of the memory becomes invalid. Unmap of a memory whose
// module is open does nothing and returns an error; a second Unmap does
// nothing.
func (m *LinearMemory) Unmap() error {
	if m.module != nil && m.allocated && !m.freed.Load() {
		return errors.New("unmap memory: its module is open")
	}
	buf := m.buf
	m.freed.Store(true)
	m.buf, m.size = []byte{}, 0
	m.reserved.Store(0)
	m.private.Store(0)
	if !m.caps.Reserve || len(buf) == 0 {
		return nil
	}
	if err := release(buf); err != nil {
		return fmt.Errorf("unmap memory: %w", err)
	}
	return nil
}
