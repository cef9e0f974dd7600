package proxy

import (
	"fmt"
	"io"

	"github.com/valyala/fasthttp"

	"github.com/c386954a/sallyport/abi"
)

// relay passes the upstream's reply on, through the response hooks if there
// are any.
func (f *flight) relay() error {
	h := &f.up.head
	if h.status == 101 {
		return f.openTunnel()
	}
	if f.route.Chain.EditsReply() {
		return f.editReply()
	}
	f.storeHead(h.status, h.reason, h.fields, h.names)
	f.passBody()
	return nil
}

// editReply runs the response hooks on the reply.
func (f *flight) editReply() error {
	up, c := f.up, f.route.Chain
	f.loadReply()
	if c.ReplyBody() && up.body.mode != bodyDone {
		var err error
		f.reply, err = up.collect(f.reply[:0], c.BodyLimit())
		if err != nil {
			return f.replyFailed(err)
		}
		f.x.Reply.Body, f.x.Reply.Streamed = f.reply, false
	}
	if err := c.HandleReply(&f.x); err != nil {
		return err
	}
	if !f.x.Reply.Streamed {
		f.answer()
		return nil
	}
	r := &f.x.Reply
	f.storeHead(r.Status, f.reasonOf(r.Status), r.Header, up.head.names)
	if bodiless(r.Status) {
		up.head.close = true
		return nil
	}
	f.passBody()
	return nil
}

// loadReply fills the exchange from the reply. The head is copied: reading
// the body reuses the buffer it is in.
func (f *flight) loadReply() {
	h, r := &f.up.head, &f.x.Reply
	f.head = f.head[:0]
	for i := range h.fields {
		f.head = append(append(f.head, h.fields[i].Name...), h.fields[i].Value...)
	}
	f.head = append(f.head, h.reason...)
	rest := f.head
	r.Status = h.status
	for i := range h.fields {
		var field abi.Field
		n, v := len(h.fields[i].Name), len(h.fields[i].Value)
		field.Name, field.Value, rest = rest[:n:n], rest[n:n+v:n+v], rest[n+v:]
		r.Header = append(r.Header, field)
	}
	h.reason = rest
	r.Body, r.Streamed = nil, f.up.body.mode != bodyDone
}

// reasonOf returns the upstream's reason phrase while it fits the status.
func (f *flight) reasonOf(status int) []byte {
	if f.up == nil || status != f.up.head.status {
		return nil
	}
	return f.up.head.reason
}

func (f *flight) replyFailed(err error) error {
	if f.up.late.Load() {
		return fmt.Errorf("%w: %w", faultTimeout, err)
	}
	if faultOf(err, nil) == faultInternal {
		return fmt.Errorf("%w: %w", faultReply, err)
	}
	return fmt.Errorf("%w: max_body is %d bytes", err, f.route.Chain.BodyLimit())
}

// answer stores the reply of the exchange, whose body is all there.
func (f *flight) answer() {
	r := &f.x.Reply
	names := f.up != nil && f.up.head.names
	if f.up != nil && f.up.body.mode != bodyDone {
		f.up.head.close = true // the body was replaced
	}
	f.replaced = len(r.Body) > 0
	f.storeHead(r.Status, f.reasonOf(r.Status), r.Header, names)
	if bodiless(r.Status) || (f.isHead() && !f.replaced) {
		return
	}
	f.access.BytesOut = int64(len(r.Body))
	f.ctx.Response.SetBody(r.Body)
}

func (f *flight) isHead() bool { return f.ctx.Request.Header.IsHead() }

// storeHead gives fasthttp the head of the reply to write.
//
// Its header API would rename and reorder Content-Type, Server, Set-Cookie
// and others, keep one of several Content-Encoding lines and drop Date. All
// lines are therefore handed over as one: the name of a single field holds
// all lines up to the value of the last. SetCanonical takes a name as it is;
// every name and value in it has been checked, here or in the exchange.
// Framing and Connection stay fasthttp's.
func (f *flight) storeHead(status int, reason []byte, h abi.Header, names bool) {
	b := f.block[:0]
	date, server := false, false
	for i := range h {
		k := kindOf(h[i].Name)
		switch k {
		case kindDate:
			date = true
		case kindServer:
			server = true
		case kindLength:
			if !f.describes(status) {
				continue
			}
		case kindPlain, kindHost, kindExpect, kindForwardedFor, kindForwarded:
		default:
			continue
		}
		if names && listed(h, h[i].Name) {
			continue
		}
		b = appendField(b, h[i].Name, h[i].Value)
	}
	if !date {
		b = appendLine(b, "Date: ", f.gateway.date.at(f.access.Start))
	}
	if !server {
		b = append(b, "Server: sallyport\r\n"...)
	}
	f.block = append(b, "X-Request-Id"...)
	f.stored = true
	out := &f.ctx.Response
	out.SetStatusCode(status)
	if len(reason) > 0 && string(reason) != fasthttp.StatusMessage(status) {
		out.Header.SetStatusMessage(reason)
	}
	out.Header.SetCanonical(f.block, f.id)
	f.access.Status = status
}

// describes reports whether Content-Length is passed on as it is, since it
// speaks of a body that is not sent.
func (f *flight) describes(status int) bool {
	return !f.replaced && (status == 304 || (f.isHead() && status != 204))
}

// passBody lets fasthttp write the rest of the upstream's body. A body that
// has arrived as a whole is copied, so that it leaves in one write with the
// head and the connection is free at once.
func (f *flight) passBody() {
	up, out := f.up, &f.ctx.Response
	if up.body.mode == bodyDone {
		return
	}
	var ok bool
	if f.reply, ok = up.whole(f.reply[:0]); ok {
		f.access.BytesOut = int64(len(f.reply))
		out.SetBody(f.reply)
		return
	}
	f.handed = true
	if f.old && up.body.mode != bodyFixed {
		f.streamUntilClose()
		return
	}
	f.stream.start(up)
	out.ImmediateHeaderFlush = f.stream.direct || up.r == up.w
	out.SetBodyStream(&f.stream, int(f.stream.size))
}

var _ fasthttp.BodyWriterTo = (*replyStream)(nil)

// replyStream is the body of a reply on its way from upstream to client,
// piece by piece as it arrives.
type replyStream struct {
	flight *flight
	size   int64 // -1 unknown
	direct bool  // pieces are written past fasthttp's buffer
}

func (s *replyStream) start(up *upConn) {
	s.size, s.direct = -1, false
	if up.body.mode == bodyFixed {
		s.size, s.direct = up.body.left, true
	}
	up.grow()
}

// SupportsBodyWriteTo tells fasthttp that WriteTo may stand for Read.
func (s *replyStream) SupportsBodyWriteTo() bool { return true }

// WriteTo writes the body to w, which frames and flushes chunks. A body of
// known length needs no framing and goes to the connection directly: w would
// hold pieces back until its buffer is full.
func (s *replyStream) WriteTo(w io.Writer) (n int64, err error) {
	up := s.flight.up
	if s.direct {
		w = s.flight.conn
	}
	for {
		data, err := up.next()
		if err != nil {
			return n, err
		}
		if len(data) > 0 {
			m, err := w.Write(data)
			n += int64(m)
			s.flight.access.BytesOut = n
			if err != nil {
				return n, err
			}
			continue
		}
		if up.body.mode == bodyDone {
			return n, nil
		}
		if err := up.receive(); err != nil {
			return n, err
		}
	}
}

// Read is here because a body stream must have it; fasthttp uses WriteTo.
func (s *replyStream) Read(p []byte) (int, error) {
	up := s.flight.up
	for len(p) > 0 {
		if int64(len(p)) < int64(up.w-up.r) {
			return 0, io.ErrShortBuffer
		}
		data, err := up.next()
		if err != nil {
			return 0, err
		}
		if len(data) > 0 {
			return copy(p, data), nil
		}
		if up.body.mode == bodyDone {
			return 0, io.EOF
		}
		if err := up.receive(); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// Close ends the flight: fasthttp calls it once the body is written, or cannot
// be.
func (s *replyStream) Close() error {
	f := s.flight
	f.end()
	return nil
}
