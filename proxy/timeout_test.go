package proxy_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/ingress"
	"github.com/c386954a/sallyport/proxy/upstream"
)

// short is a limit that a test waits for.
const short = 60 * time.Millisecond

func TestClientsThatAreTooSlow(t *testing.T) {
	var log requests
	cfg := proxy.Config{Config: ingress.Config{ReadHeaderTimeout: short, ReadTimeout: short, IdleTimeout: short}}
	g := start(t, cfg, proxy.Route{Chain: newChain(t), Upstream: newUpstream(t, upstream.Config{URL: log.serve(t)})})
	for _, tt := range []struct {
		name, raw string
		want      int // 0: closed without a word
	}{
		{"nothing", "", 0},
		{"part of a head", "GET / HTTP/1.1\r\nHost: a\r\n", 408},
		{"no body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", 408},
		{"part of a body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe", 408},
		{"part of a large body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" + strings.Repeat("x", 100<<10), 408},
		{"part of a chunked body", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 408},
		{"part of a chunk", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe", 408},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := connect(t, g.addr)
			p.send(tt.raw)
			if tt.want != 0 {
				if a := p.receive("POST"); a.status != tt.want {
					t.Errorf("status = %d, want %d", a.status, tt.want)
				}
			}
			if !p.ended() {
				t.Error("the connection goes on")
			}
		})
	}
	t.Run("idle", func(t *testing.T) {
		t.Parallel()
		p := connect(t, g.addr)
		p.send(get("/"))
		p.receive("GET")
		if !p.ended() {
			t.Error("the connection goes on")
		}
	})
}

func TestSlowBodyThatKeepsComingIsLegal(t *testing.T) {
	t.Parallel()
	var log requests
	g := start(t, proxy.Config{Config: ingress.Config{ReadTimeout: 2 * short}},
		proxy.Route{Chain: newChain(t), Upstream: newUpstream(t, upstream.Config{URL: log.serve(t), ResponseTimeout: 2 * short})})
	p := connect(t, g.addr)
	p.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n")
	tick := time.NewTicker(short / 4) // far longer in all than any limit
	defer tick.Stop()
	for range 40 {
		<-tick.C
		p.send("x")
	}
	if a := p.receive("POST"); a.status != 200 {
		t.Errorf("status = %d", a.status)
	}
}

func TestClientThatDoesNotReadIsCutOff(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	url := script(t, func(_ int, c net.Conn, r *bufio.Reader) {
		defer close(gone)
		_, _ = head(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
		for {
			if _, err := c.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	})
	g := start(t, proxy.Config{Config: ingress.Config{WriteTimeout: short}}, proxy.Route{Chain: newChain(t), Upstream: newUpstream(t, upstream.Config{URL: url})})
	p := connect(t, g.addr)
	p.send(get("/"))
	<-gone
}

func TestUpstreamsThatAreTooSlow(t *testing.T) {
	t.Parallel()
	cfg := upstream.Config{ResponseTimeout: short, BodyTimeout: short}
	for name, before := range map[string]string{"nothing": "", "part of a head": "HTTP/1.1 200 OK\r\n", "interim": "HTTP/1.1 102 Processing\r\n\r\n"} {
		cfg.URL = script(t, func(_ int, c net.Conn, r *bufio.Reader) {
			_, _ = head(r)
			_, _ = io.WriteString(c, before)
			_, _ = io.Copy(io.Discard, r) // until the gateway gives up
		})
		g := start(t, proxy.Config{}, proxy.Route{Chain: newChain(t), Upstream: newUpstream(t, cfg)})
		for _, raw := range []string{get("/"), "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"} {
			if a := ask(t, g, raw); a.status != 504 {
				t.Errorf("%s: status = %d, want 504", name, a.status)
			}
		}
	}
	cfg.URL = script(t, func(_ int, c net.Conn, r *bufio.Reader) {
		_, _ = head(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
		_, _ = io.Copy(io.Discard, r)
	})
	g := start(t, proxy.Config{}, proxy.Route{Chain: newChain(t), Upstream: newUpstream(t, cfg)})
	p := connect(t, g.addr)
	p.send(get("/"))
	if a, err := p.tryReceive("GET"); err == nil {
		t.Errorf("a silent body is complete: %+v", a)
	}
}

func TestUpstreamThatDoesNotAcceptGets504(t *testing.T) {
	// TEST-NET-1 is never routed; a refusal by the network is as good.
	u := newUpstream(t, upstream.Config{URL: "http://192.0.2.1:9", ConnectTimeout: short})
	g := start(t, proxy.Config{}, proxy.Route{Chain: newChain(t), Upstream: u})
	if a := ask(t, g, get("/")); a.status != 504 && a.status != 502 {
		t.Errorf("status = %d, want 504", a.status)
	}
}

func TestStreamOutlivesTheResponseTimeout(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		tick := time.NewTicker(short / 4)
		defer tick.Stop()
		for range 40 {
			<-tick.C
			_, _ = io.WriteString(w, "x")
			_ = http.NewResponseController(w).Flush()
		}
	})
	u := newUpstream(t, upstream.Config{URL: url, ResponseTimeout: 2 * short, BodyTimeout: 4 * short})
	g := start(t, proxy.Config{}, proxy.Route{Chain: newChain(t), Upstream: u})
	if a := ask(t, g, get("/")); len(a.body) != 40 {
		t.Errorf("body = %q", a.body)
	}
}

func TestIdleUpstreamConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{}, 1)
	url := script(t, func(_ int, c net.Conn, r *bufio.Reader) {
		echoHead(0, c, r)
		ended <- struct{}{}
	})
	u := newUpstream(t, upstream.Config{URL: url, IdleTimeout: short})
	g := start(t, proxy.Config{}, proxy.Route{Chain: newChain(t), Upstream: u})
	ask(t, g, get("/"))
	<-ended
}

func TestMaxConnsOfAnUpstreamGets503(t *testing.T) {
	t.Parallel()
	hold, got := make(chan struct{}), make(chan struct{}, 2)
	url := serve(t, func(http.ResponseWriter, *http.Request) {
		got <- struct{}{}
		<-hold
	})
	u := newUpstream(t, upstream.Config{URL: url, MaxConns: 1, ConnectTimeout: short})
	g := start(t, proxy.Config{}, proxy.Route{Chain: newChain(t), Upstream: u})
	first := connect(t, g.addr)
	first.send(get("/"))
	<-got
	if a := ask(t, g, get("/")); a.status != 503 {
		t.Errorf("status = %d, want 503", a.status)
	}
	close(hold)
	if a := first.receive("GET"); a.status != 200 {
		t.Errorf("status = %d", a.status)
	}
	if a := ask(t, g, get("/")); a.status != 200 {
		t.Errorf("afterwards: status = %d", a.status)
	}
}

func TestMaxConnsOfTheGatewayGets503(t *testing.T) {
	g := start(t, proxy.Config{Config: ingress.Config{MaxConns: 1}}, proxy.Route{Chain: newChain(t), Upstream: newUpstream(t, upstream.Config{URL: script(t, echoHead)})})
	first := connect(t, g.addr)
	first.send(get("/"))
	first.receive("GET")
	second := connect(t, g.addr)
	if a := second.receive("GET"); a.status != 503 || !second.ended() {
		t.Errorf("reply = %+v", a)
	}
}
