package proxy_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/chain"
	"github.com/c386954a/sallyport/proxy/upstream"
)

func TestMain(m *testing.M) {
	if run := child(os.Getenv("SALLYPORT_PROXY_CHILD")); run != nil {
		run()
		return
	}
	// What the fasthttp servers and clients of the tests themselves leave
	// behind. The gateway starts none of these.
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*HostClient).connsCleaner"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*TCPDialer).tcpAddrsClean"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
	)
}

// patience bounds every wait of a test that must not hang.
const patience = 20 * time.Second

// fake is a native plugin made of functions.
type fake struct {
	declares abi.Declaration
	call     func(x *abi.Exchange) (abi.Verdict, error)
}

func (p *fake) Declares() abi.Declaration                  { return p.declares }
func (p *fake) Call(x *abi.Exchange) (abi.Verdict, error)  { return p.call(x) }
func (p *fake) Close(context.Context) error                { return nil }
func at(h abi.Hook, call func(*abi.Exchange) error) plugin { return plugin{hook: h, call: do(call)} }

func body(h abi.Hook, call func(*abi.Exchange) error) plugin {
	return plugin{hook: h, call: do(call), body: true}
}
func (p plugin) limit(n int) plugin { p.max = n; return p }
func respond(h abi.Hook, status int, body string) plugin {
	return plugin{hook: h, call: func(x *abi.Exchange) (abi.Verdict, error) {
		return abi.Respond, x.Answer(status, []byte(body))
	}}
}

func do(f func(*abi.Exchange) error) func(*abi.Exchange) (abi.Verdict, error) {
	return func(x *abi.Exchange) (abi.Verdict, error) { return abi.Continue, f(x) }
}

// plugin is a fake bound to a hook.
type plugin struct {
	hook abi.Hook
	call func(x *abi.Exchange) (abi.Verdict, error)
	body bool
	max  int

	model string // empty is builtin
	open  bool   // on_fault
}

func newChain(t testing.TB, plugins ...plugin) *chain.Chain {
	t.Helper()
	return chainOf(t, &abi.API{ID: "test", Name: "test", ListenPath: "/"}, plugins...)
}

// chainOf returns the chain of an API. A virtual plugin has the path /virt
// below it.
func chainOf(t testing.TB, api *abi.API, plugins ...plugin) *chain.Chain {
	t.Helper()
	cfg := chain.Config{API: api}
	for _, p := range plugins {
		d := abi.Declaration{Hooks: abi.SetOf(p.hook)}
		if p.body && p.hook == abi.Response {
			d.ReplyBody = d.Hooks
		} else if p.body {
			d.RequestBody = d.Hooks
		}
		step := &chain.Step{Name: "fake", Model: "builtin", Plugin: &fake{d, p.call}, Timeout: time.Minute, BodyLimit: p.max}
		if p.model != "" {
			step.Model = p.model
		}
		if p.open {
			step.OnFault = chain.Open
		}
		if p.hook == abi.Virtual {
			path := strings.TrimSuffix(api.ListenPath, "/") + "/virt"
			cfg.Virtuals = append(cfg.Virtuals, chain.Virtual{Path: path, Step: step})
			continue
		}
		cfg.Steps[p.hook] = append(cfg.Steps[p.hook], step)
	}
	c, err := chain.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// gateway is a running gateway in front of one upstream.
type gateway struct {
	*proxy.Gateway
	addr string
	url  string
}

// start runs a gateway for the given APIs until the test ends.
func start(t testing.TB, cfg proxy.Config, apis ...proxy.Route) *gateway {
	t.Helper()
	r, err := proxy.NewRouter(apis)
	if err != nil {
		t.Fatal(err)
	}
	g := proxy.New(cfg, r)
	ln := listen(t)
	served := make(chan error, 1)
	go func() { served <- g.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := g.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown() = %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("Serve() = %v", err)
		}
	})
	return &gateway{g, ln.Addr().String(), "http://" + ln.Addr().String()}
}

// before runs a gateway with the plugins in front of url.
func before(t testing.TB, url string, plugins ...plugin) *gateway {
	t.Helper()
	return start(t, proxy.Config{}, proxy.Route{Chain: newChain(t, plugins...), Upstream: newUpstream(t, upstream.Config{URL: url})})
}

func newUpstream(t testing.TB, cfg upstream.Config) *upstream.Upstream {
	t.Helper()
	u, err := upstream.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := u.Close(ctx); err != nil {
			t.Errorf("Upstream.Close() = %v", err)
		}
	})
	return u
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// serve runs an upstream made of a handler.
func serve(t testing.TB, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// script runs an upstream that is told byte by byte what to do with each
// connection. It ends with the test.
func script(t testing.TB, talk func(n int, c net.Conn, r *bufio.Reader)) string {
	t.Helper()
	ln := listen(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ended := make(chan struct{})
		n := 0
		for ; ; n++ {
			c, err := ln.Accept()
			if err != nil {
				break
			}
			_ = c.SetDeadline(time.Now().Add(patience))
			go func(n int) {
				defer func() { ended <- struct{}{} }()
				defer func() { _ = c.Close() }()
				talk(n, c, bufio.NewReader(c))
			}(n)
		}
		for range n {
			<-ended
		}
	}()
	t.Cleanup(func() {
		_ = ln.Close()
		<-done
	})
	return "http://" + ln.Addr().String()
}

// head reads a message head, as it is.
func head(r *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		b.WriteString(line)
		if err != nil || line == "\r\n" {
			return b.String(), err
		}
	}
}

// echoHead answers each request with its own head as the body.
func echoHead(_ int, c net.Conn, r *bufio.Reader) {
	for {
		h, err := head(r)
		if err != nil {
			return
		}
		reply(c, "Content-Type: text/plain", h)
	}
}

// reply writes a reply of known length.
func reply(c net.Conn, field, body string) {
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n"+field+"\r\nContent-Length: "+itoa(len(body))+"\r\n\r\n"+body)
}

func itoa(n int) string {
	var b [20]byte
	i := len(b)
	for {
		i--
		b[i] = byte('0' + n%10)
		if n /= 10; n == 0 {
			return string(b[i:])
		}
	}
}

// peer is a client that speaks in bytes.
type peer struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
}

func connect(t testing.TB, addr string) *peer {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { _ = c.Close() })
	return &peer{c, t, bufio.NewReader(c)}
}

func (p *peer) send(s string) {
	p.t.Helper()
	if _, err := io.WriteString(p, s); err != nil {
		p.t.Fatalf("send: %v", err)
	}
}

// answer is a reply as received.
type answer struct {
	status int
	head   string
	body   string
}

// receive reads one reply to a request of the given method.
func (p *peer) receive(method string) answer {
	p.t.Helper()
	a, err := p.tryReceive(method)
	if err != nil {
		p.t.Fatalf("no reply: %v", err)
	}
	return a
}

func (p *peer) tryReceive(method string) (answer, error) {
	h, err := head(p.r)
	if err != nil {
		return answer{}, errors.Join(err, errors.New("read: "+h))
	}
	r, err := http.ReadResponse(bufio.NewReader(io.MultiReader(strings.NewReader(h), p.r)), &http.Request{Method: method})
	if err != nil {
		return answer{head: h}, err
	}
	// The parser above reads ahead from p.r only for the body; requests are
	// answered one by one, so that nothing of a later reply can be lost.
	b, err := io.ReadAll(r.Body)
	return answer{r.StatusCode, h, string(b)}, err
}

// ended reports whether the gateway has closed the connection.
func (p *peer) ended() bool {
	p.t.Helper()
	_, err := p.r.ReadByte()
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

// ask sends raw bytes on a new connection and returns the reply.
func ask(t testing.TB, g *gateway, raw string) answer {
	t.Helper()
	p := connect(t, g.addr)
	p.send(raw)
	method, _, _ := strings.Cut(raw, " ")
	return p.receive(method)
}

// get asks for a path.
func get(path string, fields ...string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: example.test\r\n" + strings.Join(append(fields, ""), "\r\n") + "\r\n"
}

// receivePipelined reads one reply of known length and no more.
func (p *peer) receivePipelined() answer {
	p.t.Helper()
	h, err := head(p.r)
	if err != nil {
		p.t.Fatalf("no reply: %v", err)
	}
	lines := linesWith(h, "Content-Length: ")
	if len(lines) != 1 {
		p.t.Fatalf("reply without length: %q", h)
	}
	n, err := strconv.Atoi(strings.TrimPrefix(lines[0], "Content-Length: "))
	if err != nil {
		p.t.Fatal(err)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(p.r, b); err != nil {
		p.t.Fatalf("reply ends early: %v", err)
	}
	return answer{head: h, body: string(b)}
}

// requests is an upstream that answers each request with its own bytes: head
// and decoded body. It remembers them.
type requests struct {
	mu  sync.Mutex
	got []string
}

func (l *requests) serve(t testing.TB) string {
	return script(t, func(_ int, c net.Conn, r *bufio.Reader) {
		for {
			h, err := head(r)
			if err != nil {
				return
			}
			req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(h)))
			if err != nil {
				l.add("unreadable: " + h)
				return
			}
			var b []byte
			if len(req.TransferEncoding) > 0 {
				b, err = io.ReadAll(httputil.NewChunkedReader(r))
				_, _ = r.Discard(2) // the end of the trailer section
			} else if req.ContentLength > 0 {
				b = make([]byte, req.ContentLength)
				_, err = io.ReadFull(r, b)
			}
			l.add(h + string(b))
			if err != nil {
				return
			}
			reply(c, "Content-Type: text/plain", h+string(b))
		}
	})
}

func (l *requests) add(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.got = append(l.got, s)
}

func (l *requests) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.got)
}
