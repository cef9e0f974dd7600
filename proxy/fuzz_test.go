package proxy_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// FuzzConnection sends arbitrary bytes and then a well-formed request on the
// same connection. The gateway must neither panic nor hang, and whatever
// reaches the upstream must be a request that a strict reader understands as
// one: what it reads must be what the gateway meant.
func FuzzConnection(f *testing.F) {
	for _, raw := range []string{
		get("/"),
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
		"GET http://a:80/b?c HTTP/1.1\r\nHost: x\r\nConnection: x, close\r\nX: y\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na",
		"GET / HTTP/1.0\r\n\r\n\r\n\r\nGET / HTTP/1.1\nHost: a\n\n",
		"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
	} {
		f.Add([]byte(raw))
	}
	url := script(f, func(_ int, c net.Conn, r *bufio.Reader) {
		for {
			req, err := http.ReadRequest(r)
			if err != nil {
				if err != io.EOF && strings.Contains(err.Error(), "malformed") {
					f.Errorf("upstream cannot read the request: %v", err)
				}
				return
			}
			if id := req.Header.Values("X-Request-Id"); len(id) != 1 {
				f.Errorf("upstream got a request that the gateway did not send: %+v", req)
			}
			if _, err := io.Copy(io.Discard, req.Body); err != nil {
				return
			}
			reply(c, "X-A: b", "ok")
		}
	})
	g := before(f, url)
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := net.Dial("tcp", g.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		_ = c.SetDeadline(time.Now().Add(patience))
		_, _ = c.Write(raw)
		_, _ = c.Write([]byte(get("/after", "Connection: close")))
		_ = c.(*net.TCPConn).CloseWrite()
		if _, err := io.Copy(io.Discard, c); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Errorf("the gateway hangs: %v", err)
		}
	})
}
