package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/c386954a/sallyport/abi"
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

// hashedPrefix begins the names that stand for keys.
const hashedPrefix = "sha256:"

// hashed is a store that is not told the names of keys.
type hashed struct{ Store }

// HashKeys returns a store that keeps everything in s and tells it no name of
// a key: a session named after its key gets the name's hash instead, and
// counters count by hashes. Keys themselves are never kept, with or without
// it. Closing it closes s.
func HashKeys(s Store) Store { return hashed{s} }

// PutSession implements [Sessions].
func (h hashed) PutSession(deadline time.Time, key []byte, s *abi.Session) error {
	if s.KeyID == "" || s.KeyID == string(key) {
		named := *s
		named.KeyID = hashedName(string(key))
		s = &named
	}
	return h.Store.PutSession(deadline, key, s)
}

// UpdateSession implements [Sessions].
func (h hashed) UpdateSession(deadline time.Time, s *abi.Session) error {
	if err := h.Store.UpdateSession(deadline, s); err != nil {
		return err
	}
	named := *s // as it is called if it was named after its key
	named.KeyID = hashedName(s.KeyID)
	return h.Store.UpdateSession(deadline, &named)
}

// Count implements [Counters].
func (h hashed) Count(deadline time.Time, space, id string, window time.Duration) (int64, time.Duration, error) {
	return h.Store.Count(deadline, space, hashedName(id), window)
}

// Peek implements [Counters].
func (h hashed) Peek(deadline time.Time, space, id string) (int64, time.Duration, error) {
	return h.Store.Peek(deadline, space, hashedName(id))
}

// Forget implements [Counters].
func (h hashed) Forget(deadline time.Time, space, id string) error {
	return h.Store.Forget(deadline, space, hashedName(id))
}

// hashedName returns the name that stands for another. That of one that is a
// hash already is itself, so that a session counts the same whether it comes
// from the store or from the plugin that made it.
func hashedName(name string) string {
	if strings.HasPrefix(name, hashedPrefix) {
		return name
	}
	d := sha256.Sum256([]byte(name))
	return hashedPrefix + hex.EncodeToString(d[:16])
}
