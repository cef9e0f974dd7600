//go:build !linux

package h1

import "net"

// Peer sees whether the other end of a connection has gone, on Linux only.
type Peer struct{}

// Open does nothing here.
func (p *Peer) Open(net.Conn) {}

// Gone always reports false: here it shows when the reply is written.
func (p *Peer) Gone() bool { return false }
