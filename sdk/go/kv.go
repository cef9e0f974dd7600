package sallyport

import "time"

// KV is the store of the gateway, as far as the configuration of the plugin
// grants its keys: allow: { kv: ["tenant:*"] }. A plugin that uses it needs
// the grant. Unlike edits, stored values remain if the hook fails.
//
// Besides those named, all methods fail with [ErrDenied] for a key that was
// not granted, [ErrUnavailable] if the store is down, [ErrTimeout] after the
// deadline and [ErrLimit] beyond its limits.
type KV struct{ x *Exchange }

// Get returns the value of key, or nil if there is none.
func (k KV) Get(key string) (Value, error) {
	n := hostKVGet(&k.x.host, key, k.x.free())
	for k.x.tooSmall(n) { // the value may have grown between two calls
		n = hostKVGet(&k.x.host, key, k.x.free())
	}
	if Errno(n) == ErrNotFound {
		return nil, nil
	}
	return k.x.take(n), check(n)
}

// Set stores a value. It expires after the time to live, which is rounded up to
// milliseconds; with 0 it does not expire.
func (k KV) Set(key, value string, ttl time.Duration) error {
	return check(hostKVSet(&k.x.host, key, value, milliseconds(ttl)))
}

// SetBytes is Set with a value that is not a string.
func (k KV) SetBytes(key string, value []byte, ttl time.Duration) error {
	return k.Set(key, view(value), ttl)
}

// SetIfAbsent is Set for a key without a value. It reports whether it stored
// this one.
func (k KV) SetIfAbsent(key, value string, ttl time.Duration) (bool, error) {
	n := hostKVSetIfAbsent(&k.x.host, key, value, milliseconds(ttl))
	return n == 1, check(n)
}

// Incr adds delta to a decimal number and returns the sum. A key without a
// value counts as 0, and only then is the time to live set. It fails with
// [ErrInvalid] if the value is not a number, or the sum has more than 64 bits.
func (k KV) Incr(key string, delta int64, ttl time.Duration) (int64, error) {
	var sum int64
	err := check(hostKVIncr(&k.x.host, key, &sum, delta, milliseconds(ttl)))
	return sum, err
}

// Del removes a value. It is no error if there is none.
func (k KV) Del(key string) error { return check(hostKVDel(&k.x.host, key)) }

// milliseconds rounds up, because 0 would mean that the value does not expire.
func milliseconds(ttl time.Duration) int64 {
	ms := int64(ttl / time.Millisecond)
	switch rest := ttl % time.Millisecond; {
	case rest > 0:
		return ms + 1
	case rest < 0:
		return ms - 1
	}
	return ms
}

// Metrics are what the plugin counts and measures, for the monitoring of the
// gateway. Names are [a-z_][a-z0-9_]* and do not end in _total.
//
// Labels are given as name, value, name, value, …: at most four. Each
// combination of a name and its labels is a series of its own, and a plugin
// has at most 256 of them: beyond that the methods fail with [ErrLimit], and
// what makes a label should come from a short list, never from the client.
type Metrics struct{ x *Exchange }

// Add adds to a counter. What it adds is not negative.
//
//	x.Metrics.Add("lookups", 1, "outcome", "hit")
func (m Metrics) Add(name string, n float64, labels ...string) error {
	m.x.scratch = appendList(m.x.scratch[:0], labels)
	return check(hostMetricAdd(&m.x.host, name, m.x.scratch, n))
}

// Set sets a gauge.
func (m Metrics) Set(name string, value float64, labels ...string) error {
	m.x.scratch = appendList(m.x.scratch[:0], labels)
	return check(hostMetricSet(&m.x.host, name, m.x.scratch, value))
}
