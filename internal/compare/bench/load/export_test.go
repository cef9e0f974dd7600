package load

import (
	"net"
	"time"
)

// Over returns a client on connections that are there already, which sleeps by
// package time, as tests with a fake clock need it.
func Over(conns ...net.Conn) *Client {
	c := &Client{sleeper: func() sleeper { return fakeable{} }}
	for _, conn := range conns {
		c.add(conn)
	}
	return c
}

type fakeable struct{}

func (fakeable) sleepUntil(t time.Time) { time.Sleep(time.Until(t)) }

func (fakeable) release() {}
