package ingress

import (
	"bytes"
	"crypto/tls"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/c386954a/sallyport/internal/jsontext"
	"github.com/c386954a/sallyport/proxy/h1"
)

// clientConn is a client connection as fasthttp is given it. It notes what it
// waits for, so that [h1.Deadlines] can end the wait.
//
// One goroutine serves it. Only Expire and Close are called by others.
type clientConn struct {
	net.Conn
	server  *Server
	in, out h1.PhaseTimer
	remote  []byte // address and port of the client
	ip      []byte // the address alone
	tls     bool
	trusted bool // its forwarding fields are believed

	pace     bodyPace
	stream   *Stream // the current request, from its start to its end
	noLimits bool    // reading has no limits any more, since a tunnel may be silent
	noWait   bool    // reading fails where it would have to ask the connection
	hijacked bool    // fasthttp has given the connection away
	sawLine  bool    // a line end was seen since the first byte of the request
	sawEnd   bool    // a read has failed, or found the end of the stream
	linger   bool    // the reply went out before the request was read
	timedOut atomic.Bool
	once     sync.Once

	peer peerWatch
}

// peerWatch is what is done when the client leaves before its reply.
type peerWatch struct {
	peer h1.PeerSocket
	open bool          // peer has been opened
	gone chan struct{} // closed when the client has left

	mu    sync.Mutex // mu protects the fields below
	left  bool
	abort Aborter // what the request waits for
}

func newConn(s *Server, raw net.Conn) *clientConn {
	settings := s.settings.Load()
	c := &clientConn{Conn: raw, server: s, tls: settings.TLS != nil}
	c.peer.gone = make(chan struct{})
	if c.tls {
		c.Conn = tls.Server(raw, settings.TLS)
	}
	c.remote = []byte(raw.RemoteAddr().String())
	c.ip = c.remote
	if host, _, err := net.SplitHostPort(string(c.remote)); err == nil {
		c.ip = []byte(host)
	}
	if peer, err := netip.ParseAddr(string(c.ip)); err == nil {
		c.trusted = settings.trusts(peer)
	}
	c.in.Init(s.deadlines, h1.PhaseNew)
	c.out.Init(s.deadlines, h1.PhaseNone)
	return c
}

// Timers implements [h1.TimedConn].
func (c *clientConn) Timers() (in, out *h1.PhaseTimer) { return &c.in, &c.out }

// CheckPeer implements [h1.WatchedConn]: a client that leaves while its request
// is served ends the request. The end of its stream counts as leaving, as it
// does elsewhere: hardly any client ends its own stream and then waits.
func (c *clientConn) CheckPeer() {
	p := &c.peer
	if !p.open {
		p.open = true
		p.peer.Open(c.Conn)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left || !p.peer.Gone() {
		return
	}
	p.left = true
	close(p.gone)
	if p.abort != nil {
		p.abort.Abort()
	}
}

// Expire ends a wait. Where the client may still be answered, only the read
// returns; else the connection is closed.
func (c *clientConn) Expire(p h1.Phase) {
	switch p {
	case h1.PhaseHead, h1.PhaseBody:
		c.timedOut.Store(true)
		_ = c.Conn.SetReadDeadline(h1.Past())
	default:
		_ = c.Conn.Close()
	}
}

// Read reads for fasthttp. Outside the phases that connState enters, a body is
// read, and the limit is on each wait for its bytes.
func (c *clientConn) Read(p []byte) (int, error) {
	switch {
	case c.noLimits:
		return c.Conn.Read(p)
	case c.noWait:
		return 0, os.ErrDeadlineExceeded
	}
	if c.in.Phase() == h1.PhaseNone {
		return c.readBody(p)
	}
	n, err := c.Conn.Read(p)
	c.sawEnd = c.sawEnd || err != nil
	if !c.sawLine {
		c.sawLine = bytes.IndexByte(p[:n], '\n') >= 0
	}
	return n, err
}

// readBody reads bytes of a body. One that comes too slowly ends as one that
// does not come.
func (c *clientConn) readBody(p []byte) (int, error) {
	before := c.server.deadlines.Now()
	c.in.Enter(h1.PhaseBody)
	n, err := c.Conn.Read(p)
	c.in.Enter(h1.PhaseNone)
	c.sawEnd = c.sawEnd || err != nil
	if err == nil && c.pace.tooSlow(n, c.server.deadlines.Now()-before, c.server.settings.Load()) {
		c.timedOut.Store(true)
		return 0, os.ErrDeadlineExceeded
	}
	return n, err
}

// bodyPace is how fast a request body comes.
type bodyPace struct {
	total  time.Duration // waited for all of it
	window time.Duration // waited since the rate was looked at last
	bytes  int           // that came in that time
}

// tooSlow counts n bytes for which the server has waited.
func (b *bodyPace) tooSlow(n int, waited time.Duration, limits *Config) bool {
	b.total += waited
	b.window += waited
	b.bytes += n
	if limits.BodyTimeout > 0 && b.total > limits.BodyTimeout {
		return true
	}
	if b.window < limits.BodyGrace {
		return false
	}
	slow := float64(b.bytes) < float64(limits.BodyRate)*b.window.Seconds()
	b.window, b.bytes = 0, 0
	return slow
}

// Write writes p, with a limit on the time without progress.
func (c *clientConn) Write(p []byte) (int, error) { return c.out.Write(c.Conn, p) }

// Close closes the connection. When a request was answered before it was
// read, it first lets the client read the answer: closing with unread bytes
// resets the connection, and a reset may overtake the answer (RFC 9112
// section 9.6).
func (c *clientConn) Close() (err error) {
	c.once.Do(func() {
		if c.linger && h1.CloseWrite(c.Conn) == nil {
			c.drain()
		}
		err = c.Conn.Close()
		c.server.deadlines.Remove(c)
	})
	return err
}

// drain reads what the client still sends, as long as it makes progress: many
// clients read the answer only when they have sent all of their request.
func (c *clientConn) drain() {
	limits := c.server.settings.Load()
	end := time.Now().Add(limits.LingerTime)
	if c.server.stopping.Load() {
		end = time.Now().Add(idleGrace)
	}
	buf := make([]byte, 16<<10)
	for {
		now := time.Now()
		if !now.Before(end) {
			return
		}
		_ = c.Conn.SetReadDeadline(now.Add(min(limits.LingerTimeout, end.Sub(now))))
		if _, err := c.Conn.Read(buf); err != nil {
			return
		}
	}
}

// release closes the connection, which its server then no longer counts.
func (c *clientConn) release() {
	_ = c.Close()
	c.server.open.Add(-1)
	c.server.conns.Done()
}

// reject answers a connection that is one too many.
func (c *clientConn) reject() {
	if c.tls {
		return // a reply would need a handshake
	}
	id := c.server.ids.append(nil)
	body := jsontext.AppendError(nil, errCrowded.Text, id)
	head := []byte("HTTP/1.1 503 Service Unavailable\r\nServer: sallyport\r\n" +
		"Content-Type: application/json\r\nConnection: close\r\n")
	head = h1.AppendLine(head, "X-Request-Id: ", id)
	c.linger = true
	_, _ = c.Write(append(append(h1.AppendLength(head, int64(len(body))), "\r\n"...), body...))
}
