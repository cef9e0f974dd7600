package proxy_test

import (
	"bufio"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/c386954a/sallyport/proxy/upstream"
)

// flaky answers the first request on each connection. What it does with the
// second on the first connection, once that has arrived, is up to the test.
func flaky(t *testing.T, second func(c net.Conn)) (url string, served *atomic.Int64) {
	t.Helper()
	served = new(atomic.Int64)
	return script(t, func(n int, c net.Conn, r *bufio.Reader) {
		for i := 0; ; i++ {
			h, err := head(r)
			if err != nil {
				return
			}
			served.Add(1)
			if n == 0 && i == 1 {
				second(c)
				return
			}
			reply(c, "X-A: b", h)
		}
	}), served
}

func TestRequestIsRepeatedOnlyWhenThatIsSafe(t *testing.T) {
	closes := func(net.Conn) {}
	for _, tt := range []struct {
		name   string
		raw    string
		second func(net.Conn)
		want   int
		served int64
	}{
		{"get", get("/"), closes, 200, 3},
		{"put with a small body", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", closes, 200, 3},
		{"post", "POST / HTTP/1.1\r\nHost: a\r\n\r\n", closes, 502, 2},
		{"unknown method", "LOCK / HTTP/1.1\r\nHost: a\r\n\r\n", closes, 502, 2},
		{"get after a byte of the reply", get("/"), func(c net.Conn) { _, _ = io.WriteString(c, "H") }, 502, 2},
		{"get after an interim reply", get("/"), func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 102 Processing\r\n\r\n") }, 502, 2},
		{"put with a streamed body", "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", closes, 502, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url, served := flaky(t, tt.second)
			g := before(t, url)
			if a := ask(t, g, get("/")); a.status != 200 {
				t.Fatalf("first: status = %d", a.status)
			}
			if a := ask(t, g, tt.raw); a.status != tt.want {
				t.Errorf("status = %d, want %d", a.status, tt.want)
			}
			if n := served.Load(); n != tt.served {
				t.Errorf("upstream got %d requests, want %d", n, tt.served)
			}
		})
	}
}

func TestFreshConnectionIsNeverTriedTwice(t *testing.T) {
	var n atomic.Int64
	g := before(t, script(t, func(_ int, _ net.Conn, r *bufio.Reader) {
		n.Add(1)
		_, _ = head(r)
	}))
	if a := ask(t, g, get("/")); a.status != 502 || n.Load() != 1 {
		t.Errorf("status = %d after %d connections", a.status, n.Load())
	}
}

// TestPostSurvivesAConnectionClosedWhileIdle needs no repetition: the look at
// the socket finds the end of the stream.
func TestPostSurvivesAConnectionClosedWhileIdle(t *testing.T) {
	closed := make(chan struct{}, 9)
	g := before(t, script(t, func(_ int, c net.Conn, r *bufio.Reader) {
		h, err := head(r)
		if err != nil {
			return
		}
		reply(c, "X-A: b", h)
		_ = c.Close()
		closed <- struct{}{}
	}))
	for range 5 {
		if a := ask(t, g, "POST / HTTP/1.1\r\nHost: a\r\n\r\n"); a.status != 200 {
			t.Fatalf("status = %d", a.status)
		}
		<-closed
	}
}

func TestUnsolicitedReplyIsNotTakenForTheNext(t *testing.T) {
	for _, late := range []bool{false, true} {
		sent := make(chan struct{}, 1)
		g := before(t, script(t, func(n int, c net.Conn, r *bufio.Reader) {
			for {
				h, err := head(r)
				if err != nil {
					return
				}
				extra := "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
				if n > 0 {
					extra = ""
				}
				if late {
					reply(c, "X-A: b", h)
					_, _ = io.WriteString(c, extra)
				} else {
					reply(c, "X-A: b\r\nContent-Length: "+itoa(len(h)), h+extra)
				}
				sent <- struct{}{}
			}
		}))
		for range 3 {
			a := ask(t, g, get("/"))
			<-sent
			if a.body == "forged" {
				t.Errorf("late %v: the next request got a forged reply", late)
			}
		}
	}
}

func TestConnectionsAreReused(t *testing.T) {
	var conns atomic.Int64
	g := before(t, script(t, func(n int, c net.Conn, r *bufio.Reader) {
		conns.Add(1)
		echoHead(n, c, r)
	}))
	for range 20 {
		ask(t, g, get("/"))
	}
	if n := conns.Load(); n != 1 {
		t.Errorf("%d connections for 20 requests in a row", n)
	}
}

func TestUpstreamURLsAreChecked(t *testing.T) {
	for _, url := range []string{"", "x", "ftp://a", "http://", "http://a/?b c", "http://a/#b", "http://u@a/", "http://[::1", "http://:80"} {
		if _, err := upstream.New(upstream.Config{URL: url}); err == nil {
			t.Errorf("NewUpstream(%q) = nil error", url)
		}
	}
}
