package store

import "time"

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
