//go:build !linux

package h1

import "net"

// PeerSocket sees whether the other end of a connection has gone, on Linux only.
type PeerSocket struct{}

// Open does nothing here.
func (p *PeerSocket) Open(net.Conn) {}

// Gone always reports false: here it shows when the reply is written.
func (p *PeerSocket) Gone() bool { return false }
