package jsvm

import (
	goruntime "runtime"
	"time"

	"github.com/robertkrimen/otto"
)

const (
	// maxString is the longest string in bytes that a script may make, unless a
	// quarter of its memory limit is less. Otto needs up to six times as much
	// for some operations on it.
	maxString = 32 << 20
	// maxElements is how many elements an array may have for otto's functions to
	// run on it. They take up to 3 µs for each, even for one that is not there.
	maxElements = 1 << 20
	// unchecked is the size in bytes, and the number of steps, that need no look
	// at memory or time.
	unchecked = 4 << 10
	// lookEvery is after how many bytes of large values memory is looked at.
	lookEvery = 8 << 20
)

// budget is what one call may use in the steps that cannot be interrupted.
type budget struct {
	limit   int64  // bytes by which the process may grow
	heap    uint64 // bytes in use when the call began
	made    int64  // bytes of large values that the call has made
	pending int64  // of these, since the last look at memory
	large   bool   // the script may hold strings of more than a few KiB
}

// longest returns the size of the longest string that the script may make.
func (b *budget) longest() int64 { return min(maxString, b.limit/4) }

// reserve throws a RangeError if a native step would take more than half of the
// memory limit, and interrupts the script if that memory is not there. It must be
// called before the step, or soon after one that is known to be small.
func (m *machine) reserve(vm *otto.Otto, bytes int64) {
	if bytes < unchecked {
		return
	}
	if bytes > m.limit/2 {
		panic(vm.MakeRangeError("out of memory"))
	}
	m.large = true
	m.made += bytes
	if m.pending += bytes; m.pending < min(lookEvery, m.limit/8) {
		return
	}
	m.pending = 0
	if m.hasRoom(bytes) {
		return
	}
	goruntime.GC()
	if !m.hasRoom(bytes) && m.made > m.limit/4 {
		m.stop(outOfMemory)
	}
	m.check(vm)
}

func (m *machine) hasRoom(bytes int64) bool {
	return heapInUse()+uint64(bytes) <= m.heap+uint64(m.limit)
}

// reserveString is reserve for a string of so many bytes.
func (m *machine) reserveString(vm *otto.Otto, bytes int64) {
	if bytes < unchecked {
		return
	}
	if bytes > m.longest() {
		panic(vm.MakeRangeError("invalid string length"))
	}
	m.reserve(vm, bytes)
}

// afford interrupts the script if a native step of so many nanoseconds would
// end after the deadline, since nothing can interrupt the step itself.
func (m *machine) afford(vm *otto.Otto, nanoseconds int64) {
	if nanoseconds > int64(time.Millisecond) && time.Now().Add(time.Duration(nanoseconds)).After(m.task.deadline) {
		m.stop(pastDeadline)
	}
	m.check(vm)
}

// sum bounds the size of the strings that a script makes by adding others.
func (h *host) sum(call otto.FunctionCall) otto.Value {
	v := call.Argument(0)
	if v.IsString() {
		if size := len(v.String()); size > unchecked {
			if m := h.machineOf(&call); m != nil {
				m.reserveString(call.Otto, int64(size))
				m.check(call.Otto)
			}
		}
	}
	return v
}

// target bounds the arrays that a script changes.
func (h *host) target(call otto.FunctionCall) otto.Value {
	v := call.Argument(0)
	(&guarded{host: h, vm: call.Otto}).writable(v)
	return v
}

// result returns a string that a host call has made.
func (h *host) result(call *otto.FunctionCall, s string) otto.Value {
	if m := h.machineOf(call); m != nil && len(s) > unchecked {
		m.reserve(call.Otto, int64(len(s)))
	}
	return text(s)
}
