package proxy

import (
	"time"

	"github.com/valyala/fasthttp"

	"github.com/c386954a/sallyport/abi"
)

// maxKept is the largest buffer a flight keeps between requests.
const maxKept = 64 << 10

// flight is one request on its way, with everything that belongs to it. It is
// reused; one goroutine has it at a time.
type flight struct {
	gateway *Gateway
	x       abi.Exchange
	stream  replyStream
	trip
	buffers
}

// trip is what a flight forgets at its end.
type trip struct {
	framing
	conn   *conn
	ctx    *fasthttp.RequestCtx
	router *Router
	route  *route

	up       *upConn
	upload   *upload // nil unless the request body is still being sent
	incoming incoming
	buffered bool // the request body is in x.Request.Body
	admitted bool // the hooks before the upstream have run
	refused  bool // the rest of the client's bytes cannot be trusted
	stored   bool // fasthttp has been given the head of the reply
	replaced bool // the reply has a body that is not the upstream's
	handed   bool // the reply, or a tunnel, ends the flight later
	access   Access
}

// buffers are what a flight keeps.
type buffers struct {
	id      []byte // request id
	clean   []byte // space for the clean path
	target  []byte // for the path of an absolute target
	body    []byte // a buffered request body
	reply   []byte // a buffered reply body
	head    []byte // a copy of the reply head
	block   []byte // header lines of the reply to the client
	message []byte // body of an error reply
}

// framing is what the request's fields say about its body and connection.
type framing struct {
	length    int64 // of the request body; -1 chunked
	lengthSet bool  // there is a Content-Length
	chunked   bool
	hosts     int
	names     bool   // a Connection field names other fields
	wants     bool   // Connection: upgrade
	upgrade   []byte // the Upgrade field
	old       bool   // HTTP/1.0

	clientHost []byte // as received
}

func newFlight(g *Gateway) *flight {
	f := &flight{gateway: g}
	f.stream.flight = f
	return f
}

// take starts a flight for the request that fasthttp has just read.
func (g *Gateway) take(c *conn, ctx *fasthttp.RequestCtx) *flight {
	f, _ := g.flights.Get().(*flight)
	f.incoming.flight = f
	f.conn, f.ctx = c, ctx
	f.router = g.enter()
	f.access.Start = time.Now()
	return f
}

// end gives back what the flight holds, tells the observer and puts it back
// for the next request.
func (f *flight) end() {
	_ = f.endUpload() // whatever it was, the request is over
	if f.up != nil {
		f.up.finish()
		f.up = nil
	}
	f.observe()
	f.router.active.Add(-1)
	g := f.gateway
	f.recycle()
	g.flights.Put(f)
}

// recycle forgets the request and keeps the buffers, except oversized ones.
func (f *flight) recycle() {
	f.x.Reset()
	f.trip = trip{}
	b := &f.buffers
	b.id, b.clean, b.target, b.body = keep(b.id), keep(b.clean), keep(b.target), keep(b.body)
	b.reply, b.head, b.block, b.message = keep(b.reply), keep(b.head), keep(b.block), keep(b.message)
}

func keep(b []byte) []byte {
	if cap(b) > maxKept {
		return nil
	}
	return b[:0]
}

func (f *flight) observe() {
	tell := f.gateway.cfg.Observe
	if tell == nil {
		return
	}
	a := &f.access
	r := &f.x.Request
	a.RequestID, a.RemoteAddr, a.Method, a.Host, a.URI = f.id, r.RemoteAddr, r.Method, r.Host, r.URI
	if f.route != nil {
		a.API = f.route.Chain.API().Name
	}
	a.Duration = time.Since(a.Start)
	tell(a)
}

// hasBody reports whether the client sends a body, be it empty and chunked.
func (f *flight) hasBody() bool { return f.chunked || f.length > 0 }
