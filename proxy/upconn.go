package proxy

import (
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// Sizes of the buffers of an upstream connection.
const (
	upBuffer     = 8 << 10   // as long as it is pooled
	streamBuffer = 64 << 10  // while a large body streams
	maxReplyHead = 256 << 10 // the largest reply head
)

// upConn is a connection to an upstream. The goroutine that acquired it owns
// it; only the watch and Close reach it from outside.
type upConn struct {
	net.Conn
	upstream *Upstream
	in, out  guard
	socket   socket

	buf  []byte // received bytes are buf[r:w]
	r, w int
	big  *[]byte // the pooled buffer that buf is, while a large body streams
	own  []byte  // buf otherwise
	req  []byte  // the request head being sent
	head replyHead
	body bodyReader

	used bool // it has carried a request before: it may be stale
	seen bool // a byte came since the request was sent
	late atomic.Bool
	once sync.Once
}

func newUpConn(u *Upstream, raw net.Conn) *upConn {
	c := &upConn{Conn: raw, upstream: u, own: make([]byte, upBuffer)}
	c.buf = c.own
	c.in.w, c.out.w = u.watch, u.watch
	c.in.set(phaseNone)
	c.out.set(phaseNone)
	c.socket.open(raw)
	return c
}

func (c *upConn) directions() (in, out *guard) { return &c.in, &c.out }

func (c *upConn) expire(p phase) {
	if p == phaseIdle {
		c.upstream.drop(c)
		return
	}
	c.late.Store(true)
	_ = c.Conn.Close()
}

func (c *upConn) close() {
	c.once.Do(func() {
		_ = c.Conn.Close()
		c.upstream.watch.remove(c)
	})
}

// finish gives the connection back after the reply: to the pool if it can
// carry another request, else it is closed. Bytes after the reply are nobody's
// and would be taken for the next one's (response splitting), so they end it.
func (c *upConn) finish() {
	reusable := c.body.mode == bodyDone && c.r == c.w && !c.head.close && !c.late.Load()
	c.shrink()
	if reusable {
		c.upstream.release(c)
		return
	}
	c.upstream.discard(c)
}

// send writes p, watched for progress.
func (c *upConn) send(p []byte) error {
	defer c.out.set(phaseNone)
	for len(p) > 0 {
		c.out.set(phaseWrite)
		n, err := c.Conn.Write(p[:min(len(p), maxWrite)])
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// fill reads more bytes. The phase is that of the reader.
func (c *upConn) fill() error {
	if c.r == c.w {
		c.r, c.w = 0, 0
	}
	if c.w == len(c.buf) {
		if err := c.room(); err != nil {
			return err
		}
	}
	n, err := c.Conn.Read(c.buf[c.w:])
	c.w += n
	if n > 0 {
		c.seen = true
		return nil
	}
	if err == nil {
		return io.ErrNoProgress
	}
	return err
}

// room makes place in a full buffer: by moving, else by growing. Only a head
// or a line of chunked framing is ever kept unread, and both have a limit.
func (c *upConn) room() error {
	if c.r > 0 {
		c.w = copy(c.buf, c.buf[c.r:c.w])
		c.r = 0
		return nil
	}
	if len(c.buf) >= maxReplyHead {
		return fmt.Errorf("%w: head exceeds %d bytes", faultReply, maxReplyHead)
	}
	bigger := make([]byte, 2*len(c.buf))
	copy(bigger, c.buf)
	c.buf = bigger
	return nil
}

// grow takes a large buffer for a body that will pass through it. What the
// reply head refers to must not be needed any more.
func (c *upConn) grow() {
	if c.big != nil {
		return
	}
	if c.w-c.r > streamBuffer {
		return
	}
	c.big = c.upstream.takeBuffer()
	c.w = copy(*c.big, c.buf[c.r:c.w])
	c.r = 0
	c.buf = *c.big
}

// shrink goes back to the connection's own buffer and forgets what is unread.
func (c *upConn) shrink() {
	if c.big != nil {
		c.upstream.buffers.Put(c.big)
		c.big = nil
	}
	c.buf = c.own
	c.r, c.w = 0, 0
}
