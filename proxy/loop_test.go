package proxy_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/object"
	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/upstream"
)

// redirect returns a plugin that sends a request for one path elsewhere.
func redirect(h abi.Hook, path, target string) plugin {
	return at(h, func(x *abi.Exchange) error {
		if uri, _, _ := strings.Cut(string(x.Request.URI), "?"); uri != path {
			return nil
		}
		return redirectTo(x, target)
	})
}

// redirectTo sends a request to a tyk:// URL.
func redirectTo(x *abi.Exchange, url string) error {
	r, _, err := object.ParseRedirect([]byte(url))
	if err != nil {
		return err
	}
	return x.Redirect(r)
}

// two runs a gateway with an API a below /a and an internal API below /b, both
// in front of one upstream.
func two(t testing.TB, upstreamURL string, a, b []plugin) *gateway {
	t.Helper()
	up := newUpstream(t, upstream.Config{URL: upstreamURL})
	return start(
		t, proxy.Config{},
		proxy.Route{Path: "/a", Strip: true, Upstream: up, Chain: chainOf(t, &abi.API{ID: "a1", Name: "First", ListenPath: "/a"}, a...)},
		proxy.Route{Path: "/b", Strip: true, Internal: true, Upstream: up, Chain: chainOf(t, &abi.API{ID: "b1", Name: "Second API (v2) #internal", ListenPath: "/b"}, b...)},
	)
}

func seen(name string) plugin {
	return at(abi.Post, func(x *abi.Exchange) error {
		return x.AddHeader(abi.OfRequest, []byte("X-Seen"), []byte(name))
	})
}

func TestRedirectGoesToTheAPIItNames(t *testing.T) {
	for _, tt := range []struct{ name, target, line, via string }{
		{"id", "tyk://b1/x", "GET /x", "b"},
		{"name", "tyk://second-api-v2-/x", "GET /x", "b"},
		{"name in capitals", "tyk://SECOND-API-v2-/x", "GET /x", "b"},
		{"name with escapes", "tyk://Second%20API%20%28v2%29/x", "GET /x", "b"},
		{"self", "tyk://self/other", "GET /other", "a"},
		{"self below the listen path", "tyk://self/a/other", "GET /other", "a"},
		{"listen path of the target", "tyk://b1/b/x", "GET /x", "b"},
		{"no path", "tyk://b1", "GET /", "b"},
		{"query replaces", "tyk://b1/x?c=d", "GET /x?c=d", "b"},
		{"query only", "tyk://b1?c=d", "GET /?c=d", "b"},
		{"controls are removed", "tyk://b1/x?a=%20&method=PUT&b&loop_limit=3&check_limits=true", "PUT /x?a=%20&b", "b"},
		{"controls only", "tyk://b1/x?method=DELETE&method=PUT", "DELETE /x", "b"},
		{"escapes stay", "tyk://b1/x%2Fy%20z", "GET /x%2Fy%20z", "b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := two(t, script(t, echoHead), []plugin{redirect(abi.Pre, "/a/from", tt.target), seen("a")}, []plugin{seen("b")})
			a := ask(t, g, get("/a/from?old=1"))
			if line, _, _ := strings.Cut(a.body, " HTTP"); line != tt.line {
				t.Errorf("upstream got %q, want %q", line, tt.line)
			}
			if diff := cmp.Diff([]string{"X-Seen: " + tt.via}, linesWith(a.body, "X-Seen")); diff != "" {
				t.Errorf("post hooks that ran (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRedirectsEndSomewhere(t *testing.T) {
	for _, tt := range []struct{ name, target, want string }{
		{"five", "tyk://self/from", "Loop level too deep. Found more than 5 loops in single request"},
		{"two", "tyk://self/from?loop_limit=2", "Loop level too deep. Found more than 2 loops in single request"},
		{"no number", "tyk://self/from?loop_limit=x", "Loop level too deep. Found more than 5 loops in single request"},
		{"none", "tyk://self/from?loop_limit=-1", "Loop level too deep. Found more than 5 loops in single request"},
		{"more than we allow", "tyk://self/from?loop_limit=1000000", "Loop level too deep. Found more than 100 loops in single request"},
		{"nobody", "tyk://nobody/", "Can't detect loop target"},
		{"bad method", "tyk://self/?method=G%20T", "a plugin failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			runs := 0
			count := at(abi.Pre, func(*abi.Exchange) error { runs++; return nil })
			a := ask(t, two(t, script(t, echoHead), []plugin{count, redirect(abi.Pre, "/a/from", tt.target), redirect(abi.Pre, "/from", tt.target)}, nil), get("/a/from"))
			if a.status != 500 || !strings.Contains(a.body, `"error":"`+tt.want+`","request_id":"`) {
				t.Errorf("reply = %d %s, want %q", a.status, a.body, tt.want)
			}
			var limit int
			if n, _ := fmt.Sscanf(tt.want, "Loop level too deep. Found more than %d loops", &limit); n == 1 && runs != limit+1 {
				t.Errorf("the chain ran %d times, want once and %d loops", runs, limit)
			}
		})
	}
}

func TestTheFirstLoopLimitCounts(t *testing.T) {
	plugins := []plugin{
		redirect(abi.Pre, "/a/1", "tyk://self/2"),
		redirect(abi.Pre, "/2", "tyk://self/3?loop_limit=3"),
		redirect(abi.Pre, "/3", "tyk://self/4?loop_limit=9"),
		redirect(abi.Pre, "/4", "tyk://self/5"),
	}
	a := ask(t, two(t, script(t, echoHead), plugins, nil), get("/a/1"))
	if a.status != 500 || !strings.Contains(a.body, "Found more than 3 loops") {
		t.Errorf("reply = %d %s", a.status, a.body)
	}
}

func TestVirtualPluginMayRedirect(t *testing.T) {
	g := two(t, script(t, echoHead), []plugin{redirect(abi.Virtual, "/a/virt", "tyk://self/get_action?method=GET")}, nil)
	a := ask(t, g, "POST /a/virt?a=b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
	if line, _, _ := strings.Cut(a.body, " HTTP"); line != "GET /get_action" {
		t.Errorf("upstream got %q", a.body)
	}
}

func TestBodyFollowsARedirect(t *testing.T) {
	small, large := "a small body", strings.Repeat("0123456789abcdef", 16<<10)
	edited := body(abi.Pre, func(x *abi.Exchange) error { return x.SetBody(abi.OfRequest, []byte("edited")) })
	replaced := at(abi.Pre, func(x *abi.Exchange) error { return x.SetBody(abi.OfRequest, []byte("edited")) })
	read := body(abi.Pre, func(x *abi.Exchange) error {
		if x.Request.Streamed || len(x.Request.Body) == 0 {
			return fmt.Errorf("body of %d bytes, streamed %v", len(x.Request.Body), x.Request.Streamed)
		}
		return nil
	})
	away := redirect(abi.Pre, "/a/from", "tyk://b1/x")
	for _, tt := range []struct {
		name string
		a, b []plugin
		edit bool
	}{
		{"nobody reads it", []plugin{away}, nil, false},
		{"the first reads it", []plugin{read, away}, nil, false},
		{"the second reads it", []plugin{away}, []plugin{read}, false},
		{"both read it", []plugin{read, away}, []plugin{read}, false},
		{"the first edits it", []plugin{edited, away}, []plugin{read}, true},
		{"the first replaces it unread", []plugin{replaced, away}, []plugin{read}, true},
		{"the second edits it", []plugin{away}, []plugin{edited}, true},
	} {
		for _, sent := range []string{small, large} {
			for framing, raw := range map[string]string{
				"length":   "Content-Length: " + itoa(len(sent)) + "\r\n\r\n" + sent,
				"chunked":  "Transfer-Encoding: chunked\r\n\r\n" + chunks(sent, 5000) + "0\r\n\r\n",
				"expected": "Expect: 100-continue\r\nContent-Length: " + itoa(len(sent)) + "\r\n\r\n",
			} {
				t.Run(tt.name+" "+framing+" "+itoa(len(sent)), func(t *testing.T) {
					var up requests
					p := connect(t, two(t, up.serve(t), tt.a, tt.b).addr)
					p.send("POST /a/from HTTP/1.1\r\nHost: a\r\n" + raw)
					if framing == "expected" {
						if h, err := head(p.r); err != nil || !strings.HasPrefix(h, "HTTP/1.1 100 ") {
							t.Fatalf("got %q, %v, want leave to continue", h, err)
						}
						p.send(sent)
					}
					a, want := p.receive("POST"), sent
					if tt.edit {
						want = "edited"
					}
					if _, got, _ := strings.Cut(a.body, "\r\n\r\n"); a.status != 200 || got != want {
						t.Errorf("reply %d, upstream got %d bytes of body, want %d", a.status, len(got), len(want))
					}
				})
			}
		}
	}
}

func TestBodyMustFitTheAPIARedirectGoesTo(t *testing.T) {
	read := body(abi.Pre, func(*abi.Exchange) error { return nil })
	away := redirect(abi.Pre, "/a/from", "tyk://b1/x")
	for name, a := range map[string][]plugin{"streamed": {away}, "buffered": {read.limit(1000), away}} {
		t.Run(name, func(t *testing.T) {
			g := two(t, script(t, echoHead), a, []plugin{read.limit(10)})
			if a := ask(t, g, "POST /a/from HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n01234567890"); a.status != 413 {
				t.Errorf("reply = %d %s, want 413", a.status, a.body)
			}
		})
	}
}

func TestRedirectOfAPluginThatFailsIsForgotten(t *testing.T) {
	bad := at(abi.Pre, func(x *abi.Exchange) error {
		_ = redirectTo(x, "tyk://b1/x")
		return abi.Errorf(abi.Trap, "crashed")
	})
	for open, want := range map[bool]int{false: 500, true: 200} {
		bad.open = open
		a := ask(t, two(t, script(t, echoHead), []plugin{bad, seen("a")}, []plugin{seen("b")}), get("/a/from"))
		if a.status != want {
			t.Errorf("on_fault open %v: reply = %d, want %d", open, a.status, want)
		}
		if open && len(linesWith(a.body, "X-Seen: a")) != 1 {
			t.Errorf("upstream got %q, want the request of the first API", a.body)
		}
	}
}

func TestInternalAPIsAreNotReachedFromOutside(t *testing.T) {
	up := newUpstream(t, upstream.Config{URL: script(t, echoHead)})
	all := &abi.API{ID: "shared", Name: "front"}
	g := start(
		t, proxy.Config{},
		proxy.Route{Path: "/in", Internal: true, Upstream: up, Chain: chainOf(t, &abi.API{ID: "shared", Name: "in"}, seen("in"))},
		proxy.Route{Path: "/in", Internal: true, Upstream: up, Chain: chainOf(t, &abi.API{ID: "shared", Name: "in 2"}, seen("in 2"))},
		proxy.Route{Path: "/out", Upstream: up, Chain: chainOf(t, all, redirect(abi.Pre, "/out/id", "tyk://shared/x"), redirect(abi.Pre, "/out/name", "tyk://in/x"), redirect(abi.Pre, "/out/loose", "tyk://IN_2/x"), seen("out"))},
	)
	if a := ask(t, g, get("/in/x")); a.status != 404 {
		t.Errorf("reply = %d %s, want 404", a.status, a.body)
	}
	for path, want := range map[string]string{"/out/id": "out", "/out/name": "in", "/out/loose": "in 2"} {
		if a := ask(t, g, get(path)); !strings.Contains(a.body, "X-Seen: "+want+"\r\n") {
			t.Errorf("%s: upstream got %q, want it from %q", path, a.body, want)
		}
	}
}

func TestAnotherAPIAsksForItsOwnKey(t *testing.T) {
	auth := func(key string) plugin {
		return plugin{hook: abi.Auth, call: func(x *abi.Exchange) (abi.Verdict, error) {
			if got, _ := x.Request.Header.Get([]byte("Key")); string(got) != key {
				return abi.Respond, x.Answer(401, []byte("key "+key))
			}
			return abi.Continue, x.SetSession(&abi.Session{KeyID: key})
		}}
	}
	g := two(t, script(t, echoHead), []plugin{auth("a"), redirect(abi.Post, "/a/from", "tyk://b1/x"), redirect(abi.Post, "/a/self", "tyk://self/x")}, []plugin{auth("b")})
	if a := ask(t, g, get("/a/from", "Key: a")); a.status != 401 || a.body != "key b" {
		t.Errorf("reply = %d %s, want that of the other API's auth", a.status, a.body)
	}
	if a := ask(t, g, get("/a/self", "Key: a")); a.status != 200 {
		t.Errorf("reply = %d %s, want 200", a.status, a.body)
	}
	// One API's pre hook leads to the other and back, past its own auth.
	g = two(t, script(t, echoHead), []plugin{auth("a"), redirect(abi.Post, "/a/from", "tyk://b1/x")}, []plugin{redirect(abi.Pre, "/x", "tyk://self/y"), auth("b")})
	if a := ask(t, g, get("/a/from", "Key: a")); a.status != 401 || a.body != "key b" {
		t.Errorf("reply = %d %s, want that of the other API's auth", a.status, a.body)
	}
}

func TestRoutesMayBeReplacedDuringALoop(t *testing.T) {
	up := newUpstream(t, upstream.Config{URL: script(t, echoHead)})
	var g *gateway
	var old *proxy.Router
	replace := at(abi.Pre, func(x *abi.Exchange) error {
		empty, err := proxy.NewRouter(nil)
		if err != nil {
			return err
		}
		old = g.SetRouter(empty)
		return redirectTo(x, "tyk://gone/x")
	})
	g = start(
		t, proxy.Config{},
		proxy.Route{Path: "/a", Upstream: up, Chain: chainOf(t, &abi.API{Name: "a"}, replace)},
		proxy.Route{Internal: true, Upstream: up, Chain: chainOf(t, &abi.API{Name: "gone"})},
	)
	if a := ask(t, g, get("/a")); a.status != 200 {
		t.Errorf("reply = %d %s, want the request to end where it began", a.status, a.body)
	}
	if err := old.Drain(t.Context()); err != nil {
		t.Errorf("Drain() = %v", err)
	}
	if a := ask(t, g, get("/a")); a.status != 404 {
		t.Errorf("reply = %d, want 404 from the new routes", a.status)
	}
}

func TestManyRequestsLoopAtOnce(t *testing.T) {
	g := two(t, script(t, echoHead), []plugin{
		at(abi.Pre, func(x *abi.Exchange) error {
			id, _ := x.Request.Header.Get([]byte("Id"))
			if x.Loop.Depth < 4 {
				return redirectTo(x, "tyk://self/"+string(id))
			}
			return redirectTo(x, "tyk://b1/end/"+string(id))
		}),
	}, []plugin{seen("b")})
	var clients sync.WaitGroup
	for i := range 64 {
		clients.Go(func() {
			for range 5 {
				r, err := http.NewRequest("POST", g.url+"/a/from", strings.NewReader(strings.Repeat("x", 1000*i)))
				if err != nil {
					t.Error(err)
					return
				}
				r.Header.Set("Id", itoa(i))
				reply, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				_ = reply.Body.Close()
				if reply.StatusCode != 200 {
					t.Errorf("client %d: status %d", i, reply.StatusCode)
				}
			}
		})
	}
	clients.Wait()
	http.DefaultClient.CloseIdleConnections()
}

func TestObserverIsToldOfLoops(t *testing.T) {
	told := make(chan proxy.AccessRecord, 1)
	up := newUpstream(t, upstream.Config{URL: script(t, echoHead)})
	g := start(
		t, proxy.Config{Observe: func(a *proxy.AccessRecord) {
			told <- proxy.AccessRecord{API: a.API, Loops: a.Loops, URI: append([]byte(nil), a.URI...)}
		}},
		proxy.Route{Path: "/a", Upstream: up, Chain: chainOf(t, &abi.API{Name: "a"}, redirect(abi.Pre, "/a", "tyk://self/1"), redirect(abi.Pre, "/1", "tyk://b/2"))},
		proxy.Route{Internal: true, Upstream: up, Chain: chainOf(t, &abi.API{Name: "b"})},
	)
	_ = ask(t, g, get("/a"))
	if a := <-told; a.API != "b" || a.Loops != 2 || string(a.URI) != "/2" {
		t.Errorf("told of %s, %d loops, %s", a.API, a.Loops, a.URI)
	}
}
