package proxy_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/ingress"
	"github.com/c386954a/sallyport/proxy/upstream"
)

// ways to leave.
var leaving = map[string]func(net.Conn){
	"close": func(c net.Conn) { _ = c.Close() },
	"reset": func(c net.Conn) {
		_ = c.(*peer).Conn.(*net.TCPConn).SetLinger(0)
		_ = c.Close()
	},
	"end of stream": func(c net.Conn) { _ = c.(*peer).Conn.(*net.TCPConn).CloseWrite() },
}

// silent is an upstream that never answers. gone gets a value for each of its
// connections that ends.
func silent(t *testing.T, before string) (url string, asked, gone chan struct{}) {
	t.Helper()
	asked, gone = make(chan struct{}, 9), make(chan struct{}, 9)
	url = script(t, func(_ int, c net.Conn, r *bufio.Reader) {
		_, _ = head(r)
		_, _ = io.WriteString(c, before)
		asked <- struct{}{}
		_, _ = io.Copy(io.Discard, r)
		gone <- struct{}{}
	})
	return url, asked, gone
}

// watched runs a gateway that tells of each request as the access log does.
func watched(t *testing.T, cfg ingress.Config, route proxy.Route) (*gateway, chan proxy.AccessRecord) {
	t.Helper()
	told := make(chan proxy.AccessRecord, 9)
	return start(t, proxy.Config{Config: cfg, Observe: func(a *proxy.AccessRecord) { told <- *a }}, route), told
}

func within(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("%s: not after %v", what, patience)
	}
}

func TestClientThatLeavesEndsTheRequest(t *testing.T) {
	t.Parallel()
	for how, leave := range leaving {
		for name, tt := range map[string]struct {
			raw, before string
			want        int
		}{
			"upstream thinks":   {get("/"), "", 499},
			"pipelined request": {get("/") + get("/later"), "", 499},
			"with a body":       {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "", 499},
			"silent stream":     {get("/"), "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n", 200},
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				t.Parallel()
				url, asked, gone := silent(t, tt.before)
				g, told := watched(t, ingress.Config{}, proxy.Route{
					Chain: newChain(t), Upstream: newUpstream(t, upstream.Config{URL: url}),
				})
				p := connect(t, g.addr)
				p.send(tt.raw)
				within(t, "the upstream is asked", asked)
				if tt.want == 200 {
					if _, err := head(p.r); err != nil {
						t.Fatal(err)
					}
				}
				leave(p)
				within(t, "the upstream's connection ends", gone)
				if a := <-told; a.Status != tt.want || a.Fault != "client closed request" || a.Retried {
					t.Errorf("access record: %+v", a)
				}
			})
		}
	}
}

func TestClientThatLeavesOverTLS(t *testing.T) {
	t.Parallel()
	url, asked, gone := silent(t, "")
	certFile, keyFile, pool := certificate(t)
	config, err := proxy.LoadTLS(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	g, told := watched(t, ingress.Config{TLS: config}, proxy.Route{
		Chain: newChain(t), Upstream: newUpstream(t, upstream.Config{URL: url}),
	})
	c, err := tls.Dial("tcp", g.addr, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(c, get("/"))
	within(t, "the upstream is asked", asked)
	_ = c.Close() // sends the alert first, which stays unread
	within(t, "the upstream's connection ends", gone)
	if a := <-told; a.Status != 499 {
		t.Errorf("status = %d", a.Status)
	}
}

// TestClientsThatWaitAreServed keeps some of what resembles leaving apart from it.
func TestClientsThatWaitAreServed(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(4 * short)
		_, _ = io.WriteString(w, "late")
	})
	// IdleTimeout makes the looks frequent.
	g := start(t, proxy.Config{Config: ingress.Config{IdleTimeout: 20 * short}},
		proxy.Route{Chain: newChain(t), Upstream: newUpstream(t, upstream.Config{URL: url})})
	p := connect(t, g.addr)
	p.send(get("/") + get("/2"))
	for range 2 {
		r, err := http.ReadResponse(p.r, nil) // both replies may come in one piece
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(r.Body); r.StatusCode != 200 || string(b) != "late" {
			t.Errorf("status = %d, body %q, %v", r.StatusCode, b, err)
		}
	}
}

func TestClientThatLeavesEndsTheChain(t *testing.T) {
	t.Parallel()
	entered, called := make(chan struct{}), false
	waits := func(x *abi.Exchange) error {
		close(entered)
		select {
		case <-x.Gone:
			return nil // the chain notices too
		case <-time.After(patience):
			return abi.Errorf(abi.Timeout, "nobody left")
		}
	}
	later := func(*abi.Exchange) error { called = true; return nil }
	var log requests
	g, told := watched(t, ingress.Config{}, proxy.Route{
		Chain:    newChain(t, at(abi.Pre, waits), at(abi.Post, later)),
		Upstream: newUpstream(t, upstream.Config{URL: log.serve(t)}),
	})
	p := connect(t, g.addr)
	p.send(get("/"))
	within(t, "the plugin runs", entered)
	_ = p.Close()
	if a := <-told; a.Status != 499 || a.Fault != "client closed request" {
		t.Errorf("access record: %+v", a)
	}
	if called || len(log.all()) > 0 {
		t.Error("the request went on")
	}
}

// TestCancelledCallIsNoFaultToSkip has a plugin that stops because its client
// has gone, and whose faults would be let pass.
func TestCancelledCallIsNoFaultToSkip(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	stops := at(abi.Pre, func(x *abi.Exchange) error {
		close(entered)
		<-x.Gone
		return abi.ErrClientGone
	})
	stops.open = true
	var log requests
	g, told := watched(t, ingress.Config{}, proxy.Route{
		Chain: newChain(t, stops), Upstream: newUpstream(t, upstream.Config{URL: log.serve(t)}),
	})
	p := connect(t, g.addr)
	p.send(get("/"))
	within(t, "the plugin runs", entered)
	_ = p.Close()
	if a := <-told; a.Status != 499 {
		t.Errorf("status = %d", a.Status)
	}
	if len(log.all()) > 0 {
		t.Error("the upstream was asked")
	}
}

// TestClientThatLeavesTheQueue waits for a connection when all are taken.
func TestClientThatLeavesTheQueue(t *testing.T) {
	t.Parallel()
	url, asked, _ := silent(t, "")
	g, told := watched(t, ingress.Config{}, proxy.Route{
		Chain: newChain(t), Upstream: newUpstream(t, upstream.Config{URL: url, MaxConns: 1, ConnectTimeout: patience}),
	})
	first, second := connect(t, g.addr), connect(t, g.addr)
	first.send(get("/1"))
	within(t, "the upstream is asked", asked)
	second.send(get("/2"))
	_ = second.Close()
	if a := <-told; a.Status != 499 || string(a.URI) != "/2" || a.Duration > patience/2 {
		t.Errorf("access record: %+v", a)
	}
	_ = first.Close()
	<-told
}
