package h1

import (
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// BodyBudget is the memory that the buffered bodies of all requests and
// replies may take together. The zero value has no limit.
type BodyBudget struct {
	limit atomic.Int64 // bytes; 0 means none
	used  atomic.Int64
	peak  atomic.Int64 // the most since memory was last returned to the system

	returning atomic.Bool // memory is about to be returned
}

// Limit sets how many bytes bodies may take; 0 or less means without limit.
func (b *BodyBudget) Limit(n int64) { b.limit.Store(max(n, 0)) }

// Used returns how many bytes bodies take now.
func (b *BodyBudget) Used() int64 { return b.used.Load() }

// take reports false, and takes nothing, if n more bytes exceed the limit.
func (b *BodyBudget) take(n int64) bool {
	used := b.used.Add(n)
	if limit := b.limit.Load(); limit > 0 && used > limit {
		b.used.Add(-n)
		return false
	}
	if peak := b.peak.Load(); used > peak {
		b.peak.CompareAndSwap(peak, used) // if another request wins, its figure is as good
	}
	return true
}

// Memory goes back to the system once bodies took at least returnFrom and take
// a quarter of their peak now, returnDelay later.
const (
	returnFrom  = 16 << 20
	returnDelay = time.Second
)

// give returns n bytes. The collector runs by itself only when as much again
// has been allocated, which after a flood of bodies may never happen. It is
// therefore started once the flood is over.
func (b *BodyBudget) give(n int64) {
	used, peak := b.used.Add(-n), b.peak.Load()
	if peak >= returnFrom && used <= peak/4 && b.returning.CompareAndSwap(false, true) {
		time.AfterFunc(returnDelay, b.returnMemory)
	}
}

// returnMemory collects twice, since a [sync.Pool] keeps what it has for one
// more collection.
func (b *BodyBudget) returnMemory() {
	b.peak.Store(b.used.Load())
	runtime.GC()
	debug.FreeOSMemory()
	b.returning.Store(false)
}

// Sizes of the parts of a [BodyBuffer].
const (
	bodyFirst = 4 << 10
	bodyChunk = 64 << 10
)

var bodyChunks = sync.Pool{New: func() any { return new([bodyChunk]byte) }}

// errBodies ends a request whose body has no place in memory.
var errBodies = &StatusError{Status: 503, Text: "too many bodies in memory", RetryAfter: 1}

// BodyBuffer collects a body as its bytes arrive and takes memory for what has
// arrived only: a buffer that doubles up to bodyChunk, and then one chunk after
// the other. The zero value is empty and counts nowhere.
type BodyBuffer struct {
	Budget *BodyBudget // may be nil

	small  []byte // the first bytes, kept between requests
	chunks []*[bodyChunk]byte
	filled int    // bytes of the last chunk
	whole  []byte // all of it, once chunks have been joined
	held   int64  // bytes taken from the budget
}

// Len returns the number of bytes in the buffer.
func (b *BodyBuffer) Len() int {
	switch {
	case b.whole != nil:
		return len(b.whole)
	case len(b.chunks) == 0:
		return len(b.small)
	}
	return len(b.small) + (len(b.chunks)-1)*bodyChunk + b.filled
}

// Space returns memory for the next bytes, of which there is at least one.
// [BodyBuffer.Fill] says how many were put there.
func (b *BodyBuffer) Space() ([]byte, error) {
	switch {
	case len(b.chunks) > 0 && b.filled < bodyChunk:
		return b.chunks[len(b.chunks)-1][b.filled:], nil
	case len(b.chunks) == 0 && (len(b.small) < cap(b.small) || cap(b.small) < bodyChunk):
		return b.smallSpace()
	}
	if err := b.take(bodyChunk); err != nil {
		return nil, err
	}
	chunk, _ := bodyChunks.Get().(*[bodyChunk]byte)
	b.chunks, b.filled = append(b.chunks, chunk), 0
	return chunk[:], nil
}

// smallSpace takes memory for the first bytes. What an earlier body has left
// counts too.
func (b *BodyBuffer) smallSpace() ([]byte, error) {
	if b.held == 0 && cap(b.small) > 0 {
		if err := b.take(int64(cap(b.small))); err != nil {
			return nil, err
		}
	}
	if n := len(b.small); n == cap(b.small) {
		size := max(2*n, bodyFirst)
		if err := b.take(int64(size - n)); err != nil {
			return nil, err
		}
		b.small = append(make([]byte, 0, size), b.small...)
	}
	return b.small[len(b.small):cap(b.small)], nil
}

// Fill says that n bytes of the last [BodyBuffer.Space] are part of the body.
func (b *BodyBuffer) Fill(n int) {
	if len(b.chunks) > 0 {
		b.filled += n
		return
	}
	b.small = b.small[:len(b.small)+n]
}

// Append adds p to the body.
func (b *BodyBuffer) Append(p []byte) error {
	for len(p) > 0 {
		space, err := b.Space()
		if err != nil {
			return err
		}
		n := copy(space, p)
		b.Fill(n)
		p = p[n:]
	}
	return nil
}

// Bytes returns the whole body, to which nothing can be added any more. It is
// valid until [BodyBuffer.Release].
func (b *BodyBuffer) Bytes() ([]byte, error) {
	if len(b.chunks) == 0 {
		if b.whole != nil {
			return b.whole, nil
		}
		return b.small, nil
	}
	size := b.Len()
	if err := b.take(int64(size)); err != nil {
		return nil, err
	}
	b.whole = append(make([]byte, 0, size), b.small...)
	for i, chunk := range b.chunks {
		n := bodyChunk
		if i == len(b.chunks)-1 {
			n = b.filled
		}
		b.whole = append(b.whole, chunk[:n]...)
	}
	b.dropChunks()
	return b.whole, nil
}

// Release empties the buffer and gives its memory back, except for a small
// part that is kept for the next body.
func (b *BodyBuffer) Release() {
	b.dropChunks()
	b.small, b.whole = b.small[:0], nil
	b.give(b.held)
}

func (b *BodyBuffer) dropChunks() {
	for i, chunk := range b.chunks {
		bodyChunks.Put(chunk)
		b.chunks[i] = nil
	}
	b.give(int64(len(b.chunks)) * bodyChunk)
	b.chunks, b.filled = b.chunks[:0], 0
	if cap(b.chunks) > 64 {
		b.chunks = nil
	}
}

func (b *BodyBuffer) take(n int64) error {
	if b.Budget == nil {
		return nil
	}
	if !b.Budget.take(n) {
		return errBodies
	}
	b.held += n
	return nil
}

func (b *BodyBuffer) give(n int64) {
	if b.Budget == nil || n == 0 {
		return
	}
	b.held -= n
	b.Budget.give(n)
}
