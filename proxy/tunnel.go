package proxy

import (
	"io"
	"net"
	"strconv"

	"github.com/valyala/fasthttp"

	"github.com/c386954a/sallyport/abi"
)

// tunnels reports whether the request asks for a tunnel that is given.
//
// h2c is not: it would open a second HTTP connection past the hooks, in which
// any path could be asked for. RFC 9110 section 7.8 lets a server ignore the
// field.
func (f *flight) tunnels() bool {
	return f.wants && len(f.upgrade) > 0 && !f.old && !f.hasBody() && !hasToken(f.upgrade, tokenH2C)
}

var tokenH2C = []byte("h2c")

// openTunnel passes on the upstream's consent and joins both connections once
// fasthttp has written it.
func (f *flight) openTunnel() error {
	h := &f.up.head
	if !f.tunnels() {
		return faultReply // switching protocols unasked
	}
	f.storeHead(h.status, h.reason, h.fields, h.names)
	f.block = append(f.block[:0], "Connection: Upgrade\r\nUpgrade"...)
	f.ctx.Response.Header.SetCanonical(f.block, upgraded(h.fields))
	f.takeOver(f.join)
	return nil
}

// upgraded returns the protocol the upstream has switched to.
func upgraded(h abi.Header) []byte {
	for i := range h {
		if kindOf(h[i].Name) == kindUpgrade {
			return h[i].Value
		}
	}
	return nil
}

// takeOver takes the client connection from fasthttp, which calls serve on a
// goroutine of its own once it has written the reply. Should it not come to
// that, [Gateway.serve] ends the flight.
func (f *flight) takeOver(serve func(client net.Conn)) {
	c := f.conn
	f.handed = true
	c.taken = f
	f.ctx.Hijack(func(client net.Conn) {
		defer c.gone()
		serve(client)
		f.end()
	})
}

// join copies both ways until both sides have ended. An end of one stream is
// passed on as such, so that the other may still be answered.
func (f *flight) join(client net.Conn) {
	up := f.up
	up.head.close = true
	up.in.set(phaseNone)
	done := make(chan int64, 1)
	go func() {
		n, err := io.Copy(onlyWriter{up.Conn}, client) // client also has what fasthttp has read ahead
		endStream(up.Conn, err)
		done <- n
	}()
	n, err := f.copyDown()
	endStream(f.conn, err)
	f.access.BytesOut = n
	f.access.BytesIn = <-done
}

// copyDown copies from the upstream to the client, first what was read with
// the head.
func (f *flight) copyDown() (int64, error) {
	up := f.up
	n, err := f.conn.Conn.Write(up.buf[up.r:up.w])
	up.r = up.w
	if err != nil {
		return int64(n), err
	}
	m, err := io.Copy(onlyWriter{f.conn.Conn}, onlyReader{up.Conn})
	return int64(n) + m, err
}

// endStream passes the end of a stream on, or its failure.
func endStream(to net.Conn, err error) {
	if err == nil && closeWrite(to) == nil {
		return
	}
	_ = to.Close()
}

// onlyWriter and onlyReader hide what else a connection can do.
type (
	onlyWriter struct{ io.Writer }
	onlyReader struct{ io.Reader }
)

// streamUntilClose sends a body of unknown length to an HTTP/1.0 client, for
// whom the end of the connection is the end of the body. fasthttp would send
// chunks, which such a client cannot read.
func (f *flight) streamUntilClose() {
	head := append([]byte("HTTP/1.1 "), strconv.Itoa(f.access.Status)...)
	head = appendLine(head, " ", []byte(fasthttp.StatusMessage(f.access.Status)))
	head = append(head, f.block...)
	head = appendLine(head, ": ", f.id)
	head = append(head, "Connection: close\r\n\r\n"...)
	f.ctx.HijackSetNoResponse(true)
	f.takeOver(func(net.Conn) {
		if _, err := f.conn.Write(head); err != nil {
			return
		}
		f.stream.start(f.up)
		_, _ = f.stream.WriteTo(f.conn)
	})
}
