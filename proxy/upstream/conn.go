package upstream

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"github.com/c386954a/sallyport/proxy/h1"
)

// What goes wrong with an upstream, in the words of the client's reply.
var (
	errUnavailable = &h1.StatusError{Status: 502, Text: "upstream unavailable"}
	ErrReply       = &h1.StatusError{Status: 502, Text: "invalid upstream reply"}
	errReplySize   = &h1.StatusError{Status: 502, Text: "upstream reply too large"}
	errBusy        = &h1.StatusError{Status: 503, Text: "upstream busy"}
	errTimeout     = &h1.StatusError{Status: 504, Text: "upstream timeout"}
)

// ErrStale marks a failure on a pooled connection before any byte of a reply:
// most likely the upstream has closed a connection that was idle.
var ErrStale = errors.New("pooled connection failed")

// Sizes of the buffers of an upstream connection.
const (
	pooledBuffer = 8 << 10   // as long as it is pooled
	streamBuffer = 64 << 10  // while a large body streams
	maxReplyHead = 256 << 10 // the largest reply head
)

// Conn is a connection to an upstream, used for one request at a time. The
// goroutine that acquired it owns it, until [Conn.Release] or [Conn.Discard];
// only [Conn.Abort] may be called by others.
type Conn struct {
	// Request is memory for the request head. It is kept between requests.
	Request []byte
	// Head is the head of the reply, valid after [Conn.ReadHead].
	Head ReplyHead

	upstream *Upstream
	raw      net.Conn
	in, out  h1.PhaseTimer
	socket   socket

	buf  []byte // received bytes are buf[r:w]
	r, w int
	big  *[]byte // the pooled buffer that buf is, while a large body streams
	own  []byte  // buf otherwise
	body bodyReader

	used     bool // it has carried a request before: it may be stale
	answered bool // a byte came since the request was sent
	last     bool // it must not carry another request
	timedOut atomic.Bool
	once     sync.Once
}

func newConn(u *Upstream, raw net.Conn) *Conn {
	c := &Conn{raw: raw, upstream: u, own: make([]byte, pooledBuffer)}
	c.buf = c.own
	c.in.Init(u.deadlines, h1.PhaseNone)
	c.out.Init(u.deadlines, h1.PhaseNone)
	c.socket.open(raw)
	return c
}

// Timers implements [h1.TimedConn].
func (c *Conn) Timers() (in, out *h1.PhaseTimer) { return &c.in, &c.out }

// Expire implements [h1.TimedConn].
func (c *Conn) Expire(p h1.Phase) {
	if p == h1.PhaseIdle {
		c.upstream.drop(c)
		return
	}
	c.timedOut.Store(true)
	c.Abort()
}

// Abort cuts the connection off: whoever reads or writes gets an error. It
// must still be released or discarded.
func (c *Conn) Abort() { _ = c.raw.Close() }

func (c *Conn) close() {
	c.once.Do(func() {
		_ = c.raw.Close()
		c.upstream.deadlines.Remove(c)
	})
}

// KeepOut keeps the connection out of the pool: it is closed after the reply.
func (c *Conn) KeepOut() { c.last = true }

// Release gives the connection back after the reply: to the pool if it can
// carry another request, else it is closed. Bytes after the reply belong to
// nothing and would be taken for the next reply (response splitting), so they
// end the connection.
func (c *Conn) Release() {
	reusable := c.body.mode == bodyDone && c.r == c.w && !c.last && !c.timedOut.Load()
	c.shrink()
	if !reusable || !c.upstream.push(c) {
		c.close()
	}
	c.upstream.leave()
}

// Discard closes a connection that failed before the reply.
func (c *Conn) Discard() {
	c.shrink()
	c.close()
	c.upstream.leave()
}

// Failure adds to an error before the reply what it means: a timeout, a stale
// connection, or an upstream that cannot be reached.
func (c *Conn) Failure(err error) error {
	if c.used && !c.answered && !c.timedOut.Load() {
		return fmt.Errorf("%w: %w: %w", errUnavailable, ErrStale, err)
	}
	return c.explain(err, errUnavailable)
}

// explain wraps an error in what the client is told of it.
func (c *Conn) explain(err error, otherwise *h1.StatusError) error {
	if c.timedOut.Load() {
		return fmt.Errorf("%w: %w", errTimeout, err)
	}
	if _, ok := errors.AsType[*h1.StatusError](err); ok {
		return err
	}
	return fmt.Errorf("%w: %w", otherwise, err)
}

// Send writes p, with a limit on the time without progress.
func (c *Conn) Send(p []byte) error {
	_, err := c.out.Write(c.raw, p)
	return err
}

// Tunnel gives the connection up to its owner, without any limit: it returns
// the connection and the bytes received after the head. It must still be
// released.
func (c *Conn) Tunnel() (raw net.Conn, received []byte) {
	c.last = true
	c.in.Enter(h1.PhaseNone)
	received = c.buf[c.r:c.w]
	c.r = c.w
	return c.raw, received
}

// fill reads more bytes. The phase is that of the reader.
func (c *Conn) fill() error {
	if c.r == c.w {
		c.r, c.w = 0, 0
	}
	if c.w == len(c.buf) {
		if err := c.makeSpace(); err != nil {
			return err
		}
	}
	n, err := c.raw.Read(c.buf[c.w:])
	c.w += n
	if n > 0 {
		c.answered = true
		return nil
	}
	if err == nil {
		return io.ErrNoProgress
	}
	return err
}

// makeSpace makes space in a full buffer: by moving, else by growing. Only a head
// or a line of chunked framing is ever kept unread, and both have a limit.
func (c *Conn) makeSpace() error {
	if c.r > 0 {
		c.w = copy(c.buf, c.buf[c.r:c.w])
		c.r = 0
		return nil
	}
	if len(c.buf) >= maxReplyHead {
		return fmt.Errorf("%w: head exceeds %d bytes", ErrReply, maxReplyHead)
	}
	bigger := make([]byte, 2*len(c.buf))
	copy(bigger, c.buf)
	c.buf = bigger
	return nil
}

// grow takes a large buffer for a body that will pass through it. The bytes of
// the reply head are lost.
func (c *Conn) grow() {
	if c.big != nil || c.w-c.r > streamBuffer {
		return
	}
	c.big = c.upstream.takeBuffer()
	c.w = copy(*c.big, c.buf[c.r:c.w])
	c.r = 0
	c.buf = *c.big
}

// shrink goes back to the connection's own buffer and forgets what is unread.
func (c *Conn) shrink() {
	if c.big != nil {
		c.upstream.buffers.Put(c.big)
		c.big = nil
	}
	c.buf = c.own
	c.r, c.w = 0, 0
}
