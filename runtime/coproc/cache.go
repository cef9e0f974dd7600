package coproc

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/coproc/rpc"
)

// Bounds of the answers kept for one plugin.
const (
	maxCached    = 4096
	maxCachedTTL = 5 * time.Minute
	maxCachedLen = 16 << 10
)

// cache keeps the answers that an auth handler marks as reusable, by the
// credential that the handler saw. A reload begins with an empty cache.
// Its methods may be called by many goroutines.
type cache struct {
	// mu protects the fields below.
	mu      sync.RWMutex
	answers map[cacheKey]answer
}

// cacheKey is a digest: the cache holds no credentials.
type cacheKey [sha256.Size]byte

// answer is a result as the process gave it.
type answer struct {
	result []byte
	until  time.Time
}

// cacheEntry is where the answer of one call goes.
type cacheEntry struct {
	cache *cache
	key   cacheKey
}

// entry returns where to keep the answer for a request, nil if the handler
// does not want that, or the request has no credential.
func (c *cache) entry(h *rpc.HandlerSpec, x *abi.Exchange) *cacheEntry {
	if !h.Cacheable || h.AllHeaders {
		return nil
	}
	key, ok := keyFor(h, x)
	if !ok {
		return nil
	}
	return &cacheEntry{c, key}
}

// keyFor digests the API and the header fields that the handler is sent.
func keyFor(h *rpc.HandlerSpec, x *abi.Exchange) (key cacheKey, ok bool) {
	var space [512]byte
	b := appendPart(space[:0], []byte(x.API.ID))
	b = binary.LittleEndian.AppendUint64(b, x.API.Generation)
	for i, name := range h.Headers {
		for _, f := range x.Request.Header {
			if abi.EqualFold(f.Name, name) {
				b, ok = appendPart(append(b, byte(i), byte(i>>8)), f.Value), true
			}
		}
	}
	return sha256.Sum256(b), ok
}

// appendPart appends b so that it cannot run into the next part.
func appendPart(dst, b []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(b))), b...)
}

// get returns the answer kept, which must not be changed.
func (e *cacheEntry) get(now time.Time) (result []byte, ok bool) {
	e.cache.mu.RLock()
	defer e.cache.mu.RUnlock()
	a, ok := e.cache.answers[e.key]
	return a.result, ok && now.Before(a.until)
}

// put keeps a copy of an answer.
func (e *cacheEntry) put(result []byte, ttl time.Duration, now time.Time) {
	if ttl <= 0 || len(result) > maxCachedLen {
		return
	}
	a := answer{append([]byte(nil), result...), now.Add(min(ttl, maxCachedTTL))}
	e.cache.mu.Lock()
	defer e.cache.mu.Unlock()
	if e.cache.answers == nil {
		e.cache.answers = make(map[cacheKey]answer)
	}
	if len(e.cache.answers) >= maxCached {
		e.cache.evict(now)
	}
	e.cache.answers[e.key] = a
}

// evict drops the answers that are too old, and any others while the cache is
// still full.
func (c *cache) evict(now time.Time) {
	for key, a := range c.answers {
		if !now.Before(a.until) {
			delete(c.answers, key)
		}
	}
	for key := range c.answers {
		if len(c.answers) < maxCached {
			return
		}
		delete(c.answers, key)
	}
}
