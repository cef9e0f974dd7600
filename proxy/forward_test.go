package proxy_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/upstream"
)

func TestRequestReachesUpstreamAndReplyComesBack(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Seen", r.URL.Path)
		_, _ = w.Write([]byte("hello"))
	})
	g := before(t, url)
	a := ask(t, g, get("/a/b?c=d"))
	if a.status != 200 || a.body != "hello" || !strings.Contains(a.head, "X-Seen: /a/b\r\n") {
		t.Errorf("reply = %d %q %q", a.status, a.head, a.body)
	}
}

func TestRequestFieldsKeepSpellingAndOrder(t *testing.T) {
	g := before(t, script(t, echoHead))
	a := ask(t, g, get("/", "x-LOWER: 1", "X-Twice: a", "accept: */*", "X-Twice: b", "Cookie: a=b; c=d", "Cookie: e=f", "user-agent: me", "content-TYPE: x/y", "X-Empty:"))
	want := "x-LOWER: 1\r\nX-Twice: a\r\naccept: */*\r\nX-Twice: b\r\nCookie: a=b; c=d\r\nCookie: e=f\r\nuser-agent: me\r\ncontent-TYPE: x/y\r\nX-Empty: \r\n"
	if !strings.Contains(a.body, want) {
		t.Errorf("upstream got %q, want it to contain %q", a.body, want)
	}
}

func TestReplyFieldsKeepSpellingAndOrder(t *testing.T) {
	fields := "sERVER: me\r\ncontent-type: x/y\r\nset-cookie: a=1\r\nX-B: 1\r\nContent-Encoding: gzip\r\nx-b: 2\r\nSet-Cookie: b=2\r\ncontent-encoding: br\r\ndate: yesterday\r\n"
	for _, edits := range []bool{false, true} {
		var plugins []plugin
		if edits {
			plugins = append(plugins, at(abi.Response, func(*abi.Exchange) error { return nil }))
		}
		g := before(t, answering(t, "HTTP/1.1 200 Fine\r\n"+fields+"Content-Length: 2\r\n\r\nok"), plugins...)
		a := ask(t, g, get("/"))
		if !strings.HasPrefix(a.head, "HTTP/1.1 200 Fine\r\n") || !strings.Contains(a.head, fields) || a.body != "ok" {
			t.Errorf("response hook %v: head = %q, want it to contain %q", edits, a.head, fields)
		}
	}
}

// answering runs an upstream that gives the same bytes to every request.
func answering(t testing.TB, raw string) string {
	t.Helper()
	return script(t, func(_ int, c net.Conn, r *bufio.Reader) {
		for {
			if _, err := head(r); err != nil {
				return
			}
			if _, err := io.WriteString(c, raw); err != nil {
				return
			}
		}
	})
}

func TestFieldsOfOneConnectionStopAtTheGateway(t *testing.T) {
	const own = "Connection: X-Own, keep-alive\r\nX-Own: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nProxy-Authenticate: x\r\nProxy-Authorization: y\r\nTE: trailers\r\nTrailer: X-T\r\nUpgrade: x\r\n"
	g := before(t, answering(t, "HTTP/1.1 200 OK\r\n"+own+"X-Stays: 1\r\nContent-Length: 0\r\n\r\n"))
	a := ask(t, g, get("/"))
	echo := before(t, script(t, echoHead))
	b := ask(t, echo, get("/", strings.TrimSuffix(own, "\r\n"), "X-Stays: 1"))
	for _, got := range []string{a.head, b.body} {
		for _, name := range []string{"X-Own", "Keep-Alive", "Proxy-", "TE:", "Trailer", "Upgrade", "Connection"} {
			if strings.Contains(got, name) {
				t.Errorf("%s passed the gateway: %q", name, got)
			}
		}
		if !strings.Contains(got, "X-Stays: 1\r\n") {
			t.Errorf("X-Stays was lost: %q", got)
		}
	}
}

func TestForwardedFieldsTellTheUpstreamWhoAsks(t *testing.T) {
	g := before(t, script(t, echoHead))
	a := ask(t, g, get("/", "X-Forwarded-For: 9.9.9.9", "X-Forwarded-Proto: https", "X-Forwarded-Host: liar", "x-forwarded-for: 8.8.8.8"))
	if got := linesWith(a.body, "X-Forwarded"); !cmp.Equal(got, []string{
		"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Host: example.test",
	}) {
		t.Errorf("upstream got %q", got)
	}
}

// linesWith returns the lines of a head that start with a prefix, without
// regard to case.
func linesWith(head, prefix string) []string {
	var found []string
	for line := range strings.SplitSeq(head, "\r\n") {
		if len(line) >= len(prefix) && strings.EqualFold(line[:len(prefix)], prefix) {
			found = append(found, line)
		}
	}
	return found
}

func TestHostIsTheUpstreamsUnlessPreservedOrEdited(t *testing.T) {
	url := script(t, echoHead)
	own := strings.TrimPrefix(url, "http://")
	edit := at(abi.Pre, func(x *abi.Exchange) error { return x.SetHost([]byte("edited.test")) })
	for _, tt := range []struct {
		name     string
		preserve bool
		plugins  []plugin
		want     string
	}{
		{"rewritten", false, nil, own},
		{"preserved", true, nil, "example.test"},
		{"edited", false, []plugin{edit}, "edited.test"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := newUpstream(t, upstream.Config{URL: url, PreserveHost: tt.preserve})
			g := start(t, proxy.Config{}, proxy.Route{Chain: newChain(t, tt.plugins...), Upstream: u})
			a := ask(t, g, get("/"))
			if got := linesWith(a.body, "Host:"); !cmp.Equal(got, []string{"Host: " + tt.want}) {
				t.Errorf("upstream got %q, want %q", got, tt.want)
			}
			if got := linesWith(a.body, "X-Forwarded-Host:"); !cmp.Equal(got, []string{"X-Forwarded-Host: example.test"}) {
				t.Errorf("upstream got %q", got)
			}
		})
	}
}

func TestTargetPassesByteForByte(t *testing.T) {
	g := before(t, script(t, echoHead))
	for _, target := range []string{
		"/", "/a//b/", "/?", "/a?", "/a?b=c&&d==%20+%2B", "/a?x=http://y/?z", "/host/a?u=http://b", "/a?u=/../%2f%zz\\",
		"/ä\xff", "/a/b;c=d", "/a?b?c", "/%61", "/...", "/{}|^`\"<>", "/%E9/%c3%a9%20", "/fetch/http://x//y",
	} {
		a := ask(t, g, get(target))
		got, _, _ := strings.Cut(a.body, "\r\n")
		if want := "GET " + target + " HTTP/1.1"; got != want {
			t.Errorf("upstream got %q, want %q", got, want)
		}
	}
}

// The path that was authorised is the path that the upstream gets.
func TestTargetsAreResolvedBeforeTheyAreSent(t *testing.T) {
	g := before(t, script(t, echoHead))
	for target, want := range map[string]string{
		"//": "/", "//a//b/": "/a//b/", "/a/../b": "/b", "/../..": "/", "/./a": "/a", "/a/.": "/a/", "/a/..": "/",
		"/%2e%2E/a?b": "/a?b", "//host/a?u=http://b/..": "/host/a?u=http://b/..", "/a//../b": "/b",
	} {
		a := ask(t, g, get(target))
		if got, _, _ := strings.Cut(a.body, "\r\n"); got != "GET "+want+" HTTP/1.1" {
			t.Errorf("%s: upstream got %q, want %q", target, got, want)
		}
	}
	for _, target := range []string{
		"/a%2Fb", "/a%5cb", `/a\b`, "/%00", "/a/..;/b", "/a/.;x/b", "/a;b=c/d", "/;/a", "/%zz", "/50%", "/%c0%ae%c0%ae/x", "/nowhere/..%2fx",
	} {
		if a := ask(t, g, get(target)); a.status != 400 {
			t.Errorf("%s: status = %d, want 400", target, a.status)
		}
	}
}

func TestAnAPIMayKeepPathsThatServersReadDifferently(t *testing.T) {
	u := newUpstream(t, upstream.Config{URL: script(t, echoHead)})
	g := start(t, proxy.Config{}, proxy.Route{Path: "/", KeepEncoded: true, Chain: newChain(t), Upstream: u})
	for _, target := range []string{"/a%2Fb%2fc", "/%00%0a%zz%", "/a/..;/b", `/a\b`} {
		a := ask(t, g, get(target))
		if got, _, _ := strings.Cut(a.body, "\r\n"); got != "GET "+target+" HTTP/1.1" {
			t.Errorf("%s: upstream got %q", target, got)
		}
	}
}

func TestStripRemovesThePrefixAndNothingElse(t *testing.T) {
	url := script(t, echoHead)
	c := newChain(t)
	g := start(t, proxy.Config{},
		proxy.Route{Path: "/orders/", Strip: true, Chain: c, Upstream: newUpstream(t, upstream.Config{URL: url})},
		proxy.Route{Path: "/based", Strip: true, Chain: c, Upstream: newUpstream(t, upstream.Config{URL: url + "/v1/"})},
		proxy.Route{Path: "/kept", Chain: c, Upstream: newUpstream(t, upstream.Config{URL: url + "/v1"})},
	)
	for target, want := range map[string]string{
		"/orders":              "/",
		"/orders/":             "/",
		"/orders?a=b":          "/?a=b",
		"/orders//x/%2e?y":     "/x/?y",
		"/orders//x?y":         "/x?y",
		"/%6frders/x":          "/x",
		"/orders/a/../b":       "/b",
		"/based/x":             "/v1/x",
		"/based":               "/v1/",
		"/kept/x?":             "/v1/kept/x?",
		"/orders/orders/x":     "/orders/x",
		"/kept/../kept/../a":   "", // no such route once resolved
		"/a/../orders/x":       "/x",
		"/orders/../based/x":   "/v1/x",
		"/orders/../../orders": "/",
		"/based/../../secret":  "", // no such route
		"/orders/%2e%2e/kept":  "/v1/kept",
		"/orders/..%2fx":       "",
		"/orders/..;/x":        "",
	} {
		a := ask(t, g, get(target))
		got, _, _ := strings.Cut(strings.TrimPrefix(a.body, "GET "), " HTTP")
		switch {
		case want == "":
			if a.status != 404 && a.status != 400 {
				t.Errorf("%s: status = %d, want a refusal", target, a.status)
			}
		case got != want:
			t.Errorf("%s: upstream got %q, want %q", target, got, want)
		}
	}
}

func TestAbsoluteTargetTakesThePlaceOfHost(t *testing.T) {
	u := newUpstream(t, upstream.Config{URL: script(t, echoHead), PreserveHost: true})
	g := start(t, proxy.Config{}, proxy.Route{Host: "real.test", Chain: newChain(t), Upstream: u})
	for target, want := range map[string]string{
		"http://real.test/a?b":  "GET /a?b HTTP/1.1\r\nHost: real.test\r\n",
		"HTTP://REAL.test:80?b": "GET /?b HTTP/1.1\r\nHost: real.test:80\r\n",
		"http://real.test":      "GET / HTTP/1.1\r\nHost: real.test\r\n",
	} {
		if a := ask(t, g, "GET "+target+" HTTP/1.1\r\nHost: other.test\r\n\r\n"); !strings.HasPrefix(a.body, want) {
			t.Errorf("%s: upstream got %q, want %q", target, a.body, want)
		}
	}
}

func TestRequestIDIsTakenWhenSaneElseMade(t *testing.T) {
	g := before(t, script(t, echoHead))
	for _, tt := range []struct {
		name, sent string
		kept       bool
	}{
		{"sane", "abc-123", true},
		{"longest", strings.Repeat("a", 128), true},
		{"too long", strings.Repeat("a", 129), false},
		{"with a space", "a b", false},
		{"with a quote", `a"b`, false},
		{"empty", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := ask(t, g, get("/", "x-request-id: "+tt.sent))
			up, down := linesWith(a.body, "X-Request-Id:"), linesWith(a.head, "X-Request-Id:")
			if len(up) != 1 || !cmp.Equal(up, down) {
				t.Fatalf("upstream got %q, client got %q", up, down)
			}
			if got := up[0] == "X-Request-Id: "+tt.sent; got != tt.kept {
				t.Errorf("id %q became %q", tt.sent, up[0])
			}
		})
	}
}

func TestRequestIDsDiffer(t *testing.T) {
	g := before(t, script(t, echoHead))
	seen := map[string]bool{}
	p := connect(t, g.addr)
	for range 100 {
		p.send(get("/"))
		seen[linesWith(p.receive("GET").head, "X-Request-Id:")[0]] = true
	}
	if len(seen) != 100 {
		t.Errorf("%d ids for 100 requests", len(seen))
	}
}

func TestGatewayNamesItselfAndDatesWhatHasNoDate(t *testing.T) {
	g := before(t, answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	a := ask(t, g, get("/"))
	if got := linesWith(a.head, "Server:"); !cmp.Equal(got, []string{"Server: sallyport"}) {
		t.Errorf("server = %q", got)
	}
	got := linesWith(a.head, "Date:")
	if len(got) != 1 {
		t.Fatalf("date = %q", got)
	}
	if _, err := http.ParseTime(strings.TrimPrefix(got[0], "Date: ")); err != nil {
		t.Error(err)
	}
}

func TestInterimRepliesAreSkipped(t *testing.T) {
	g := before(t, answering(t, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	if a := ask(t, g, get("/")); a.status != 200 || a.body != "ok" {
		t.Errorf("reply = %+v", a)
	}
}

func TestPluginsEditBothMessages(t *testing.T) {
	g := before(t, script(t, echoHead),
		at(abi.Pre, func(x *abi.Exchange) error {
			_ = x.DelHeader(abi.OfRequest, []byte("X-Debug"))
			_ = x.SetMethod([]byte("PURGE"))
			_ = x.SetURI([]byte("/other?x=%2F"))
			return x.AddHeader(abi.OfRequest, []byte("x-tenant"), []byte("acme"))
		}),
		at(abi.Response, func(x *abi.Exchange) error {
			_ = x.SetStatus(201)
			return x.SetHeader(abi.OfReply, []byte("Content-Type"), []byte("a/b"))
		}))
	a := ask(t, g, get("/", "X-Debug: 1"))
	if !strings.HasPrefix(a.body, "PURGE /other?x=%2F HTTP/1.1\r\n") || !strings.Contains(a.body, "x-tenant: acme\r\n") || strings.Contains(a.body, "X-Debug") {
		t.Errorf("upstream got %q", a.body)
	}
	if !strings.HasPrefix(a.head, "HTTP/1.1 201 Created\r\n") || !strings.Contains(a.head, "Content-Type: a/b\r\n") {
		t.Errorf("client got %q", a.head)
	}
}

func TestUpstreamTrouble(t *testing.T) {
	gone := listen(t)
	refused := "http://" + gone.Addr().String()
	_ = gone.Close()
	for _, tt := range []struct {
		name, url string
		want      int
	}{
		{"refused", refused, 502},
		{"closes at once", script(t, func(int, net.Conn, *bufio.Reader) {}), 502},
		{"garbage", answering(t, "what?\r\n\r\n"), 502},
		{"folded field", answering(t, "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n"), 502},
		{"control character", answering(t, "HTTP/1.1 200 OK\r\nA: b\x01\r\nContent-Length: 0\r\n\r\n"), 502},
		{"two lengths", answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), 502},
		{"length and coding", answering(t, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 502},
		{"unknown coding", answering(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"), 502},
		{"unasked upgrade", answering(t, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"), 502},
		{"endless head", answering(t, "HTTP/1.1 200 OK\r\nA: "+strings.Repeat("b", 300<<10)+"\r\n\r\n"), 502},
		{"only interim replies", answering(t, strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 99)), 502},
		{"large head", answering(t, "HTTP/1.1 200 OK\r\nA: "+strings.Repeat("b", 100<<10)+"\r\nContent-Length: 0\r\n\r\n"), 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := ask(t, before(t, tt.url), get("/", "X-Request-Id: abc"))
			if a.status != tt.want {
				t.Fatalf("status = %d, want %d", a.status, tt.want)
			}
			if want := `{"error":"`; tt.want == 502 && (!strings.HasPrefix(a.body, want) || !strings.HasSuffix(a.body, `","request_id":"abc"}`)) {
				t.Errorf("body = %q", a.body)
			}
		})
	}
}

func TestErrorsHaveOneShape(t *testing.T) {
	g := start(t, proxy.Config{}, proxy.Route{Path: "/virtual", Chain: newChain(t)})
	for _, path := range []string{"/none", "/virtual/none"} {
		a := ask(t, g, get(path, "X-Request-Id: abc"))
		if a.status != 404 || a.body != `{"error":"no such route","request_id":"abc"}` {
			t.Errorf("%s: %d %q", path, a.status, a.body)
		}
		if !strings.Contains(a.head, "Content-Type: application/json\r\n") {
			t.Errorf("%s: %q", path, a.head)
		}
	}
}

func TestPluginFaultsTellTheClientNothing(t *testing.T) {
	for kind, want := range map[abi.Kind]int{abi.Trap: 500, abi.Timeout: 504, abi.Limit: 500, abi.Busy: 503, abi.Unavailable: 503} {
		for _, hook := range []abi.Hook{abi.Pre, abi.Response} {
			g := before(t, script(t, echoHead), at(hook, func(*abi.Exchange) error { return abi.Errorf(kind, "secret") }))
			a := ask(t, g, get("/"))
			if a.status != want || strings.Contains(a.body, "secret") || !strings.HasPrefix(a.body, `{"error":"`) {
				t.Errorf("%s in %s: %d %q", kind, hook, a.status, a.body)
			}
		}
	}
}
