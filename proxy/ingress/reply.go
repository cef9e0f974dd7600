package ingress

import (
	"errors"
	"io"
	"net"
	"strconv"

	"github.com/valyala/fasthttp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/h1"
)

// Answer prepares a whole reply that does not come from an upstream, or whose
// body does not. The parameters are those of [Stream.SetHead]; body is copied.
func (s *Stream) Answer(status int, reason []byte, fields abi.Header, body []byte) {
	own := len(body) > 0
	s.setHead(status, reason, fields, own)
	if !h1.Bodiless(status) && (own || !s.IsHead()) {
		s.SetBody(body)
	}
}

// SetHead prepares the head of the reply, whose reason may be empty. All of it
// is copied.
func (s *Stream) SetHead(status int, reason []byte, fields abi.Header) {
	s.setHead(status, reason, fields, false)
}

// SetBody prepares the body of the reply, which is copied.
func (s *Stream) SetBody(body []byte) {
	s.BytesOut = int64(len(body))
	s.ctx.Response.SetBody(body)
}

// IsHead reports whether the client asked for a head only.
func (s *Stream) IsHead() bool { return s.ctx.Request.Header.IsHead() }

// setHead gives fasthttp the head of the reply to write. ownBody says that
// the body is not the one that the fields speak of.
//
// The header API of fasthttp would rename and reorder Content-Type, Server,
// Set-Cookie and others, keep one of several Content-Encoding lines and drop
// Date. All lines are therefore handed over as one: the name of a single field
// holds all lines up to the value of the last. SetCanonical takes a name as it
// is, and every name and value in it has been checked, here or in the
// exchange. Framing and Connection are left to fasthttp.
func (s *Stream) setHead(status int, reason []byte, fields abi.Header, ownBody bool) {
	b := s.block[:0]
	var id []byte // of the upstream's or a plugin's choice
	date, server := false, false
	// Without a body, Content-Length speaks of the one that is not sent.
	keepLength := !ownBody && (status == 304 || (s.IsHead() && status != 204))
	for i := range fields {
		switch h1.KindOf(fields[i].Name) {
		case h1.KindDate:
			date = true
		case h1.KindServer:
			server = true
		case h1.KindLength:
			if !keepLength {
				continue
			}
		case h1.KindRequestID:
			if id != nil {
				b = h1.AppendLine(b, "X-Request-Id: ", id)
			}
			id = fields[i].Value
			continue
		case h1.KindConnection, h1.KindHop, h1.KindUpgrade, h1.KindEncoding:
			continue
		}
		b = h1.AppendField(b, fields[i].Name, fields[i].Value)
	}
	if !date {
		b = h1.AppendLine(b, "Date: ", s.server.date.at(s.Start))
	}
	if !server {
		b = append(b, "Server: sallyport\r\n"...)
	}
	if id == nil {
		id = s.id
	}
	s.block = append(b, "X-Request-Id"...)
	out := &s.ctx.Response
	out.SetStatusCode(status)
	if len(reason) > 0 && string(reason) != fasthttp.StatusMessage(status) {
		out.Header.SetStatusMessage(reason)
	}
	out.Header.SetCanonical(s.block, id)
	s.replyID = id
	s.Status = status
}

// StreamBody lets the reply end with a body that arrives piece by piece.
// length is -1 if it is not known. headFirst sends the head before the body
// begins.
func (s *Stream) StreamBody(body io.WriterTo, length int64, headFirst bool) {
	if s.Head.HTTP10 && length < 0 {
		s.streamUntilClose(body)
		return
	}
	s.streaming = true
	s.body = bodyStream{stream: s, body: body, direct: length >= 0}
	s.ctx.Response.ImmediateHeaderFlush = s.body.direct || headFirst
	s.ctx.Response.SetBodyStream(&s.body, int(length))
}

var _ fasthttp.BodyWriterTo = (*bodyStream)(nil)

// bodyStream is the body of a reply as fasthttp is given it.
type bodyStream struct {
	stream *Stream
	body   io.WriterTo
	direct bool // pieces are written past fasthttp's buffer
}

// SupportsBodyWriteTo tells fasthttp to use WriteTo instead of Read.
func (b *bodyStream) SupportsBodyWriteTo() bool { return true }

// WriteTo writes the body to w, which frames and flushes chunks. A body of
// known length needs no framing and goes to the connection directly: w would
// hold pieces back until its buffer is full.
func (b *bodyStream) WriteTo(w io.Writer) (n int64, err error) {
	if b.direct {
		w = b.stream.conn
	}
	n, err = b.body.WriteTo(w)
	b.stream.BytesOut = n
	return n, err
}

// Read is here because a body stream must have it; fasthttp uses WriteTo.
func (b *bodyStream) Read([]byte) (int, error) { return 0, errors.ErrUnsupported }

// Close ends the request: fasthttp calls it once the body is written, or
// cannot be written.
func (b *bodyStream) Close() error {
	b.stream.end()
	return nil
}

// streamUntilClose sends a body of unknown length to an HTTP/1.0 client, for
// whom the end of the connection is the end of the body. fasthttp would send
// chunks, which such a client cannot read.
func (s *Stream) streamUntilClose(body io.WriterTo) {
	head := append([]byte("HTTP/1.1 "), strconv.Itoa(s.Status)...)
	head = h1.AppendLine(head, " ", []byte(fasthttp.StatusMessage(s.Status)))
	head = append(head, s.block...)
	head = h1.AppendLine(head, ": ", s.replyID)
	head = append(head, "Connection: close\r\n\r\n"...)
	s.ctx.HijackSetNoResponse(true)
	s.hijack(func(net.Conn) {
		if _, err := s.conn.Write(head); err == nil {
			s.BytesOut, _ = body.WriteTo(s.conn)
		}
	})
}

// Tunnel lets the reply, whose head has been set, be the beginning of a tunnel
// in another protocol. serve is called on another goroutine, with what has
// been read ahead of the client's bytes in client, and with the connection to
// write to. The request ends when serve returns.
func (s *Stream) Tunnel(protocol []byte, serve func(client io.Reader, conn net.Conn) (bytesOut int64)) {
	s.block = append(s.block[:0], "Connection: Upgrade\r\nUpgrade"...)
	s.ctx.Response.Header.SetCanonical(s.block, protocol)
	s.hijack(func(client net.Conn) { s.BytesOut = serve(client, s.conn.Conn) })
}

// hijack takes the client connection from fasthttp, which calls serve on a
// goroutine of its own once it has written the reply. If it never does,
// [Server.serve] ends the request.
func (s *Stream) hijack(serve func(client net.Conn)) {
	s.streaming = true
	s.conn.noLimits = true
	s.conn.in.Enter(h1.PhaseTunnel)
	s.ctx.Hijack(func(client net.Conn) {
		defer s.conn.release()
		serve(client)
		s.end()
	})
}
