package proxy_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/upstream"
)

// TestShutdownUnderLoadFailsNoRequest keeps connections busy with clients that
// never repeat a request, shuts the gateway down and looks at every reply.
func TestShutdownUnderLoadFailsNoRequest(t *testing.T) {
	var log requests
	g := before(t, log.serve(t))
	var served, failed atomic.Int64
	var clients, met sync.WaitGroup
	met.Add(32)
	warm := make(chan struct{}, 1000)
	for i := range 32 {
		raw := get("/")
		if i%2 > 0 {
			raw = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
		}
		clients.Go(func() {
			if err := hammer(g.addr, raw, &served, warm, &met); err != nil {
				failed.Add(1)
				t.Error(err)
			}
		})
	}
	for range 500 {
		<-warm
	}
	met.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := g.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown() = %v", err)
	}
	clients.Wait()
	t.Logf("%d requests served, %d failed", served.Load(), failed.Load())
	if n := g.OpenConns(); n != 0 {
		t.Errorf("%d connections are open", n)
	}
}

// hammer sends one request after the other until it is told to close. met
// learns that it has had an answer: a connection that nobody has accepted yet
// is lost with the listener, and that is nobody's fault.
func hammer(addr, raw string, served *atomic.Int64, warm chan<- struct{}, met *sync.WaitGroup) error {
	answered := sync.OnceFunc(met.Done)
	defer answered()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil // the listener is gone already
	}
	defer func() { _ = c.Close() }()
	r := bufio.NewReader(c)
	for {
		if _, err := io.WriteString(c, raw); err != nil {
			return fmt.Errorf("request not taken: %w", err)
		}
		h, err := head(r)
		if err != nil {
			return fmt.Errorf("no reply: %q %w", h, err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(io.MultiReader(strings.NewReader(h), r)), nil)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != 200 {
			return fmt.Errorf("status %d: %w", resp.StatusCode, err)
		}
		served.Add(1)
		answered()
		select {
		case warm <- struct{}{}:
		default:
		}
		if resp.Close {
			return nil
		}
	}
}

func TestShutdownWaitsForRequestsInFlight(t *testing.T) {
	got, hold := make(chan struct{}), make(chan struct{})
	g := before(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
		close(got)
		<-hold
		_, _ = io.WriteString(w, "done")
	}))
	p := connect(t, g.addr)
	p.send(get("/"))
	<-got
	ended := make(chan error, 1)
	go func() { ended <- g.Shutdown(context.Background()) }()
	for { // until nobody accepts any more
		c, err := net.Dial("tcp", g.addr)
		if err != nil {
			break
		}
		_ = c.Close()
	}
	select {
	case err := <-ended:
		t.Fatalf("Shutdown() = %v with a request in flight", err)
	default:
	}
	close(hold)
	if a := p.receive("GET"); a.body != "done" || !strings.Contains(a.head, "Connection: close") {
		t.Errorf("reply = %+v", a)
	}
	if err := <-ended; err != nil {
		t.Errorf("Shutdown() = %v", err)
	}
}

func TestShutdownClosesIdleConnections(t *testing.T) {
	t.Parallel()
	g := before(t, script(t, echoHead))
	p, silent := connect(t, g.addr), connect(t, g.addr)
	p.send(get("/"))
	p.receive("GET")
	if err := g.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown() = %v", err)
	}
	if !p.ended() || !silent.ended() {
		t.Error("an idle connection goes on")
	}
}

func TestShutdownThatTakesTooLongCutsOff(t *testing.T) {
	t.Parallel()
	got, hold := make(chan struct{}), make(chan struct{})
	g := before(t, serve(t, func(http.ResponseWriter, *http.Request) {
		close(got)
		<-hold
	}))
	p := connect(t, g.addr)
	p.send(get("/"))
	<-got
	ctx, cancel := context.WithTimeout(t.Context(), short)
	defer cancel()
	if err := g.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown() = %v", err)
	}
	if !p.ended() {
		t.Error("the connection goes on")
	}
	close(hold)
}

func TestServeAfterShutdownEndsAtOnce(t *testing.T) {
	g := before(t, script(t, echoHead))
	if err := g.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := g.Serve(listen(t)); err != nil {
		t.Errorf("Serve() = %v", err)
	}
}

func TestRouterIsReplacedUnderLoad(t *testing.T) {
	one, two := newUpstream(t, upstream.Config{URL: script(t, echoHead)}), newUpstream(t, upstream.Config{URL: script(t, echoHead)})
	g := start(t, proxy.Config{}, proxy.Route{Chain: newChain(t), Upstream: one})
	var served atomic.Int64
	var clients, met sync.WaitGroup
	met.Add(8)
	warm := make(chan struct{}, 1000)
	for range 8 {
		clients.Go(func() {
			if err := hammer(g.addr, get("/"), &served, warm, &met); err != nil {
				t.Error(err)
			}
		})
	}
	for range 50 {
		<-warm
		r, err := proxy.NewRouter([]proxy.Route{{Chain: newChain(t), Upstream: two}})
		if err != nil {
			t.Fatal(err)
		}
		if err := g.SetRouter(r).Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	met.Wait()
	if err := g.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	clients.Wait()
}

// deaf is a connection whose client sends a request and takes nothing.
type deaf struct {
	net.Conn
	sent *strings.Reader
}

func (c deaf) Read(p []byte) (int, error)  { return c.sent.Read(p) }
func (c deaf) Write(p []byte) (int, error) { return 0, net.ErrClosed }

// oneConn is a listener that accepts one connection.
type oneConn struct {
	net.Listener
	conn chan net.Conn
}

func (l oneConn) Accept() (net.Conn, error) {
	select {
	case c := <-l.conn:
		return c, nil
	default:
		return l.Listener.Accept()
	}
}

func TestRequestEndsWhenItsClientCannotBeToldToContinue(t *testing.T) {
	t.Parallel()
	var ended atomic.Int64
	c := newChain(t)
	u := newUpstream(t, upstream.Config{URL: script(t, echoHead)})
	r, err := proxy.NewRouter([]proxy.Route{{Chain: c, Upstream: u}})
	if err != nil {
		t.Fatal(err)
	}
	g := proxy.New(proxy.Config{Observe: func(*proxy.AccessRecord) { ended.Add(1) }}, r)
	raw, client := net.Pipe()
	defer func() { _ = client.Close() }()
	ln := oneConn{listen(t), make(chan net.Conn, 1)}
	ln.conn <- deaf{raw, strings.NewReader("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")}
	served := make(chan error, 1)
	go func() { served <- g.Serve(ln) }()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for g.OpenConns() > 0 || ended.Load() == 0 {
		select {
		case <-ctx.Done():
			t.Fatal("the request does not end")
		case <-time.After(time.Millisecond):
		}
	}
	g.SetRouter(r)
	if err := r.Drain(ctx); err != nil {
		t.Errorf("Drain() = %v", err)
	}
	if err := g.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown() = %v", err)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve() = %v", err)
	}
}
