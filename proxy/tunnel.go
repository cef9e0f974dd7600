package proxy

import (
	"io"
	"net"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/h1"
	"github.com/c386954a/sallyport/proxy/upstream"
)

// openTunnel passes on the upstream's consent to another protocol and joins
// both connections.
func (rc *requestContext) openTunnel() error {
	h := &rc.up.Head
	if len(rc.client.Head.Upgrade()) == 0 {
		return upstream.ErrReply // it switches protocols unasked
	}
	rc.relayHead(h.Status, h.Reason, h.Fields)
	rc.dropBody()
	rc.client.Tunnel(upgraded(h.Fields), rc.join)
	return nil
}

// upgraded returns the protocol the upstream has switched to.
func upgraded(h abi.Header) []byte {
	for i := range h {
		if h1.KindOf(h[i].Name) == h1.KindUpgrade {
			return h[i].Value
		}
	}
	return nil
}

// join copies both ways until both sides have ended. The end of one stream is
// passed on as such, so that the other side may still answer.
func (rc *requestContext) join(client io.Reader, conn net.Conn) (bytesOut int64) {
	up, received := rc.up.Tunnel()
	// io.Copy must not see what else the connections can do.
	done := make(chan int64, 1)
	go func() {
		n, err := io.Copy(struct{ io.Writer }{up}, client)
		endStream(up, err)
		done <- n
	}()
	n, err := conn.Write(received)
	bytesOut = int64(n)
	if err == nil {
		var rest int64
		rest, err = io.Copy(struct{ io.Writer }{conn}, struct{ io.Reader }{up})
		bytesOut += rest
	}
	endStream(conn, err)
	rc.access.BytesIn = <-done
	return bytesOut
}

// endStream passes the end of a stream on, or its failure.
func endStream(to net.Conn, err error) {
	if err == nil && h1.CloseWrite(to) == nil {
		return
	}
	_ = to.Close()
}
