package h1

import (
	"crypto/tls"
	"net"
	"time"
)

// maxWrite is the most bytes that are written at once. The limit on writing
// is one on progress, and progress is seen only between writes.
const maxWrite = 64 << 10

// Past returns a deadline that has passed: it wakes whoever waits.
func Past() time.Time { return time.Unix(1, 0) }

// CloseWrite ends the stream to the peer of a TCP or TLS connection and leaves
// the other direction open.
func CloseWrite(c net.Conn) error {
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return net.ErrClosed
}

// OnlyHTTP1 returns a copy of t that keeps a peer from negotiating another
// protocol.
func OnlyHTTP1(t *tls.Config) *tls.Config {
	t = t.Clone()
	t.NextProtos = []string{"http/1.1"}
	return t
}
