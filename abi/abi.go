package abi

import (
	"context"
	"iter"
	"time"
)

// Plugin is one loaded plugin.
//
// Call is safe for concurrent use; pools of instances stay inside. A Plugin
// never keeps the Exchange or any byte of it after Call has returned.
type Plugin interface {
	// Declares tells what the plugin implements and what it must be given.
	// It is constant for the life of the plugin.
	Declares() Declaration

	// Call runs the hook x.Hook. It returns before x.Deadline, or as soon
	// after it as the runtime can stop the plugin, and then with an *Error of
	// kind Timeout. On any error the caller discards the edits made to x.
	Call(x *Exchange) (Verdict, error)

	// Close waits for calls in flight until ctx ends and releases everything.
	// No Call may begin after Close.
	Close(ctx context.Context) error
}

// Runtime is one isolation model.
type Runtime interface {
	// Load compiles the plugin, runs it once and fails fast and loud: an
	// error names the file, the line where there is one, and what to do.
	Load(ctx context.Context, s Spec) (Plugin, error)

	// Close releases what the plugins of this runtime share. All of them
	// have been closed before.
	Close(ctx context.Context) error
}

// Declaration is what a plugin says of itself when it is loaded.
type Declaration struct {
	// Hooks are those the plugin implements; the gateway refuses to bind it
	// to any other.
	Hooks HookSet

	// RequestBody are the hooks in which the plugin needs the request body.
	// The gateway buffers it for them, up to max_body; without a demand the
	// body streams through untouched.
	RequestBody HookSet

	// ReplyBody are the hooks in which the plugin needs the reply body.
	ReplyBody HookSet
}

// Verdict is what a plugin decided about an exchange.
type Verdict uint8

const (
	// Continue lets the exchange go on to the next plugin.
	Continue Verdict = iota
	// Respond ends the request: the plugin has set the reply.
	Respond
)

// String returns the verdict's name in lower case.
func (v Verdict) String() string {
	switch v {
	case Continue:
		return "continue"
	case Respond:
		return "respond"
	}
	return "unknown"
}

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

// Metric is one series that a plugin measures: a counter, or a gauge.
type Metric struct {
	Name   string // [a-z_][a-z0-9_]*, without the prefix and suffix of an exporter
	Gauge  bool   // it may fall, and is not added up
	Labels []Label
	Value  float64
}

// Label is one dimension of a [Metric].
type Label struct{ Name, Value string }

// Measurer is a [Plugin] that has metrics of its own.
type Measurer interface {
	// Metrics yields every series once, in no order. It may be called from
	// many goroutines, and while calls run.
	Metrics() iter.Seq[Metric]
}
