package proxy_test

import (
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/ingress"
	"github.com/c386954a/sallyport/proxy/upstream"
)

// eventually waits until something is true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !is(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("%s: not so after %v", what, patience)
		}
	}
}

// withhold sends all of a body of that size but the last 10 bytes.
func withhold(t *testing.T, addr string, size int) net.Conn {
	t.Helper()
	p := connect(t, addr)
	p.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + itoa(size) + "\r\n\r\n" + strings.Repeat("x", size-10))
	return p
}

// bodies asks a gateway for the memory of its bodies.
func (p *process) bodies(t testing.TB) int64 {
	t.Helper()
	if _, err := io.WriteString(p.in, "bodies\n"); err != nil {
		t.Fatal(err)
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestBodiesAboveTheBudgetGet503(t *testing.T) {
	t.Parallel()
	nop := func(*abi.Exchange) error { return nil }
	var log requests
	g := start(t, proxy.Config{BodyMemory: 1 << 20},
		proxy.Route{Chain: newChain(t, body(abi.Pre, nop)), Upstream: newUpstream(t, upstream.Config{URL: log.serve(t)})})
	const size = 250_000
	post := "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + itoa(size) + "\r\n\r\n" + strings.Repeat("x", size)
	if a := ask(t, g, post); a.status != 200 {
		t.Fatalf("alone: status = %d", a.status)
	}
	holders := make([]net.Conn, 3)
	for i := range holders {
		holders[i] = withhold(t, g.addr, size)
	}
	eventually(t, "bodies are held", func() bool { return g.BodyMemory() >= int64(len(holders))*(size-10) })
	a := ask(t, g, post)
	if a.status != 503 || !strings.Contains(a.head, "\r\nRetry-After: 1\r\n") {
		t.Errorf("above the budget: %s", a.head)
	}
	if a := ask(t, g, get("/")); a.status != 200 {
		t.Errorf("without a body: status = %d", a.status)
	}
	for _, c := range holders {
		_ = c.Close()
	}
	eventually(t, "all memory is back", func() bool { return g.BodyMemory() == 0 })
	if a := ask(t, g, post); a.status != 200 {
		t.Errorf("afterwards: status = %d", a.status)
	}
	g.Configure(proxy.Config{BodyMemory: 1000})
	if a := ask(t, g, post); a.status != 503 {
		t.Errorf("with a lower budget: status = %d, want 503", a.status)
	}
}

func TestReplyBodiesCount(t *testing.T) {
	t.Parallel()
	nop := func(*abi.Exchange) error { return nil }
	url := answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"+strings.Repeat("x", 100_000))
	g := start(t, proxy.Config{BodyMemory: 50_000},
		proxy.Route{Chain: newChain(t, body(abi.Response, nop)), Upstream: newUpstream(t, upstream.Config{URL: url})})
	if a := ask(t, g, get("/")); a.status != 503 {
		t.Errorf("status = %d, want 503", a.status)
	}
	eventually(t, "all memory is back", func() bool { return g.BodyMemory() == 0 })
	g.Configure(proxy.Config{})
	if a := ask(t, g, get("/")); a.status != 200 || len(a.body) != 100_000 {
		t.Errorf("status = %d with %d bytes", a.status, len(a.body))
	}
}

// TestBodiesThatTrickle sends a byte now and then, for ever, in less than
// ReadTimeout each.
func TestBodiesThatTrickle(t *testing.T) {
	t.Parallel()
	read := func(x *abi.Exchange) error {
		if len(x.Request.Body) == 0 {
			return errors.New("no body")
		}
		return nil
	}
	for name, cfg := range map[string]ingress.Config{
		"too slow": {ReadTimeout: 10 * short, BodyRate: 1 << 20, BodyGrace: short},
		"too long": {ReadTimeout: 10 * short, BodyTimeout: 2 * short},
	} {
		for way, plugins := range map[string][]plugin{"streamed": nil, "buffered": {body(abi.Pre, read)}} {
			for framing, start := range map[string]string{"length": "Content-Length: 1000000\r\n\r\n", "chunks": "Transfer-Encoding: chunked\r\n\r\nfffff\r\n"} {
				t.Run(name+" "+way+" "+framing, func(t *testing.T) {
					t.Parallel()
					trickle(t, cfg, "POST / HTTP/1.1\r\nHost: a\r\n"+start, plugins...)
				})
			}
		}
	}
}

func trickle(t *testing.T, cfg ingress.Config, head string, plugins ...plugin) {
	t.Helper()
	var log requests
	g := start(t, proxy.Config{Config: cfg}, proxy.Route{
		Chain: newChain(t, plugins...), Upstream: newUpstream(t, upstream.Config{URL: log.serve(t)}),
	})
	p := connect(t, g.addr)
	p.send(head)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(short / 4)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				if _, err := io.WriteString(p, "x"); err != nil {
					return
				}
			}
		}
	}()
	if a := p.receive("POST"); a.status != 408 {
		t.Errorf("status = %d, want 408", a.status)
	}
	close(stop)
	<-stopped
}
