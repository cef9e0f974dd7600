package store

import (
	"sync"
	"time"
)

// sweepStep is how many entries an insertion looks at to remove expired ones.
// More than one keeps their share small without ever stopping the world.
const sweepStep = 4

// table is a map whose entries expire. It has no goroutine: whoever inserts
// pays for a few entries of the sweep.
type table[K comparable, V any] struct {
	// mu protects the fields below.
	mu      sync.Mutex
	entries map[K]tableEntry[V]
	swept   time.Time  // of the last full sweep
	drop    func(K, V) // told of every entry that goes; may be nil
}

type tableEntry[V any] struct {
	value   V
	expires time.Time // zero means never
}

func (e *tableEntry[V]) live(now time.Time) bool {
	return e.expires.IsZero() || now.Before(e.expires)
}

// put stores an entry. The caller holds mu.
func (t *table[K, V]) put(k K, e tableEntry[V], now time.Time) {
	if t.entries == nil {
		t.entries = map[K]tableEntry[V]{}
	}
	if _, ok := t.entries[k]; !ok {
		t.sweep(now, sweepStep)
	}
	t.entries[k] = e
}

// remove deletes an entry, if it is there. The caller holds mu.
func (t *table[K, V]) remove(k K) {
	e, ok := t.entries[k]
	if !ok {
		return
	}
	delete(t.entries, k)
	if t.drop != nil {
		t.drop(k, e.value)
	}
}

// sweep looks at up to n entries; ranging over a map begins at a random one.
// The caller holds mu.
func (t *table[K, V]) sweep(now time.Time, n int) {
	for k, e := range t.entries {
		if n == 0 {
			return
		}
		n--
		if !e.live(now) {
			t.remove(k)
		}
	}
}

// sweepAll looks at every entry, once a second at most: a full table must not
// make every insertion slow. The caller holds mu.
func (t *table[K, V]) sweepAll(now time.Time) {
	if now.Sub(t.swept) < time.Second {
		return
	}
	t.swept = now
	t.sweep(now, len(t.entries))
}
