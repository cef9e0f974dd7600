package js

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/c386954a/sallyport/runtime/wasm/native"
)

// KV is where scripts keep values. It is safe for concurrent use and gives up
// at the deadline. A time to live of 0 is for ever.
type KV interface {
	// Get returns the value of key and when it expires, which is the zero
	// time if it does not; ok is false if there is none. The value is shared
	// and is not written to.
	Get(deadline time.Time, key []byte) (value []byte, expires time.Time, ok bool, err error)

	// Set stores a copy of value with a new time to live.
	Set(deadline time.Time, key, value []byte, ttl time.Duration) error

	// Add is Set for a key that has no value; ok is false if it has one.
	Add(deadline time.Time, key, value []byte, ttl time.Duration) (ok bool, err error)

	// Incr adds delta to a decimal number and returns the sum. A key without
	// a value counts as 0, and only then is the time to live set.
	Incr(deadline time.Time, key []byte, delta int64, ttl time.Duration) (int64, error)

	// Del removes the value of key; it is no error if there is none.
	Del(deadline time.Time, key []byte) error
}

const (
	maxStorageKey   = 256
	maxStorageValue = 64 << 10
	maxStorageTime  = 2 * time.Second // of one call

	// The keys of scripts begin with one of these, as on the engine otto, so
	// that a script finds its values again when it moves.
	storageKey       = "jsvm:k:"
	storageDigest    = "jsvm:h:"
	longestPlainName = maxStorageKey - len(storageKey)
)

var (
	errStorageKey   = errors.New("a key has 1 to 256 bytes")
	errStorageValue = errors.New("a value has at most 64 KiB")
)

// storing is one call of a storage function.
type storing struct {
	deadline time.Time
	key      []byte
	kv       KV
}

// stored does what the storage functions have in common. What it returns to
// host.js begins with a mark: = a string, # a number or null or a truth value,
// ! an error to throw, and nothing for undefined.
func (c *hostCall) stored(f func(*storing) (string, error)) {
	answer, err := c.store(f)
	c.waited()
	switch {
	case err != nil:
		c.returns([]byte("!" + err.Error()))
	case answer != "":
		c.returns([]byte(answer))
	}
}

func (c *hostCall) store(f func(*storing) (string, error)) (string, error) {
	key := c.text(0)
	if key == "" || len(key) > maxStorageKey {
		return "", errStorageKey
	}
	p := c.program
	if p.config.KV == nil || !slices.ContainsFunc(p.keys, func(k native.KeyPattern) bool { return k.Allows([]byte(key)) }) {
		return "", fmt.Errorf("the key %q is not granted; %s under the plugin would grant all", key, native.GrantLine([]string{"kv"}))
	}
	deadline := c.deadline
	if soon := time.Now().Add(maxStorageTime); soon.Before(deadline) {
		deadline = soon
	}
	return f(&storing{deadline: deadline, key: storedName(key), kv: p.config.KV})
}

// storedName is the name of a script's key in the store.
func storedName(key string) []byte {
	if len(key) <= longestPlainName {
		return []byte(storageKey + key)
	}
	sum := sha256.Sum256([]byte(key))
	return hex.AppendEncode([]byte(storageDigest), sum[:])
}

func (c *hostCall) storageGet() {
	c.stored(func(s *storing) (string, error) {
		value, _, ok, err := s.kv.Get(s.deadline, s.key)
		if err != nil || !ok {
			return "#null", err
		}
		return "=" + string(value), nil
	})
}

func (c *hostCall) storageSet() {
	c.stored(func(s *storing) (string, error) {
		value, ttl, err := c.valueAndTTL()
		if err != nil {
			return "", err
		}
		return "", s.kv.Set(s.deadline, s.key, value, ttl)
	})
}

func (c *hostCall) storageSetNX() {
	c.stored(func(s *storing) (string, error) {
		value, ttl, err := c.valueAndTTL()
		if err != nil {
			return "", err
		}
		ok, err := s.kv.Add(s.deadline, s.key, value, ttl)
		return "#" + strconv.FormatBool(ok), err
	})
}

func (c *hostCall) storageDel() {
	c.stored(func(s *storing) (string, error) { return "", s.kv.Del(s.deadline, s.key) })
}

func (c *hostCall) storageTTL() {
	c.stored(func(s *storing) (string, error) {
		_, expires, ok, err := s.kv.Get(s.deadline, s.key)
		switch {
		case err != nil || !ok:
			return "#-2", err
		case expires.IsZero():
			return "#-1", nil
		}
		return fmt.Sprintf("#%d", int64(math.Ceil(time.Until(expires).Seconds()))), nil
	})
}

func (c *hostCall) storageIncr() {
	c.stored(func(s *storing) (string, error) {
		ttl, err := c.ttl(1)
		if err != nil {
			return "", err
		}
		sum, err := s.kv.Incr(s.deadline, s.key, 1, ttl)
		return "=" + strconv.FormatInt(sum, 10), err
	})
}

func (c *hostCall) valueAndTTL() ([]byte, time.Duration, error) {
	value := c.bytes(1)
	if len(value) > maxStorageValue {
		return nil, 0, errStorageValue
	}
	ttl, err := c.ttl(2)
	return value, ttl, err
}

// ttl reads whole seconds; no text is 0.
func (c *hostCall) ttl(argument uint32) (time.Duration, error) {
	text := c.text(argument)
	if text == "" {
		return 0, nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 || seconds > math.MaxInt64/int64(time.Second) {
		return 0, fmt.Errorf("%q is not a time to live in whole seconds", text)
	}
	return time.Duration(seconds) * time.Second, nil
}
