package proxy

import (
	"bytes"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of a lingering close: see [conn.Close].
const (
	lingerTime  = 500 * time.Millisecond
	lingerBytes = 256 << 10
)

// maxWrite is the most bytes written at once: the write limit is on progress,
// and the watch sees progress only between writes.
const maxWrite = 64 << 10

// past is a deadline that has passed: it wakes whoever waits.
func past() time.Time { return time.Unix(1, 0) }

// conn is a client connection as fasthttp is given it. It tells the watch
// what it is waiting for.
//
// One goroutine serves it. Only expire and Close are called by others.
type conn struct {
	net.Conn
	gateway *Gateway
	in, out guard
	remote  []byte // address and port of the client
	ip      []byte // the address alone
	tls     bool

	flight  *flight // the request in flight, between the expect handler and the handler
	taken   *flight // the one that is to take over the connection
	joined  bool    // it has been taken over
	sawLine bool    // a line end was seen since the first byte of the request
	sawEnd  bool    // a read has failed, or found the end of the stream
	linger  bool    // the reply went out before the request was read
	late    atomic.Bool
	once    sync.Once
}

func newConn(g *Gateway, raw net.Conn, tls bool) *conn {
	c := &conn{Conn: raw, gateway: g, tls: tls}
	c.remote = []byte(raw.RemoteAddr().String())
	c.ip = c.remote
	if host, _, err := net.SplitHostPort(string(c.remote)); err == nil {
		c.ip = []byte(host)
	}
	c.in.w, c.out.w = g.watch, g.watch
	c.in.set(phaseNew)
	c.out.set(phaseNone)
	return c
}

func (c *conn) directions() (in, out *guard) { return &c.in, &c.out }

// expire ends a wait. Where the client may still be told, only the read
// returns; where nobody waits for an answer, the connection is closed.
func (c *conn) expire(p phase) {
	switch p {
	case phaseHeader, phaseBody:
		c.late.Store(true)
		_ = c.Conn.SetReadDeadline(past())
	default:
		_ = c.Conn.Close()
	}
}

// Read reads for fasthttp. Outside the phases that ConnState announces, it is
// a body that is being read, and the limit is on each wait for its bytes.
func (c *conn) Read(p []byte) (int, error) {
	if c.taken != nil {
		return c.Conn.Read(p) // a tunnel may be silent
	}
	switch c.in.phase() {
	case phaseNone:
		c.in.set(phaseBody)
		n, err := c.Conn.Read(p)
		c.in.set(phaseNone)
		c.sawEnd = c.sawEnd || err != nil
		return n, err
	}
	n, err := c.Conn.Read(p)
	c.sawEnd = c.sawEnd || err != nil
	if !c.sawLine {
		c.sawLine = bytes.IndexByte(p[:n], '\n') >= 0
	}
	return n, err
}

// Write writes p in pieces, each of which must be taken within the limit.
func (c *conn) Write(p []byte) (int, error) {
	c.out.set(phaseWrite)
	defer c.out.set(phaseNone)
	if len(p) <= maxWrite {
		return c.Conn.Write(p)
	}
	done := 0
	for done < len(p) {
		n, err := c.Conn.Write(p[done:min(done+maxWrite, len(p))])
		done += n
		if err != nil {
			return done, err
		}
		c.out.set(phaseWrite)
	}
	return done, nil
}

// CloseWrite ends the stream to the client and leaves the other one open.
func (c *conn) CloseWrite() error { return closeWrite(c.Conn) }

// Close closes the connection. When a request was answered before it was
// read, it first lets the client read the answer: closing with unread bytes
// resets the connection, and a reset may overtake the answer (RFC 9112
// section 9.6).
func (c *conn) Close() (err error) {
	c.once.Do(func() {
		if c.linger && closeWrite(c.Conn) == nil {
			_ = c.Conn.SetReadDeadline(time.Now().Add(lingerTime))
			_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes)
		}
		err = c.Conn.Close()
		c.gateway.watch.remove(c)
	})
	return err
}

// gone closes the connection and takes it off the books of its gateway.
func (c *conn) gone() {
	_ = c.Close()
	c.gateway.open.Add(-1)
	c.gateway.conns.Done()
}

// closeWrite half-closes a TCP or TLS connection.
func closeWrite(c net.Conn) error {
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return net.ErrClosed
}
