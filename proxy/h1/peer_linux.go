package h1

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// PeerSocket sees whether the other end of a connection has gone, without reading.
// One goroutine uses it.
type PeerSocket struct {
	raw  syscall.RawConn // nil where it cannot be looked at
	look func(fd uintptr)
	fds  [1]unix.PollFd
	gone bool
}

// Open prepares for looking at a connection, also below TLS.
func (p *PeerSocket) Open(c net.Conn) {
	if t, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = t.NetConn()
	}
	sc, ok := c.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return
	}
	p.raw = raw
	p.look = func(fd uintptr) {
		p.fds[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLRDHUP}
		n, err := unix.Poll(p.fds[:], 0)
		p.gone = n > 0 && err == nil
	}
}

// Gone reports whether the peer has ended its stream or reset the connection.
// Bytes that nobody has read do not hide that, such as the alert by which TLS
// ends, and are no end themselves.
func (p *PeerSocket) Gone() bool { return p.raw != nil && p.raw.Control(p.look) == nil && p.gone }
