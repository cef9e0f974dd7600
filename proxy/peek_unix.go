//go:build unix

package proxy

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// peekResult is what a look at a socket has found.
type peekResult struct {
	n   int
	err error
}

// watchSocket prepares quiet. The function is made once: a closure per
// request would be an allocation.
func (c *upConn) watchSocket(raw net.Conn) {
	sc, ok := raw.(syscall.Conn)
	if !ok {
		return
	}
	rc, err := sc.SyscallConn()
	if err != nil {
		return
	}
	c.raw = rc
	var one [1]byte
	c.peek = func(fd uintptr) bool {
		n, _, err := unix.Recvfrom(int(fd), one[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		c.peeked = peekResult{n, err}
		return true
	}
}

// quiet reports whether a pooled connection is open and has sent nothing on
// its own. Asking costs one system call and spares most requests that must
// not be repeated the fate of meeting a connection that the upstream has just
// closed; and it keeps unsolicited bytes, such as a late 408, from being
// taken for the reply to the next request.
func (c *upConn) quiet() bool {
	if c.raw == nil {
		return true
	}
	if err := c.raw.Read(c.peek); err != nil {
		return false
	}
	if errors.Is(c.peeked.err, unix.EAGAIN) || errors.Is(c.peeked.err, unix.EINTR) {
		return true
	}
	// TLS may send tickets at any time; they cannot be taken for a reply.
	return c.peeked.err == nil && c.peeked.n > 0 && c.upstream.tls != nil
}
