package store

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// Memory is a store in the memory of this process; it forgets everything when
// the process ends. Make one with [NewMemory].
type Memory struct {
	values
	counters

	// mu protects the fields below.
	mu       sync.RWMutex
	sessions map[digest]*abi.Session
	named    map[string]digest // by KeyID
}

// digest is what is kept of a key.
type digest = [sha256.Size]byte

var _ Store = (*Memory)(nil)

// NewMemory returns an empty store.
func NewMemory() *Memory {
	m := &Memory{sessions: map[digest]*abi.Session{}, named: map[string]digest{}}
	m.values.init()
	return m
}

// Close does nothing: there is nothing to release.
func (m *Memory) Close() error { return nil }

// Session implements [Sessions]. It does not allocate.
func (m *Memory) Session(_ time.Time, key []byte) (*abi.Session, error) {
	// The look-up compares digests: how long it takes tells nothing of how
	// much of a guessed key was right.
	d := sha256.Sum256(key)
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.sessions[d], nil
}

// PutSession implements [Sessions].
func (m *Memory) PutSession(_ time.Time, key []byte, s *abi.Session) error {
	if len(key) == 0 {
		return ErrKey
	}
	d := sha256.Sum256(key)
	if s.KeyID == "" {
		named := *s
		named.KeyID = hex.EncodeToString(d[:8])
		s = &named
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forgetName(d)
	m.sessions[d], m.named[s.KeyID] = s, d
	return nil
}

// UpdateSession implements [Sessions].
func (m *Memory) UpdateSession(_ time.Time, s *abi.Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if d, ok := m.named[s.KeyID]; ok {
		m.sessions[d] = s
	}
	return nil
}

// forgetName takes the name of a session away, unless another has taken it
// over. The caller holds mu.
func (m *Memory) forgetName(d digest) {
	if old := m.sessions[d]; old != nil && m.named[old.KeyID] == d {
		delete(m.named, old.KeyID)
	}
}

// DropSession implements [Sessions].
func (m *Memory) DropSession(_ time.Time, key []byte) error {
	d := sha256.Sum256(key)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forgetName(d)
	delete(m.sessions, d)
	return nil
}

// counters is the counters in memory.
type counters struct{ windows table[counterID, int64] }

type counterID struct{ space, id string }

// Count implements [Counters]. It does not allocate for a counter that runs.
func (c *counters) Count(_ time.Time, space, id string, window time.Duration) (int64, time.Duration, error) {
	now := time.Now()
	key := counterID{space, id}
	t := &c.windows
	t.mu.Lock()
	defer t.mu.Unlock()
	e, ok := t.entries[key]
	if !ok && len(t.entries) >= MaxCounters {
		t.sweepAll(now)
	}
	switch {
	case !ok && len(t.entries) >= MaxCounters:
		return 0, 0, ErrFull
	case !ok || !e.live(now):
		e = tableEntry[int64]{expires: now.Add(window)}
	}
	e.value++
	t.put(key, e, now)
	return e.value, e.expires.Sub(now), nil
}

// Peek implements [Counters].
func (c *counters) Peek(_ time.Time, space, id string) (int64, time.Duration, error) {
	now := time.Now()
	t := &c.windows
	t.mu.Lock()
	defer t.mu.Unlock()
	e, ok := t.entries[counterID{space, id}]
	if !ok || !e.live(now) {
		return 0, 0, nil
	}
	return e.value, e.expires.Sub(now), nil
}

// Forget implements [Counters].
func (c *counters) Forget(_ time.Time, space, id string) error {
	t := &c.windows
	t.mu.Lock()
	defer t.mu.Unlock()
	t.remove(counterID{space, id})
	return nil
}

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
