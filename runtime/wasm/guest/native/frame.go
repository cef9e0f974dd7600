package native

import (
	"math"

	"github.com/tetratelabs/wazero/api"
)

// hostFrame is one call of a host function: the guest's arguments and its memory.
type hostFrame struct {
	memory api.Memory
	stack  []uint64
}

// u32 returns argument i. The upper half of a stack slot is garbage.
func (f hostFrame) u32(i int) uint32 { return api.DecodeU32(f.stack[i]) }

// i64 and f64 return argument i, if that is its type.
func (f hostFrame) i64(i int) int64   { return int64(f.stack[i]) }
func (f hostFrame) f64(i int) float64 { return api.DecodeF64(f.stack[i]) }

// bytes returns what the pointer in argument i and the length in argument
// i+1 select: a view of the guest's memory, valid for this host call.
func (f hostFrame) bytes(i int) (b []byte, ok bool) {
	n := f.u32(i + 1)
	if n == 0 {
		return nil, true
	}
	return f.memory.Read(f.u32(i), n)
}

// give writes b to the buffer that arguments i (pointer) and i+1 (capacity)
// select. If it does not fit nothing is written; the result is len(b) either
// way.
func (f hostFrame) give(i int, b []byte) int64 {
	buffer, code := f.reserve(i, len(b))
	copy(buffer, b)
	return code
}

// reserve returns the first n bytes of the buffer in arguments i and i+1, or nil
// if it is smaller, and the result to answer with: n, or a negative code.
func (f hostFrame) reserve(i, n int) ([]byte, int64) {
	buffer, ok := f.bytes(i)
	switch {
	case !ok:
		return nil, int64(CodeFault)
	case n > math.MaxInt32:
		return nil, int64(CodeLimit)
	case n > len(buffer):
		return nil, int64(n)
	}
	return buffer[:n], int64(n)
}
