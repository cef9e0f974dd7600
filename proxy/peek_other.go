//go:build !unix

package proxy

import "net"

type peekResult struct{}

func (c *upConn) watchSocket(net.Conn) {}

// quiet cannot look at the socket here: a stale connection is found by using
// it.
func (c *upConn) quiet() bool { return true }
