package abi

import "time"

// Exchange is one request and, once there is one, its reply, on their way
// through the gateway.
//
// The proxy owns it and reuses it. Plugins read the exported fields and
// change them only through the edit methods; see the package comment.
// Byte slices are valid until Call returns and must not be written to.
// The zero value is ready to use.
type Exchange struct {
	Hook     Hook      // the hook that is running
	Deadline time.Time // of this call; it covers queueing and host calls

	RequestID []byte // unique per request, also in the reply's X-Request-Id
	API       *API   // the API the request was routed to; never nil in a Call
	Request   Request
	Reply     Reply
	Session   *Session // set by the auth hook; nil before it and without one
	Meta      Meta     // what earlier plugins of this request left
	Notice    Notice   // what happened; event hook only
	Loop      Loop     // how the request came here from another API

	// BodyLimit is the largest body, in bytes, that SetBody takes. 0 means
	// no limit. The chain sets it per call from max_body.
	BodyLimit int

	// Gone is closed when the client has left before its reply: whoever waits
	// for something may stop, with ErrClientGone. It is nil where nobody can
	// leave, as in events.
	Gone <-chan struct{}

	redirects []Redirect // all that were asked for, kept between requests
	redirect  int        // the one that counts, from 1; 0 if there is none
	cause     Cause
	final     bool
	edited    Part // committed edits
	journal   journal
	arena     arena
	scratch   []byte // holds the body of an error reply while it is made
}

// Request is what the client sent, as edited so far.
type Request struct {
	Method     []byte
	URI        []byte // path and query exactly as received, percent-encoding untouched
	Host       []byte // the Host header field, or the authority of an absolute-form target
	RemoteAddr []byte // IP address and port of the client
	Proto      []byte // "HTTP/1.1"
	TLS        bool
	Header     Header // without Host; Content-Length and hop-by-hop fields may be read, writing them has no effect

	// Body is the whole body if a plugin of this hook declared that it needs
	// it, else nil; Streamed is then true if the client sent one.
	Body     []byte
	Streamed bool
}

// Scheme returns the scheme of the client's connection: "http" or "https".
func (r *Request) Scheme() string {
	if r.TLS {
		return "https"
	}
	return "http"
}

// Reply is what the client will get, from the upstream or from a plugin.
type Reply struct {
	Status   int // 0 as long as there is none
	Header   Header
	Body     []byte
	Streamed bool // as in Request
}

// API is what plugins may know of the API a request was routed to. It is
// shared by all requests and never changes.
type API struct {
	ID         string // stable identifier; the name unless configured
	Name       string
	OrgID      string
	ListenPath string
	Config     []byte // config_data as a JSON object; nil if there is none
	Generation uint64 // counts reloads

	// Dialect is what differs for an API that was written for another gateway;
	// nil for one that was not.
	Dialect *Dialect
}

// Notice is the payload of an event.
type Notice struct {
	Name []byte    // for instance "AuthFailure"
	Data []byte    // a JSON object
	Time time.Time // when it happened
}

// Message selects one of the two HTTP messages of an exchange.
type Message uint8

const (
	// OfRequest selects the request.
	OfRequest Message = iota
	// OfReply selects the reply.
	OfReply
)

// Header returns the header fields of the selected message.
func (x *Exchange) Header(m Message) Header {
	if m == OfReply {
		return x.Reply.Header
	}
	return x.Request.Header
}

// Body returns the buffered body of the selected message.
func (x *Exchange) Body(m Message) []byte {
	if m == OfReply {
		return x.Reply.Body
	}
	return x.Request.Body
}

// ClientGone reports whether the client has left before its reply.
func (x *Exchange) ClientGone() bool {
	select {
	case <-x.Gone:
		return true
	default:
		return false
	}
}

// Edited reports whether committed edits touched any of the given parts since
// the last Reset.
func (x *Exchange) Edited(p Part) bool { return x.edited&p != 0 }

// Reset makes the exchange ready for the next request and keeps its buffers,
// except oversized ones.
func (x *Exchange) Reset() {
	header, reply, meta, redirects := x.Request.Header, x.Reply.Header, x.Meta, x.redirects
	x.journal.reset()
	x.arena.reset()
	if cap(x.scratch) > maxArena {
		x.scratch = nil
	}
	*x = Exchange{journal: x.journal, arena: x.arena, scratch: x.scratch}
	x.redirects = redirects[:0]
	x.Request.Header = clearFields(header)
	x.Reply.Header = clearFields(reply)
	x.Meta = Meta(clearFields(Header(meta)))
}

// maxKeptFields is the longest list of fields that is kept between requests.
const maxKeptFields = 128

// clearFields empties a list and lets go of the bytes it pointed to.
func clearFields(h Header) Header {
	if cap(h) > maxKeptFields {
		return nil
	}
	clear(h[:cap(h)])
	return h[:0]
}
