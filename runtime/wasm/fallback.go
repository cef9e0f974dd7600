package wasm

import (
	"sync/atomic"

	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// failuresInARow is after how many failed resets the next strategy is tried.
const failuresInARow = 3

// fallback holds the strategies by which the instances of one plugin are reset:
// the one in use and the simpler ones that replace it when it fails. After the
// last one, instances are not reset but made anew. It is safe for concurrent
// use.
type fallback struct {
	strategies []snapshot.Strategy
	at         atomic.Int32 // level: an index into strategies, or their number after the last one
	failures   atomic.Int32 // in a row
}

// newFallback returns the strategies for an image of the given size that caps
// allow, beginning with the first.
func newFallback(caps snapshot.Capabilities, first snapshot.Strategy, size uint64) (*fallback, error) {
	first, err := caps.Resolve(first, size)
	if err != nil {
		return nil, err
	}
	f := &fallback{strategies: []snapshot.Strategy{first}}
	for s := first + 1; s <= snapshot.Copy; s++ {
		if _, err := caps.Resolve(s, size); err == nil {
			f.strategies = append(f.strategies, s)
		}
	}
	return f, nil
}

// current returns the strategy in use and its level. ok is false after the last
// one.
func (f *fallback) current() (n int, s snapshot.Strategy, ok bool) {
	n = int(f.at.Load())
	if n >= len(f.strategies) {
		return n, snapshot.Auto, false
	}
	return n, f.strategies[n], true
}

// worked notes that a reset succeeded.
func (f *fallback) worked() {
	if f.failures.Load() != 0 {
		f.failures.Store(0)
	}
}

// failed notes that a reset at level n failed. It reports whether the next
// strategy is used from now on.
func (f *fallback) failed(n int) bool {
	if n != int(f.at.Load()) {
		return false // an instance from before the last step
	}
	if f.failures.Add(1) < failuresInARow {
		return false
	}
	return f.leave(n)
}

// leave goes on from level n to the next strategy. It reports false if that was
// done before.
func (f *fallback) leave(n int) bool {
	if !f.at.CompareAndSwap(int32(n), int32(n+1)) {
		return false
	}
	f.failures.Store(0)
	return true
}
