package wasm

import (
	"context"

	"github.com/tetratelabs/wazero/experimental"
)

// pageSize is the unit of growth of a linear memory.
const pageSize = 64 << 10

// memory is the linear memory of one instance. It refuses to grow beyond its
// limit and remembers that it did.
type memory struct {
	limit   int64
	data    []byte
	refused bool
}

var _ experimental.LinearMemory = (*memory)(nil)

func newMemory(limit int64) *memory { return &memory{limit: limit} }

// withMemory returns a context in which an instance is given m.
func withMemory(ctx context.Context, m *memory) context.Context {
	return experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(
		func(_, _ uint64) experimental.LinearMemory { return m },
	))
}

// Reallocate returns the memory with a length of size bytes, or nil beyond the
// limit. The engine never asks for less than there is.
func (m *memory) Reallocate(size uint64) []byte {
	if size > uint64(m.limit) {
		m.refused = true
		return nil
	}
	if size > uint64(cap(m.data)) {
		m.move(size)
	}
	m.data = m.data[:size] // zero beyond the old length: nothing was ever there
	return m.data[:size:size]
}

// move makes room for size bytes and, if the memory grows, for some more.
func (m *memory) move(size uint64) {
	room := size
	if len(m.data) > 0 {
		room = min(size+size/2, uint64(m.limit))
	}
	data := make([]byte, size, room)
	copy(data, m.data)
	m.data = data
}

// Free lets go of the memory.
func (m *memory) Free() { m.data = nil }
