package proxy_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/ingress"
	"github.com/c386954a/sallyport/proxy/upstream"
)

// A client must not remove what a plugin has set by calling it a field of its
// connection (CVE-2021-32813 was that elsewhere), nor may an upstream.
func TestConnectionFieldsRemoveNothingOfPlugins(t *testing.T) {
	set := func(m abi.Message) func(*abi.Exchange) error {
		return func(x *abi.Exchange) error { return x.SetHeader(m, []byte("X-User"), []byte("ann")) }
	}
	var seen string
	look := at(abi.Pre, func(x *abi.Exchange) error {
		value, _ := x.Request.Header.Get([]byte("X-Role"))
		seen = string(value)
		return nil
	})
	g := before(t, script(t, echoHead), look, at(abi.Pre, set(abi.OfRequest)))
	a := ask(t, g, get("/", "Connection: keep-alive, X-User, X-Role", "X-User: eve", "X-Role: admin", "X-Stays: 1"))
	if got := linesWith(a.body, "X-"); !cmp.Equal(got[:2], []string{"X-Stays: 1", "X-User: ann"}) {
		t.Errorf("upstream got %q", got)
	}
	if seen != "" {
		t.Errorf("a plugin saw X-Role: %s, a field of the client's connection", seen)
	}
	g = before(t, answering(t, "HTTP/1.1 200 OK\r\nConnection: X-User\r\nX-User: eve\r\nContent-Length: 0\r\n\r\n"),
		at(abi.Response, set(abi.OfReply)))
	if got := linesWith(ask(t, g, get("/")).head, "X-User"); !cmp.Equal(got, []string{"X-User: ann"}) {
		t.Errorf("client got %q", got)
	}
}

func TestForwardingFieldsCountFromTrustedProxiesOnly(t *testing.T) {
	for _, tt := range []struct {
		name    string
		trusted string
		sent    []string
		remote  string // as a plugin sees it; empty: the peer's
		tls     bool
		want    []string // what the upstream gets
	}{
		{
			"nobody is trusted", "",
			[]string{
				"X-Forwarded-For: 9.9.9.9", "Forwarded: for=9.9.9.9", "X-Real-IP: 9.9.9.9", "X-Forwarded-Port: 1", "x-forwarded-prefix: /a",
				"X-Original-URL: /admin", "X-Rewrite-URL: /admin", "X-Client-IP: 9.9.9.9", "True-Client-IP: 9.9.9.9", "X-Forwarded-User: root",
			},
			"", false,
			[]string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: example.test"},
		},
		{
			"another peer is trusted", "10.0.0.0/8",
			[]string{"X-Forwarded-For: 9.9.9.9", "X-Forwarded-Proto: https"},
			"", false,
			[]string{"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: example.test"},
		},
		{
			"a balancer that ends TLS", "127.0.0.0/8",
			[]string{
				"X-Forwarded-For: 9.9.9.9", "X-Forwarded-Proto: https", "X-Forwarded-Host: shop.test", "X-Forwarded-Port: 443",
			},
			"9.9.9.9", true,
			[]string{"X-Forwarded-Proto: https", "X-Forwarded-Host: shop.test", "X-Forwarded-Port: 443", "X-Forwarded-For: 9.9.9.9, 127.0.0.1"},
		},
		{
			"two proxies and a liar", "127.0.0.1",
			[]string{"X-Forwarded-For: 1.1.1.1, 9.9.9.9", "X-Forwarded-For: 127.0.0.1"},
			"9.9.9.9", false,
			[]string{"X-Forwarded-For: 1.1.1.1, 9.9.9.9, 127.0.0.1, 127.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: example.test"},
		},
		{
			"garbage on the way", "127.0.0.1",
			[]string{"X-Forwarded-For: 9.9.9.9, unknown, 127.0.0.1"},
			"127.0.0.1", false,
			[]string{"X-Forwarded-For: 9.9.9.9, unknown, 127.0.0.1, 127.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: example.test"},
		},
		{
			"addresses with ports and brackets", "127.0.0.1",
			[]string{`X-Forwarded-For: [2001:db8::7]:4711`},
			"2001:db8::7", false,
			[]string{"X-Forwarded-For: [2001:db8::7]:4711, 127.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: example.test"},
		},
		{
			"a single address", "127.0.0.1",
			[]string{"X-Real-IP: 9.9.9.9", "Forwarded: for=9.9.9.9"},
			"9.9.9.9", false,
			[]string{"X-Real-IP: 9.9.9.9", "Forwarded: for=9.9.9.9, for=127.0.0.1", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: example.test"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var cfg proxy.Config
			if tt.trusted != "" {
				p, err := netip.ParsePrefix(tt.trusted)
				if err != nil {
					a := netip.MustParseAddr(tt.trusted)
					p = netip.PrefixFrom(a, a.BitLen())
				}
				cfg.TrustedProxies = []netip.Prefix{p}
			}
			var remote string
			var tls bool
			c := newChain(t, at(abi.Pre, func(x *abi.Exchange) error {
				remote, tls = string(x.Request.RemoteAddr), x.Request.TLS
				return nil
			}))
			g := start(t, cfg, proxy.Route{Chain: c, Upstream: newUpstream(t, upstream.Config{URL: script(t, echoHead)})})
			a := ask(t, g, get("/", tt.sent...))
			var got []string
			for line := range strings.SplitSeq(a.body, "\r\n") {
				if name, _, ok := strings.Cut(line, ":"); ok && name != "Host" && name != "X-Request-Id" {
					got = append(got, line)
				}
			}
			if !cmp.Equal(got, tt.want) {
				t.Errorf("upstream got %q, want %q", got, tt.want)
			}
			if tt.remote == "" {
				if !strings.HasPrefix(remote, "127.0.0.1:") {
					t.Errorf("the client is %s, want the peer", remote)
				}
			} else if remote != tt.remote {
				t.Errorf("the client is %s, want %s", remote, tt.remote)
			}
			if tls != tt.tls {
				t.Errorf("TLS = %v, want %v", tls, tt.tls)
			}
		})
	}
}

// What a plugin sets reaches the upstream, even where the gateway has a value
// of its own.
func TestFieldsThatPluginsSetAreKept(t *testing.T) {
	g := before(t, script(t, echoHead), at(abi.Pre, func(x *abi.Exchange) error {
		for _, f := range []string{"X-Forwarded-Proto", "X-Forwarded-Host", "X-Request-Id", "X-Real-IP"} {
			if err := x.SetHeader(abi.OfRequest, []byte(f), []byte("mine")); err != nil {
				return err
			}
		}
		return nil
	}))
	a := ask(t, g, get("/", "X-Request-Id: theirs"))
	for _, f := range []string{"X-Forwarded-Proto", "X-Forwarded-Host", "X-Request-Id", "X-Real-IP"} {
		if got := linesWith(a.body, f+":"); !cmp.Equal(got, []string{f + ": mine"}) {
			t.Errorf("upstream got %q", got)
		}
	}
	if got := linesWith(a.head, "X-Request-Id:"); !cmp.Equal(got, []string{"X-Request-Id: theirs"}) {
		t.Errorf("client got %q", got)
	}
}

func TestRequestIDsOfRepliesAreKept(t *testing.T) {
	url := answering(t, "HTTP/1.1 200 OK\r\nx-request-id: upstream\r\nContent-Length: 0\r\n\r\n")
	g := before(t, url)
	if got := linesWith(ask(t, g, get("/")).head, "X-Request-Id:"); !cmp.Equal(got, []string{"X-Request-Id: upstream"}) {
		t.Errorf("client got %q", got)
	}
	g = before(t, url, at(abi.Response, func(x *abi.Exchange) error {
		return x.SetHeader(abi.OfReply, []byte("X-Request-Id"), []byte("plugin"))
	}))
	if got := linesWith(ask(t, g, get("/")).head, "X-Request-Id:"); !cmp.Equal(got, []string{"X-Request-Id: plugin"}) {
		t.Errorf("client got %q", got)
	}
}

// Names of fields have no case (RFC 9110 section 5.1), nor has the expectation
// (section 10.1.1).
func TestAnExpectationIsMetInAnySpelling(t *testing.T) {
	g := before(t, serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	for _, field := range []string{"Expect: 100-continue", "expect: 100-continue", "EXPECT: 100-Continue"} {
		p := connect(t, g.addr)
		p.send("POST / HTTP/1.1\r\nHost: a\r\n" + field + "\r\nContent-Length: 5\r\n\r\n")
		line, err := p.r.ReadString('\n')
		if err != nil || line != "HTTP/1.1 100 Continue\r\n" {
			t.Fatalf("%s: got %q, %v", field, line, err)
		}
		if _, err := p.r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		p.send("hello")
		if a := p.receive("POST"); a.status != 200 || a.body != "hello" {
			t.Errorf("%s: reply = %d %q", field, a.status, a.body)
		}
	}
}

func TestConnectionsCloseInAnySpelling(t *testing.T) {
	g := before(t, script(t, echoHead))
	for _, field := range []string{"Connection: close", "connection: Close", "CONNECTION: keep-alive, CLOSE"} {
		p := connect(t, g.addr)
		p.send(get("/", field))
		if a := p.receive("GET"); a.status != 200 || len(linesWith(a.head, "Connection: close")) != 1 {
			t.Errorf("%s: reply = %d %q", field, a.status, a.head)
		}
		if !p.ended() {
			t.Errorf("%s: the connection goes on", field)
		}
	}
}

// A client that sends all of its request before it reads gets the answer that
// was due from the beginning (RFC 9112 section 9.6).
func TestEarlyAnswersReachClientsThatSendFirst(t *testing.T) {
	const size = 20 << 20
	deny := before(t, script(t, echoHead), respond(abi.Auth, 401, "no"))
	small := before(t, script(t, echoHead), body(abi.Post, func(*abi.Exchange) error { return nil }).limit(1<<10))
	nowhere := start(t, proxy.Config{}, proxy.Route{Path: "/only", Chain: newChain(t), Upstream: newUpstream(t, upstream.Config{URL: "http://127.0.0.1:1"})})
	chunk := "10000\r\n" + strings.Repeat("x", 0x10000) + "\r\n"
	for _, tt := range []struct {
		name string
		g    *gateway
		want int
	}{{"refused by auth", deny, 401}, {"no route", nowhere, 404}, {"too large", small, 413}} {
		for _, framing := range []string{"Content-Length: " + itoa(size), "Transfer-Encoding: chunked"} {
			t.Run(tt.name+" "+framing[:7], func(t *testing.T) {
				t.Parallel()
				c, err := net.Dial("tcp", tt.g.addr)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(30 * time.Second))
				if _, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\n"+framing+"\r\n\r\n"); err != nil {
					t.Fatal(err)
				}
				piece := []byte(strings.Repeat("x", 0x10000))
				if strings.HasPrefix(framing, "T") {
					piece = []byte(chunk)
				}
				for sent := 0; sent < size; sent += 0x10000 {
					if _, err := c.Write(piece); err != nil {
						t.Fatalf("after %d bytes: %v", sent, err)
					}
				}
				raw, err := io.ReadAll(c)
				if err != nil {
					t.Fatalf("reading the answer: %v", err)
				}
				if !bytes.HasPrefix(raw, []byte("HTTP/1.1 "+itoa(tt.want))) || !bytes.Contains(raw, []byte("\r\nConnection: close\r\n")) {
					t.Errorf("answer = %.200q", raw)
				}
			})
		}
	}
}

// The wait for the rest of a refused body ends when the client sends nothing.
func TestLingeringEndsWithoutProgress(t *testing.T) {
	cfg := proxy.Config{Config: ingress.Config{LingerTimeout: 50 * time.Millisecond}}
	g := start(t, cfg, proxy.Route{Chain: newChain(t, respond(abi.Auth, 401, "no"))})
	p := connect(t, g.addr)
	p.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nx")
	if a := p.receive("POST"); a.status != 401 {
		t.Errorf("status %d", a.status)
	}
	if !p.ended() {
		t.Error("the connection goes on")
	}
}

func TestHeadRequestsThatBecomeGetsAreFramedOnce(t *testing.T) {
	url := answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
	toGet := at(abi.Pre, func(x *abi.Exchange) error { return x.SetMethod([]byte("GET")) })
	for name, plugins := range map[string][]plugin{
		"plain":  {toGet},
		"edited": {toGet, at(abi.Response, func(*abi.Exchange) error { return nil })},
		"read":   {toGet, body(abi.Response, func(*abi.Exchange) error { return nil })},
	} {
		p := connect(t, before(t, url, plugins...).addr)
		for range 2 {
			p.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
			a := p.receive("HEAD")
			if got := linesWith(a.head, "Content-Length:"); a.status != 200 || !cmp.Equal(got, []string{"Content-Length: 5"}) {
				t.Errorf("%s: reply = %d %q", name, a.status, a.head)
			}
		}
	}
}

func TestStatusCodesThatMeanNothingAreRefused(t *testing.T) {
	for _, status := range []string{"600", "999"} {
		g := before(t, answering(t, "HTTP/1.1 "+status+" X\r\nContent-Length: 0\r\n\r\n"))
		if a := ask(t, g, get("/")); a.status != 502 {
			t.Errorf("%s became %d, want 502", status, a.status)
		}
	}
}
