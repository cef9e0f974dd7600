package jsvm

import (
	goruntime "runtime"
	"runtime/metrics"
	"sync"
	"time"
)

const (
	// sampleEvery is how often memory is looked at while scripts run.
	sampleEvery = 10 * time.Millisecond
	// collectEvery is the least time between two garbage collections that the
	// watch asks for to see what is still in use.
	collectEvery = 500 * time.Millisecond
	// minGrowth is the smallest limit. Less growth of the whole process says
	// nothing about a script, because other requests need as much.
	minGrowth = 64 << 20
)

// memoryWatch interrupts scripts that make the memory of the process grow too
// much. It is a best effort: otto cannot count what a script holds, so the watch
// only sees how much the whole process has grown since a call began, and takes
// the call that has been running longest to be the cause.
type memoryWatch struct {
	mu      sync.Mutex
	calls   map[*machine]watched
	active  bool // a goroutine is sampling
	running sync.WaitGroup
}

// watched is a call in progress.
type watched struct {
	begun time.Time
	used  uint64 // bytes of the heap when it began
	limit uint64
}

func newMemoryWatch() *memoryWatch { return &memoryWatch{calls: make(map[*machine]watched)} }

// enter begins to watch a call.
func (w *memoryWatch) enter(m *machine, limit int64) {
	c := watched{begun: time.Now(), used: heapInUse(), limit: uint64(max(limit, minGrowth))}
	m.budget = budget{limit: int64(c.limit), heap: c.used}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls[m] = c
	if !w.active {
		w.active = true
		w.running.Go(w.sample)
	}
}

// leave ends it.
func (w *memoryWatch) leave(m *machine) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.calls, m)
}

// sample looks at memory until no script runs.
func (w *memoryWatch) sample() {
	ticker := time.NewTicker(sampleEvery)
	defer ticker.Stop()
	var collected time.Time
	for w.busy() {
		<-ticker.C
		m := w.suspect(heapInUse())
		if m == nil || time.Since(collected) < collectEvery {
			continue
		}
		goruntime.GC() // garbage does not count
		collected = time.Now()
		if m = w.suspect(heapInUse()); m != nil {
			m.stop(outOfMemory)
			collected = time.Time{} // the next one need not wait
		}
	}
}

// busy reports whether scripts run, and ends the sampling if none does.
func (w *memoryWatch) busy() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.active = len(w.calls) > 0
	return w.active
}

// suspect returns the call that has been running longest, of those during which
// memory has grown by more than their limit. It passes over calls that wait for
// the host or have been interrupted.
func (w *memoryWatch) suspect(used uint64) (found *machine) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var begun time.Time
	for m, c := range w.calls {
		if used <= c.used+c.limit || m.stopped.Load() != 0 || m.waiting() {
			continue
		}
		if found == nil || c.begun.Before(begun) {
			found, begun = m, c.begun
		}
	}
	return found
}

// heapInUse returns the bytes of objects on the heap, including garbage that has
// not been collected yet.
func heapInUse() uint64 {
	sample := [1]metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample[:])
	return sample[0].Value.Uint64()
}
