package sallyport

import (
	"time"
	"unsafe"
)

// Exchange is one request and, once there is one, its reply. It is valid
// until the hook returns, for the goroutine that runs the hook.
type Exchange struct {
	Request Request
	Reply   Reply
	Meta    Meta    // values from plugin to plugin of one request
	Session Session // what is known of the caller
	API     API     // the API the request was routed to
	Notice  Notice  // what happened; event hook only
	KV      KV      // values that outlive the request; by grant
	HTTP    HTTP    // requests to other servers; by grant
	Metrics Metrics // what the plugin counts and measures

	host    host
	buffer  []byte // values of this hook; the rest of its capacity is free
	scratch []byte // for lists that the host is given
}

// minBuffer is the first size of the buffer of an instance.
const minBuffer = 4 << 10

// newExchange returns an exchange whose parts point to the whole.
func newExchange(h host) *Exchange {
	x := &Exchange{host: h, buffer: make([]byte, 0, minBuffer)}
	x.Request.x, x.Request.Header = x, Header{x, ofRequest}
	x.Reply.x, x.Reply.Header = x, Header{x, ofReply}
	x.Meta.x, x.Session.x, x.API.x, x.Notice.x = x, x, x, x
	x.KV.x, x.HTTP.x, x.Metrics.x = x, x, x
	return x
}

// begin makes the buffer free for the next hook.
func (x *Exchange) begin() { x.buffer = x.buffer[:0] }

// free returns the unused part of the buffer.
func (x *Exchange) free() []byte { return x.buffer[len(x.buffer):cap(x.buffer)] }

// take returns the value that the host wrote to the free part. Negative
// results are values that are not there.
func (x *Exchange) take(n int32) Value {
	if n < 0 {
		return nil
	}
	from := len(x.buffer)
	x.buffer = x.buffer[:from+int(n)]
	return Value(x.buffer[from : from+int(n) : from+int(n)])
}

// tooSmall reports whether a result of n means that the free part was too
// small, and makes space if so. Values handed out before stay where they are.
func (x *Exchange) tooSmall(n int32) bool {
	if int64(n) <= int64(cap(x.buffer)-len(x.buffer)) {
		return false
	}
	x.buffer = make([]byte, 0, max(2*cap(x.buffer), int(n), minBuffer))
	return true
}

// Answer replaces the whole reply by a status and a body without header
// fields, and returns the verdict to return:
//
//	return x.Answer(401, []byte("who are you?"))
//
// If the gateway refuses the answer, the hook ends.
func (x *Exchange) Answer(status int, body []byte) Verdict {
	if err := check(hostReplyAnswer(&x.host, uint32(status), body)); err != nil {
		panic(err)
	}
	return Respond
}

// Config returns one member of the plugin's configuration: strings as their
// text, everything else as JSON. The empty name is the whole object. It is
// nil if there is none.
func (x *Exchange) Config(name string) Value { return x.config(scopePlugin, name) }

func (x *Exchange) config(scope uint32, name string) Value {
	n := hostConfigGet(&x.host, scope, name, x.free())
	if x.tooSmall(n) {
		n = hostConfigGet(&x.host, scope, name, x.free())
	}
	return x.take(n)
}

// Value is what an accessor returns. It is nil if there is no such value, and
// empty if the value is. It is valid until the hook returns.
type Value []byte

// String returns a copy that lives on.
func (v Value) String() string { return string(v) }

// Is reports whether the value is s, without allocating.
func (v Value) Is(s string) bool { return v != nil && string(v) == s }

// view returns the bytes as a string without a copy, for the length of one
// call of the host.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Verdict is what a hook decides.
type Verdict int32

const (
	// Continue lets the request go on.
	Continue Verdict = iota
	// Respond ends the request with the reply that the hook has set.
	Respond
)

// Run calls a handler with the exchange of the hook that is running. Only
// exported hook functions call it.
func Run(handler func(*Exchange) Verdict) Verdict {
	current.begin()
	return handler(current)
}

// current is the exchange of this instance, which serves one hook at a time.
var current = newExchange(host{})

// Level is the level of a log line.
type Level uint32

// The levels.
const (
	Debug Level = iota
	Info
	Warn
	Error
)

// Log writes a line to the log of the gateway, where it is tagged with plugin
// and request. Long lines are cut and floods are dropped.
func (x *Exchange) Log(level Level, line string) { hostLog(&x.host, uint32(level), line) }

// TimeLeft returns how long the hook may still run.
func (x *Exchange) TimeLeft() time.Duration { return time.Duration(hostTimeLeft(&x.host)) }

// Env returns an environment value of the gateway that the configuration of
// the plugin names: allow: { env: ["REGION"] }. It is nil if the value is not
// set, or was not granted. A plugin that uses it needs a grant.
func (x *Exchange) Env(name string) Value {
	n := hostEnvGet(&x.host, name, x.free())
	if x.tooSmall(n) {
		n = hostEnvGet(&x.host, name, x.free())
	}
	return x.take(n)
}
