package hostapi

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// Values keeps the values of scripts.
type Values = abi.KV

const (
	maxStorageKey   = 256
	maxStorageValue = 64 << 10
	maxStorageTime  = 2 * time.Second // of one call

	// The keys of scripts begin with one of these, which no other plugin is
	// granted unless it is granted them by name or everything. They are the
	// same on every engine, so that a script finds its values again when it
	// moves. A store's own limit of a key is that of a script's, so long ones
	// are stored by their digest.
	storageKey       = "jsvm:k:"
	storageDigest    = "jsvm:h:"
	longestPlainName = maxStorageKey - len(storageKey)
)

var (
	errStorageKey   = errors.New("a key has 1 to 256 bytes")
	errStorageValue = errors.New("a value has at most 64 KiB")
)

// CheckStorageKey refuses a script's key that is empty or too long.
func CheckStorageKey(key string) error {
	if key == "" || len(key) > maxStorageKey {
		return errStorageKey
	}
	return nil
}

// Storing is one call of a function TykStorage*. Every failure is to be
// thrown, so that a store that is down never looks like one that is empty.
type Storing struct {
	values   Values
	deadline time.Time
	key      []byte
}

// NewStoring begins a call with a key that [CheckStorageKey] has passed. It
// takes two seconds at most, and never longer than until the deadline.
func NewStoring(v Values, deadline time.Time, key string) *Storing {
	if soon := time.Now().Add(maxStorageTime); soon.Before(deadline) {
		deadline = soon
	}
	return &Storing{values: v, deadline: deadline, key: storedName(key)}
}

// storedName is the name of a script's key in the store.
func storedName(key string) []byte {
	if len(key) <= longestPlainName {
		return []byte(storageKey + key)
	}
	sum := sha256.Sum256([]byte(key))
	return hex.AppendEncode([]byte(storageDigest), sum[:])
}

// Get is TykStorageGet; ok is false if there is no value, which a script gets
// as null. The value is shared and is not written to.
func (s *Storing) Get() (value []byte, ok bool, err error) {
	value, _, ok, err = s.values.Get(s.deadline, s.key)
	return value, ok, err
}

// Set is TykStorageSet.
func (s *Storing) Set(value []byte, ttl time.Duration) error {
	return s.values.Set(s.deadline, s.key, value, ttl)
}

// SetNX is TykStorageSetNX: ok is false if the key has a value.
func (s *Storing) SetNX(value []byte, ttl time.Duration) (ok bool, err error) {
	return s.values.Add(s.deadline, s.key, value, ttl)
}

// Del is TykStorageDel.
func (s *Storing) Del() error { return s.values.Del(s.deadline, s.key) }

// TTL is TykStorageTTL: seconds, rounded up, -1 for a value that does not
// expire and -2 if there is none.
func (s *Storing) TTL() (int64, error) {
	_, expires, ok, err := s.values.Get(s.deadline, s.key)
	switch {
	case err != nil || !ok:
		return -2, err
	case expires.IsZero():
		return -1, nil
	}
	return int64(math.Ceil(time.Until(expires).Seconds())), nil
}

// Incr is TykStorageIncr: the sum in decimal.
func (s *Storing) Incr(ttl time.Duration) (string, error) {
	sum, err := s.values.Incr(s.deadline, s.key, 1, ttl)
	return strconv.FormatInt(sum, 10), err
}

// CheckStorageValue refuses a value that is too long.
func CheckStorageValue[T string | []byte](value T) error {
	if len(value) > maxStorageValue {
		return errStorageValue
	}
	return nil
}

// ParseTTL reads a time to live of whole seconds.
func ParseTTL(text string) (time.Duration, error) {
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 || seconds > math.MaxInt64/int64(time.Second) {
		return 0, fmt.Errorf("%q is not a time to live in whole seconds", text)
	}
	return time.Duration(seconds) * time.Second, nil
}
