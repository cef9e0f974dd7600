package jsvm

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/robertkrimen/otto"
)

// Values keeps values by key for a time. It is safe for concurrent use and
// gives up at the deadline. A time to live of 0 is for ever.
type Values interface {
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

	// The keys of scripts begin with one of these, which no other plugin is
	// granted unless it is granted them by name or everything. A store's own
	// limit of a key is that of a script's, so long ones are stored by their
	// digest.
	storageKey       = "jsvm:k:"
	storageDigest    = "jsvm:h:"
	longestPlainName = maxStorageKey - len(storageKey)
)

var (
	errNoValues     = errors.New("there is no store of values")
	errStorageKey   = errors.New("a key has 1 to 256 bytes")
	errStorageValue = errors.New("a value has at most 64 KiB")
)

// storage are the functions TykStorage*. Every failure is thrown, so that a
// store that is down never looks like one that is empty.
func (h *host) storage() map[string]func(otto.FunctionCall) otto.Value {
	return map[string]func(otto.FunctionCall) otto.Value{
		"TykStorageGet":   h.stored("TykStorageGet", h.storageGet),
		"TykStorageSet":   h.stored("TykStorageSet", h.storageSet),
		"TykStorageSetNX": h.stored("TykStorageSetNX", h.storageSetNX),
		"TykStorageDel":   h.stored("TykStorageDel", h.storageDel),
		"TykStorageTTL":   h.stored("TykStorageTTL", h.storageTTL),
		"TykStorageIncr":  h.stored("TykStorageIncr", h.storageIncr),
	}
}

// storing is one call of a storage function.
type storing struct {
	call     *otto.FunctionCall
	deadline time.Time
	key      []byte
}

// stored does what the storage functions have in common.
func (h *host) stored(name string, f func(*storing) (any, error)) func(otto.FunctionCall) otto.Value {
	return func(call otto.FunctionCall) otto.Value {
		result, err := h.store(&call, f)
		if err != nil {
			h.throw(&call, name, err)
		}
		h.end(&call)
		if result == nil {
			return otto.UndefinedValue()
		}
		v, err := call.Otto.ToValue(result)
		if err != nil {
			h.throw(&call, name, err)
		}
		return v
	}
}

func (h *host) store(call *otto.FunctionCall, f func(*storing) (any, error)) (any, error) {
	if h.values == nil {
		return nil, errNoValues
	}
	key := call.Argument(0).String()
	if key == "" || len(key) > maxStorageKey {
		return nil, errStorageKey
	}
	deadline, err := h.deadline(call)
	if err != nil {
		return nil, err
	}
	if soon := time.Now().Add(maxStorageTime); soon.Before(deadline) {
		deadline = soon
	}
	return f(&storing{call: call, deadline: deadline, key: storedName(key)})
}

// storedName is the name of a script's key in the store.
func storedName(key string) []byte {
	if len(key) <= longestPlainName {
		return []byte(storageKey + key)
	}
	sum := sha256.Sum256([]byte(key))
	return hex.AppendEncode([]byte(storageDigest), sum[:])
}

func (h *host) storageGet(s *storing) (any, error) {
	value, _, ok, err := h.values.Get(s.deadline, s.key)
	if err != nil || !ok {
		return otto.NullValue(), err
	}
	return string(value), nil
}

func (h *host) storageSet(s *storing) (any, error) {
	value, ttl, err := s.valueAndTTL()
	if err != nil {
		return nil, err
	}
	return nil, h.values.Set(s.deadline, s.key, value, ttl)
}

func (h *host) storageSetNX(s *storing) (any, error) {
	value, ttl, err := s.valueAndTTL()
	if err != nil {
		return nil, err
	}
	return h.values.Add(s.deadline, s.key, value, ttl)
}

func (h *host) storageDel(s *storing) (any, error) { return nil, h.values.Del(s.deadline, s.key) }

func (h *host) storageTTL(s *storing) (any, error) {
	_, expires, ok, err := h.values.Get(s.deadline, s.key)
	switch {
	case err != nil || !ok:
		return -2, err
	case expires.IsZero():
		return -1, nil
	}
	return int64(math.Ceil(time.Until(expires).Seconds())), nil
}

func (h *host) storageIncr(s *storing) (any, error) {
	ttl, err := s.ttl(1)
	if err != nil {
		return nil, err
	}
	sum, err := h.values.Incr(s.deadline, s.key, 1, ttl)
	return strconv.FormatInt(sum, 10), err
}

func (s *storing) valueAndTTL() ([]byte, time.Duration, error) {
	value := s.call.Argument(1).String()
	if len(value) > maxStorageValue {
		return nil, 0, errStorageValue
	}
	ttl, err := s.ttl(2)
	return []byte(value), ttl, err
}

// ttl reads whole seconds; an argument that is absent is 0.
func (s *storing) ttl(argument int) (time.Duration, error) {
	v := s.call.Argument(argument)
	if v.IsUndefined() || v.IsNull() {
		return 0, nil
	}
	seconds, err := strconv.ParseInt(v.String(), 10, 64)
	if err != nil || seconds < 0 || seconds > math.MaxInt64/int64(time.Second) {
		return 0, fmt.Errorf("%q is not a time to live in whole seconds", v.String())
	}
	return time.Duration(seconds) * time.Second, nil
}
