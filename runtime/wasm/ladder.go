package wasm

import (
	"sync/atomic"

	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// failuresInARow is after how many failed resets the next strategy is tried.
const failuresInARow = 3

// ladder is the strategies by which the instances of one plugin are reset:
// the one in use and the plainer ones below it. At its foot instances are not
// reset but made anew. It is safe for concurrent use.
type ladder struct {
	strategies []snapshot.Strategy
	at         atomic.Int32 // index into strategies, or their number at the foot
	failures   atomic.Int32 // in a row
}

// newLadder returns the strategies for an image of the given size that caps
// allow, beginning with the first.
func newLadder(caps snapshot.Capabilities, first snapshot.Strategy, size uint64) (*ladder, error) {
	first, err := caps.Resolve(first, size)
	if err != nil {
		return nil, err
	}
	l := &ladder{strategies: []snapshot.Strategy{first}}
	for s := first + 1; s <= snapshot.Copy; s++ {
		if _, err := caps.Resolve(s, size); err == nil {
			l.strategies = append(l.strategies, s)
		}
	}
	return l, nil
}

// rung returns the strategy in use and its number; ok is false at the foot.
func (l *ladder) rung() (n int, s snapshot.Strategy, ok bool) {
	n = int(l.at.Load())
	if n >= len(l.strategies) {
		return n, snapshot.Auto, false
	}
	return n, l.strategies[n], true
}

// worked notes that a reset succeeded.
func (l *ladder) worked() {
	if l.failures.Load() != 0 {
		l.failures.Store(0)
	}
}

// failed notes that a reset by rung n failed, and reports whether that was one
// too many, so that the ladder has been stepped down.
func (l *ladder) failed(n int) bool {
	if n != int(l.at.Load()) {
		return false // an instance from before the last step
	}
	if l.failures.Add(1) < failuresInARow {
		return false
	}
	return l.stepDown(n)
}

// stepDown leaves rung n; it reports false if that was done before.
func (l *ladder) stepDown(n int) bool {
	if !l.at.CompareAndSwap(int32(n), int32(n+1)) {
		return false
	}
	l.failures.Store(0)
	return true
}
