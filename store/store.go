// Package store keeps what outlives a request: sessions by key, the values of
// plugins, and counters.
//
// There is one implementation for now, in the memory of the process; [Open]
// chooses it by URL. Consumers ask for the small interface they need.
//
// # Deadlines
//
// Every method takes the deadline of the hook that asks. The zero time is
// none. An implementation that has to wait gives up at the deadline with an
// error that wraps [ErrUnavailable]; the one in memory never waits.
//
// # Concurrency
//
// All methods are safe for concurrent use.
package store

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// Sessions finds sessions by the key that a caller presents. Keys are secrets:
// an implementation keeps a hash of them, never the keys themselves.
type Sessions interface {
	// Session returns the session of key, or nil if there is none. It is
	// shared and must not be changed. Whether it is active and has not
	// expired is for the caller to judge.
	Session(deadline time.Time, key []byte) (*abi.Session, error)

	// PutSession stores the session of key in place of an earlier one. One
	// without a KeyID gets one made from the hash, so that limits apply to it.
	// The session must not be changed afterwards.
	PutSession(deadline time.Time, key []byte, s *abi.Session) error

	// UpdateSession stores a session in place of the one with the same KeyID.
	// It does nothing if there is none: a key that was dropped stays so.
	UpdateSession(deadline time.Time, s *abi.Session) error

	// DropSession removes the session of key; it is no error if there is none.
	DropSession(deadline time.Time, key []byte) error
}

// Counters counts events in windows of time.
type Counters interface {
	// Count adds one to the counter id of a space, for instance "rate", and
	// returns how many there are in the running window and how much of the
	// window is left. A window begins with its first event.
	Count(deadline time.Time, space, id string, window time.Duration) (n int64, left time.Duration, err error)

	// Peek returns what Count has counted in the running window, without
	// adding to it; n is 0 if none is running.
	Peek(deadline time.Time, space, id string) (n int64, left time.Duration, err error)

	// Forget ends the running window, if there is one.
	Forget(deadline time.Time, space, id string) error
}

// Store is everything that one URL opens.
type Store interface {
	Sessions
	abi.KV
	Counters

	// Close releases the store. No method may be called afterwards.
	Close() error
}

// Limits of the plugin values.
const (
	MaxKey   = 256       // bytes
	MaxValue = 64 << 10  // bytes
	MaxBytes = 128 << 20 // of keys and values together, in memory
	// MaxCounters is the most counters that run at one time, in memory.
	MaxCounters = 1 << 20
)

// Errors of a store. Callers tell them apart with errors.Is, or by their kind.
var (
	ErrKey         = errors.New("store: a key has 1 to 256 bytes")
	ErrValue       = errors.New("store: a value has at most 64 KiB")
	ErrNumber      = &abi.Error{Kind: abi.Protocol, Err: errors.New("store: the value is not a number that can be added to")}
	ErrFull        = &abi.Error{Kind: abi.Limit, Err: errors.New("store: full")}
	ErrUnavailable = &abi.Error{Kind: abi.Unavailable, Err: errors.New("store: not available")}
)

// Open opens the store that url names: memory: is the only one.
func Open(url string) (Store, error) {
	scheme, rest, ok := strings.Cut(url, ":")
	switch {
	case !ok || scheme == "":
		return nil, fmt.Errorf(`store: %q is not a URL; want "memory:"`, url)
	case scheme == "memory" && rest == "":
		return NewMemory(), nil
	case scheme == "memory":
		return nil, errors.New("store: memory: takes nothing after the colon")
	case scheme == "file", scheme == "redis":
		return nil, fmt.Errorf(`store: %s: is not available in this version; want "memory:"`, scheme)
	}
	return nil, fmt.Errorf(`store: no store %s:; want "memory:"`, scheme)
}
