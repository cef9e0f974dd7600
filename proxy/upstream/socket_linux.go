package upstream

import (
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// socket peeks into the receive buffer of a connection.
type socket struct {
	raw  syscall.RawConn // nil where it cannot be looked at
	look func(fd uintptr)
	err  syscall.Errno
	one  [1]byte
}

// open prepares look. The function is made once, since a closure for each
// request would be an allocation.
func (s *socket) open(c net.Conn) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return
	}
	s.raw = raw
	s.look = func(fd uintptr) {
		// The wrappers of this call allocate an address each time. It never
		// blocks, so the scheduler need not be told of it.
		_, _, s.err = unix.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&s.one)), 1,
			unix.MSG_PEEK|unix.MSG_DONTWAIT, 0, 0)
	}
}

// silent reports whether the peer has neither sent anything nor closed the
// connection. Asking a pooled connection costs one system call. Without it,
// requests that must not be repeated would fail on a connection that the
// upstream has just closed, and unsolicited bytes, such as a late 408, would
// pass for the reply to the next request.
func (s *socket) silent() bool {
	if s.raw == nil {
		return true
	}
	return s.raw.Control(s.look) == nil && s.err == unix.EAGAIN
}
