package abi

import "time"

// KV keeps the values of plugins. Many goroutines may call it. Every method
// gives up at the deadline, if there is one: the zero time stands for no limit.
//
// Keys and values that a method is given may be a guest's memory: it keeps no
// part of them once it has returned. A time to live of 0 or less means that a
// value stays until it is deleted. Errors are of kind [Limit] if there is no
// room, of kind [Protocol] if a value is not a number; all others mean that the
// store is not available.
type KV interface {
	// Get returns the value of key and when it expires, which is the zero time
	// if it does not; ok is false if there is none. The value is shared and must
	// not be written to.
	Get(deadline time.Time, key []byte) (value []byte, expires time.Time, ok bool, err error)

	// Set stores a copy of value with a new time to live.
	Set(deadline time.Time, key, value []byte, ttl time.Duration) error

	// Add is Set for a key that has no value; ok is false if it has one.
	Add(deadline time.Time, key, value []byte, ttl time.Duration) (ok bool, err error)

	// Incr adds delta to a decimal number and returns the sum. A key without a
	// value counts as 0, and only then is the time to live set.
	Incr(deadline time.Time, key []byte, delta int64, ttl time.Duration) (int64, error)

	// Del removes the value of key; it is no error if there is none.
	Del(deadline time.Time, key []byte) error
}
