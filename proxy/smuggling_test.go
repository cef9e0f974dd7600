package proxy_test

import (
	"strings"
	"testing"

	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/ingress"
	"github.com/c386954a/sallyport/proxy/upstream"
)

// TestAmbiguousRequestsAreRefused sends what two readers of a connection could
// understand in two ways. Each must be answered with an error and the end of
// the connection, and no byte of it may reach the upstream.
func TestAmbiguousRequestsAreRefused(t *testing.T) {
	const next = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
	for _, tt := range []struct {
		name, raw string
		want      int
	}{
		{"length and coding", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		{"coding and length", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400},
		{"two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400},
		{"same length twice", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400},
		{"list of lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello", 400},
		{"signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", 400},
		{"negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello", 400},
		{"hexadecimal length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello", 400},
		{"empty length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400},
		{"overflowing length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
		{"identity", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello", 400},
		{"unknown coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400},
		{"coding list", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400},
		{"two codings", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		{"coding in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		{"space before colon", "GET / HTTP/1.1\r\nHost: a\r\nX-A : b\r\n\r\n", 400},
		{"space before the colon of a length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello", 400},
		{"space inside a name", "GET / HTTP/1.1\r\nHost: a\r\nX A: b\r\n\r\n", 400},
		{"folded field", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n", 400},
		{"folded coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400},
		{"fold first", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
		{"bare carriage return", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\rX-B: c\r\n\r\n", 400},
		{"bare carriage return in the target", "GET /\rx HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"zero byte", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\x00c\r\n\r\n", 400},
		{"no colon", "GET / HTTP/1.1\r\nHost: a\r\nX-A\r\n\r\n", 400},
		{"no name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400},
		{"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
		{"same host twice", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400},
		{"no host", "GET / HTTP/1.1\r\nX-A: b\r\n\r\n", 400},
		{"empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
		{"host with path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
		{"host with user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
		{"host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
		{"two targets", "GET / /x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"fragment", "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"relative target", "GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"foreign scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"user in target", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"connect", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 405},
		{"bad method", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
		{"later version", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
		{"not a version", "GET / HTTX/1.1\r\nHost: a\r\n\r\n", 400},
		{"no version", "GET /\r\nHost: a\r\n\r\n", 400},
		{"chunk size with sign", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n", 400},
		{"chunk size with prefix", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n", 400},
		{"chunk size too large", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\na\r\n0\r\n\r\n", 400},
		{"chunk longer than its size", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", 400},
		{"no chunk size", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\r\n\r\n", 400},
		{"bare line feed in chunks", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a\nb\r\na\r\n0\r\n\r\n", 400},
		{"forbidden trailer", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n", 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log requests
			g := before(t, log.serve(t))
			p := connect(t, g.addr)
			p.send(tt.raw + next)
			a := p.receive("POST")
			if a.status != tt.want {
				t.Errorf("status = %d, want %d", a.status, tt.want)
			}
			if !strings.Contains(a.head, "Connection: close\r\n") || !p.ended() {
				t.Errorf("the connection goes on after %q", a.head)
			}
			for _, r := range log.all() {
				if strings.Contains(r, "smuggled") || strings.Count(r, "HTTP/1.1") > 1 {
					t.Errorf("upstream got %q", r)
				}
			}
		})
	}
}

func TestLimitsOfTheHead(t *testing.T) {
	g := start(t, proxy.Config{Config: ingress.Config{MaxHeaderBytes: 4 << 10, MaxURIBytes: 1 << 10}},
		proxy.Route{Chain: newChain(t), Upstream: newUpstream(t, upstream.Config{URL: script(t, echoHead)})})
	many := strings.Repeat("X-A: b\r\n", 600)
	for _, tt := range []struct {
		name, raw string
		want      int
	}{
		{"fits", get("/"+strings.Repeat("a", 1000), "X-A: "+strings.Repeat("b", 2000)), 200},
		{"long target", get("/" + strings.Repeat("a", 1<<10)), 414},
		{"target larger than a head", get("/" + strings.Repeat("a", 8<<10)), 414},
		{"large field", get("/", "X-A: "+strings.Repeat("b", 8<<10)), 431},
		{"many fields", get("/", many), 431},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if a := ask(t, g, tt.raw); a.status != tt.want {
				t.Errorf("status = %d, want %d", a.status, tt.want)
			}
		})
	}
}

func TestTooManyFieldsAreRefused(t *testing.T) {
	g := start(t, proxy.Config{Config: ingress.Config{MaxHeaderBytes: 64 << 10}},
		proxy.Route{Chain: newChain(t), Upstream: newUpstream(t, upstream.Config{URL: script(t, echoHead)})})
	if a := ask(t, g, get("/", strings.TrimSuffix(strings.Repeat("A: b\r\n", 600), "\r\n"))); a.status != 431 {
		t.Errorf("status = %d, want 431", a.status)
	}
}

func TestPipelinedRequestsAreAnsweredInOrder(t *testing.T) {
	var log requests
	g := before(t, log.serve(t))
	p := connect(t, g.addr)
	var all strings.Builder
	for i := range 50 {
		path := "/" + itoa(i)
		switch i % 3 {
		case 0:
			all.WriteString(get(path))
		case 1:
			all.WriteString("POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
		case 2:
			all.WriteString("POST " + path + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
		}
	}
	p.send(all.String())
	for i := range 50 {
		a := p.receivePipelined()
		want := " /" + itoa(i) + " "
		if !strings.Contains(a.body, want) || (i%3 > 0) != strings.HasSuffix(a.body, "hello") {
			t.Fatalf("reply %d is to %q", i, a.body)
		}
	}
}
