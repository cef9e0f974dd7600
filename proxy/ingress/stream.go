package ingress

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/h1"
)

// Handler serves the requests of one [Stream], one after the other.
type Handler interface {
	// Serve gives the stream its reply. err is why the request could not be
	// read; a reply is due all the same. After [Stream.Continue], Serve is
	// called a second time for the same request.
	Serve(err error)
	// End is called once for each request, when the reply has been handed to
	// the connection or the tunnel has ended.
	End()
}

// Stream is one request of a client and its reply. It is reused; one goroutine
// has it at a time.
type Stream struct {
	// X is the exchange of the request. It is reset after the request.
	X abi.Exchange
	streamState

	server  *Server
	handler Handler
	streamBuffers
}

// streamState is zeroed after each request.
type streamState struct {
	Head     RequestHead
	Start    time.Time
	Status   int   // of the reply
	BytesOut int64 // body bytes handed to the client

	conn *clientConn
	ctx  *fasthttp.RequestCtx
	read int64 // bytes of the body

	replyID  []byte // the request id that the reply shows, valid while its head is written
	finished bool   // the body has been read to its end
	body     bodyStream

	expecting bool // the client waits for leave to send its body
	waiting   bool // it has been asked for its body
	refused   bool // the rest of the client's bytes cannot be trusted
	streaming bool // the request ends with the body of the reply, or with a tunnel
}

// streamBuffers are reused from request to request.
type streamBuffers struct {
	id       []byte // request id
	target   []byte // for the path of an absolute target
	resolved []byte // for a target whose dot segments were removed
	remote   []byte // address of a client behind a proxy
	host     []byte // a host that is not the client's own bytes
	block    []byte // header lines of the reply
}

// maxKept is the largest buffer that is kept between requests.
const maxKept = 64 << 10

// Keep returns b without content, for reuse, or nil if it is too large to be
// kept.
func Keep(b []byte) []byte {
	if cap(b) > maxKept {
		return nil
	}
	return b[:0]
}

// begin takes a stream for the request that fasthttp is reading, or returns
// the one that waits for its body.
func begin(ctx *fasthttp.RequestCtx) *Stream {
	c, _ := ctx.Conn().(*clientConn)
	c.in.Enter(h1.PhaseNone)
	s := c.stream
	if s == nil {
		s, _ = c.server.streams.Get().(*Stream)
		s.conn, s.ctx, s.Start = c, ctx, time.Now()
		c.stream = s
		c.pace = bodyPace{}
		s.X.Gone = c.peer.gone
	}
	s.expecting, s.waiting = false, false
	return s
}

// handle serves a request.
func handle(ctx *fasthttp.RequestCtx) { begin(ctx).serve(nil) }

// expect decides whether a client that waits for 100 Continue may send its
// body. With any other status than 100, fasthttp sends the response that is
// prepared here and closes the connection, as it must, since the client may
// have sent the body anyway.
func expect(ctx *fasthttp.RequestCtx) int {
	s := begin(ctx)
	c := s.conn
	s.expecting = true
	s.serve(nil)
	if c.stream != nil && c.stream.waiting {
		return fasthttp.StatusContinue
	}
	return ctx.Response.StatusCode()
}

// readFailed answers a request that fasthttp could not read, and closes the
// connection.
func readFailed(ctx *fasthttp.RequestCtx, err error) {
	s := begin(ctx)
	s.identify()
	s.refused = true
	s.serve(s.conn.readError(err))
}

// readError says what was wrong with a request that fasthttp could not read.
func (c *clientConn) readError(err error) *h1.StatusError {
	if _, ok := errors.AsType[*fasthttp.ErrSmallBuffer](err); ok {
		if c.sawLine {
			return errHeader
		}
		return errURI
	}
	if c.timedOut.Load() || errors.Is(err, os.ErrDeadlineExceeded) {
		return errSlow
	}
	return ErrRequest
}

// serve lets the handler serve the request. Unless something is still to
// come (the body of the client or of the reply, or a tunnel), the request
// ends with that.
func (s *Stream) serve(err error) {
	s.handler.Serve(err)
	if s.waiting {
		return
	}
	s.refused = s.refused || s.expecting || s.leavesBody()
	if s.refused {
		s.conn.linger = true
	}
	if s.refused || s.Head.closes || s.server.stopping.Load() {
		s.ctx.Response.SetConnectionClose()
	}
	if !s.streaming {
		s.end()
	}
}

// leavesBody reports whether so much of the body was not read that the
// connection has to end. fasthttp reads a little after the reply itself.
func (s *Stream) leavesBody() bool {
	h := &s.Head
	switch {
	case !h.HasBody() || s.streaming:
		return false
	case h.Chunked:
		return !s.finished && !s.skipArrived()
	}
	return h.Length-s.read > maxSkipped
}

// skipArrived reads what has arrived of the body and reports whether that was
// all of it. It does not wait: the reply comes first.
func (s *Stream) skipArrived() bool {
	s.conn.noWait = true
	_, err := io.Copy(io.Discard, s.ctx.RequestBodyStream())
	s.conn.noWait = false
	return err == nil
}

// maxSkipped is the most of a body that is read for nothing, so that the
// connection can carry another request.
const maxSkipped = 128 << 10

// end is the only end of a request.
func (s *Stream) end() {
	s.handler.End()
	s.conn.stream = nil
	s.X.Reset()
	s.streamState = streamState{}
	s.id, s.target, s.block = Keep(s.id), Keep(s.target), Keep(s.block)
	s.remote, s.host = Keep(s.remote), Keep(s.host)
	s.resolved = Keep(s.resolved)
	s.server.streams.Put(s)
}

// Expecting reports whether the client waits for leave to send its body.
func (s *Stream) Expecting() bool { return s.expecting }

// Continue gives a client that waits leave to send its body. [Handler.Serve]
// must return then and is called again when the body comes, or does not come.
func (s *Stream) Continue() { s.waiting = true }

// Refuse ends the connection with this reply: the rest of the client's bytes
// cannot be trusted, or nobody knows where they end.
func (s *Stream) Refuse() { s.refused = true }

// Abort cuts the connection off: it is too late for another reply.
func (s *Stream) Abort() { _ = s.conn.Conn.Close() }

// Interrupt makes a [Stream.Read] that is blocked on another goroutine return an
// error.
func (s *Stream) Interrupt() { _ = s.conn.Conn.SetReadDeadline(h1.Past()) }

// Aborter is something that a request waits for and that can be cut short from
// another goroutine.
type Aborter interface{ Abort() }

// AbortWhenGone calls a.Abort when the client leaves, until it is given another
// a, or nil. It reports false, and has not called it, if the client has left.
func (s *Stream) AbortWhenGone(a Aborter) bool {
	p := &s.conn.peer
	p.mu.Lock()
	defer p.mu.Unlock()
	p.abort = a
	return !p.left
}

// PeerIP returns the address, without its port, that the connection comes from.
func (s *Stream) PeerIP() []byte { return s.conn.ip }

// Read reads from the request body, without its framing. It returns what has
// arrived and waits only if nothing has.
//
// fasthttp ends a body without an error when the connection ends where a
// chunk could begin, or in the middle of a body of known length. A request
// that was broken off would pass for complete, so the end is checked here.
func (s *Stream) Read(p []byte) (int, error) {
	n, err := s.ctx.RequestBodyStream().Read(p)
	s.read += int64(n)
	if err == io.EOF && !s.complete() {
		err = io.ErrUnexpectedEOF
	}
	if err == nil || err == io.EOF {
		s.finished = s.finished || err == io.EOF
		return n, err
	}
	if s.conn.timedOut.Load() {
		return n, fmt.Errorf("%w: %w", errSlow, err)
	}
	return n, fmt.Errorf("%w: %w", errBody, err)
}

func (s *Stream) complete() bool {
	if s.Head.Chunked {
		// The last chunk is not a reason to read up to the end of the stream.
		return !s.conn.sawEnd
	}
	return s.read == s.Head.Length
}
