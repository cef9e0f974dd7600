package store

import (
	"bytes"
	"math"
	"strconv"
	"time"
)

// values is the plugin KV in memory.
type values struct {
	kv   table[string, []byte]
	size int // bytes of keys and values; protected by kv.mu
}

func (v *values) init() {
	v.kv.drop = func(key string, value []byte) { v.size -= len(key) + len(value) }
}

// Get implements [abi.KV]. It does not allocate.
func (v *values) Get(_ time.Time, key []byte) (value []byte, expires time.Time, ok bool, err error) {
	now := time.Now()
	v.kv.mu.Lock()
	defer v.kv.mu.Unlock()
	e, ok := v.kv.entries[string(key)]
	if !ok || !e.live(now) {
		return nil, time.Time{}, false, nil
	}
	return e.value, e.expires, true, nil
}

// Set implements [abi.KV].
func (v *values) Set(_ time.Time, key, value []byte, ttl time.Duration) error {
	now := time.Now()
	v.kv.mu.Lock()
	defer v.kv.mu.Unlock()
	return v.store(key, bytes.Clone(value), expiry(now, ttl), now)
}

// Add implements [abi.KV].
func (v *values) Add(_ time.Time, key, value []byte, ttl time.Duration) (bool, error) {
	now := time.Now()
	v.kv.mu.Lock()
	defer v.kv.mu.Unlock()
	if e, ok := v.kv.entries[string(key)]; ok && e.live(now) {
		return false, nil
	}
	err := v.store(key, bytes.Clone(value), expiry(now, ttl), now)
	return err == nil, err
}

// Incr implements [abi.KV].
func (v *values) Incr(_ time.Time, key []byte, delta int64, ttl time.Duration) (int64, error) {
	now := time.Now()
	v.kv.mu.Lock()
	defer v.kv.mu.Unlock()
	var n int64
	expires := expiry(now, ttl)
	if e, ok := v.kv.entries[string(key)]; ok && e.live(now) {
		var err error
		if n, err = strconv.ParseInt(string(e.value), 10, 64); err != nil {
			return 0, ErrNumber
		}
		expires = e.expires
	}
	if (delta > 0 && n > math.MaxInt64-delta) || (delta < 0 && n < math.MinInt64-delta) {
		return 0, ErrNumber
	}
	n += delta
	if err := v.store(key, strconv.AppendInt(nil, n, 10), expires, now); err != nil {
		return 0, err
	}
	return n, nil
}

// Del implements [abi.KV].
func (v *values) Del(_ time.Time, key []byte) error {
	v.kv.mu.Lock()
	defer v.kv.mu.Unlock()
	v.kv.remove(string(key))
	return nil
}

// store puts a value that nobody else writes to. The caller holds the lock.
func (v *values) store(key, value []byte, expires, now time.Time) error {
	switch {
	case len(key) == 0 || len(key) > MaxKey:
		return ErrKey
	case len(value) > MaxValue:
		return ErrValue
	}
	if v.size+v.growth(key, value) > MaxBytes {
		v.kv.sweepAll(now)
	}
	grow := v.growth(key, value)
	if v.size+grow > MaxBytes {
		return ErrFull
	}
	v.size += grow
	v.kv.put(string(key), tableEntry[[]byte]{value, expires}, now)
	return nil
}

// growth returns by how many bytes the store would grow.
func (v *values) growth(key, value []byte) int {
	if old, ok := v.kv.entries[string(key)]; ok {
		return len(value) - len(old.value)
	}
	return len(key) + len(value)
}

// expiry returns when a time to live ends.
func expiry(now time.Time, ttl time.Duration) time.Time {
	if ttl <= 0 {
		return time.Time{}
	}
	return now.Add(ttl)
}
