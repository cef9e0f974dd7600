package jsvm_test

import (
	"compress/gzip"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

// site is a server that scripts call: it shows what it got.
func site(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header()["X-Two"] = []string{"a", "b"}
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, strings.Join([]string{
			r.Method, r.RequestURI, r.Header.Get("X-Test"), r.Header.Get("Content-Type"), string(body),
		}, "|"))
	})
	mux.HandleFunc("/gzip", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer z.Close()
		_, _ = io.WriteString(z, "inside")
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) {
		block := []byte(strings.Repeat("x", 1<<20))
		for range 9 {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/bytes", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("a\xffb")) })
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/once", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/echo", http.StatusFound) })
	// After a 101, net/http hands over the connection, which nobody closes.
	mux.HandleFunc("/switch", func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		t.Cleanup(func() { c.Close() })
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
	})
	mux.HandleFunc("/999", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(999) })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "short")
	})
	return serve(t, mux)
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// says returns what an expression of a script says, in a handler.
func says(t *testing.T, c jsvm.Config, site, expression string) string {
	t.Helper()
	p := loadSpec(t, c, abi.Spec{Entry: "m", APIs: []*abi.API{exchange().API}}, handler(`
		var site = "`+site+`";
		request.Body = String(`+expression+`);
		return m.ReturnData(request, {});`))
	x := exchange()
	must(t, p, x, abi.Pre)
	return string(x.Request.Body)
}

func TestTykMakeHttpRequest(t *testing.T) {
	s := site(t)
	for _, c := range []struct{ name, in, show, want string }{
		{"post", `{Method: "POST", Domain: site, Resource: "/echo?q=%2F+x", Body: "hi", Headers: {"x-test": "1", "Host": "evil"}}`, `r.Body`, "POST|/echo?q=%2F+x|1||hi"},
		{"default method", `{Domain: site, Resource: "/echo"}`, `r.Body`, "GET|/echo|||"},
		{"form", `{Method: "POST", Domain: site, Resource: "/echo", FormData: {b: "2 3", a: "1"}}`, `r.body`, "POST|/echo|||a=1&b=2+3"},
		{"body before form", `{Method: "POST", Domain: site, Resource: "/echo", Body: "x", FormData: {b: "2"}}`, `r.body`, "POST|/echo|||x"},
		{"both casings", `{Domain: site, Resource: "/echo"}`, `[r.Code, r.code, r.Headers["X-Two"], r.headers["X-Two"], r.Body === r.body]`, "202,202,a,b,a,b,true"},
		{"lower case input", `{method: "PUT", domain: site, resource: "/echo"}`, `r.Body`, "PUT|/echo|||"},
		{"gzip", `{Domain: site, Resource: "/gzip"}`, `r.Body`, "inside"},
		{"gzip asked for", `{Domain: site, Resource: "/gzip", Headers: {"Accept-Encoding": "gzip"}}`, `r.Body === "inside"`, "false"},
		{"not text", `{Domain: site, Resource: "/bytes"}`, `r.Body`, "a\ufffdb"},
		{"redirect", `{Domain: site, Resource: "/once"}`, `r.Body`, "GET|/echo|||"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := says(t, jsvm.Config{}, s, `(function () { var r = JSON.parse(TykMakeHttpRequest(JSON.stringify(`+c.in+`))); return `+c.show+`; })()`)
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestRequestsGoOverTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	trusting := jsvm.Config{TLS: server.Client().Transport.(*http.Transport).TLSClientConfig}
	ask := `TykMakeHttpRequest(JSON.stringify({Domain: site, Resource: "/"}))`
	if got := says(t, trusting, server.URL, `JSON.parse(`+ask+`).Body`); got != "HTTP/1.1" {
		t.Errorf("reply = %q, want HTTP/1.1", got)
	}
	if got := says(t, jsvm.Config{}, server.URL, "typeof "+ask); got != "undefined" {
		t.Errorf("a server that is not trusted gives %s, want undefined", got)
	}
}

func TestTykMakeHttpRequestGivesTykShape(t *testing.T) {
	s := site(t)
	got := says(t, jsvm.Config{}, s, `TykMakeHttpRequest(JSON.stringify({Domain: site, Resource: "/bytes"})).replace(/"Date":\["[^"]*"\]/g, "D")`)
	want := `{"Code":200,"Body":"a\ufffdb","Headers":{"Content-Length":["3"],"Content-Type":["text/plain; charset=utf-8"],D},` +
		`"code":200,"body":"a\ufffdb","headers":{"Content-Length":["3"],"Content-Type":["text/plain; charset=utf-8"],D}}`
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestRequestsThatFailAreUndefined(t *testing.T) {
	s := site(t)
	for _, in := range []string{
		``, `"not json"`, `undefined`, `null`, `"{}"`, `"[]"`,
		`JSON.stringify({Domain: "not a url", Resource: "/"})`,
		`JSON.stringify({Domain: "ftp://127.0.0.1", Resource: "/"})`,
		`JSON.stringify({Domain: "", Resource: "/echo"})`,
		`JSON.stringify({Domain: "http://127.0.0.1:1", Resource: "/"})`,
		`JSON.stringify({Domain: "http://[::1", Resource: "/"})`,
		`JSON.stringify({Domain: site, Resource: "/echo", Method: "BAD METHOD"})`,
		`JSON.stringify({Domain: site, Resource: "/echo", Headers: {"X": "a\r\nY: b"}})`,
		`JSON.stringify({Domain: site, Resource: "/echo", Headers: {"X": 1}})`,
		`JSON.stringify({Domain: site, Resource: "/large"})`,
		`JSON.stringify({Domain: site, Resource: "/loop"})`,
		`JSON.stringify({Domain: site, Resource: "/cut"})`,
		`JSON.stringify({Domain: site, Resource: "/switch"})`,
		`JSON.stringify({Domain: site, Resource: "/999"})`,
	} {
		if got := says(t, jsvm.Config{}, s, "typeof TykMakeHttpRequest("+in+")"); got != "undefined" {
			t.Errorf("TykMakeHttpRequest(%s) is %s, want undefined", in, got)
		}
	}
}

func TestTykBatchRequestKeepsTheOrder(t *testing.T) {
	s := site(t)
	for _, suppress := range []string{"true", "false"} {
		got := says(t, jsvm.Config{}, s, `TykBatchRequest(JSON.stringify({suppress_parallel_execution: `+suppress+`, requests: [
			{method: "POST", relative_url: site + "/echo?1", body: "one", headers: {"X-Test": "h"}},
			{method: "GET", relative_url: "http://127.0.0.1:1/"},
			{relative_url: site + "/echo?3"}]})).replace(/"headers":\{[^}]*\}/g, "H").split(site).join("S")`)
		want := `[{"relative_url":"S/echo?1","code":202,H,"body":"POST|/echo?1|h||one"},` +
			`{"relative_url":"","code":0,"headers":null,"body":""},` +
			`{"relative_url":"S/echo?3","code":202,H,"body":"GET|/echo?3|||"}]`
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("suppress %s: %s", suppress, d)
		}
	}
}

func TestBatchesThatAreNotValidAreUndefined(t *testing.T) {
	s := site(t)
	for _, in := range []string{
		`"x"`,
		`JSON.stringify({requests: [{relative_url: site + "/echo"}, {relative_url: "/echo"}]})`,
		`JSON.stringify({requests: [{relative_url: site + "/echo", method: "A B"}]})`,
	} {
		if got := says(t, jsvm.Config{}, s, "typeof TykBatchRequest("+in+")"); got != "undefined" {
			t.Errorf("TykBatchRequest(%s) is %s, want undefined", in, got)
		}
	}
	if got := says(t, jsvm.Config{}, s, `TykBatchRequest("{}")`); got != "[]" {
		t.Errorf("empty batch = %q, want []", got)
	}
}

func TestBatchesRunInParallelWithinBounds(t *testing.T) {
	var now, most atomic.Int32
	s := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		now.Add(-1)
	}))
	got := says(t, jsvm.Config{}, s, `(function () {
		var q = []; for (var i = 0; i < 60; i++) { q.push({relative_url: site + "/" + i}); }
		return JSON.parse(TykBatchRequest(JSON.stringify({requests: q}))).filter(function (r, i) {
			return r.code === 200 && r.relative_url === site + "/" + i; }).length; })()`)
	if got != "60" || most.Load() > 16 {
		t.Errorf("%s replies, %d at one time; want 60, at most 16", got, most.Load())
	}
}

// silence is a server that accepts and never answers. It tells of connections
// that the other side has closed.
func silence(t *testing.T) (url string, closed <-chan struct{}) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	gone := make(chan struct{}, 16)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(io.Discard, conn)
				_ = conn.Close()
				gone <- struct{}{}
			}()
		}
	}()
	return "http://" + l.Addr().String(), gone
}

func TestRequestsEndWithTheDeadline(t *testing.T) {
	url, closed := silence(t)
	for name, body := range map[string]string{
		"request":   `TykMakeHttpRequest(JSON.stringify({Domain: "` + url + `", Resource: "/"}));`,
		"batch":     `TykBatchRequest(JSON.stringify({requests: [{relative_url: "` + url + `/"}]}));`,
		"caught":    `for (;;) { try { TykMakeHttpRequest(JSON.stringify({Domain: "` + url + `", Resource: "/"})); } catch (e) {} }`,
		"handshake": `TykMakeHttpRequest(JSON.stringify({Domain: "` + strings.Replace(url, "http:", "https:", 1) + `", Resource: "/"}));`,
	} {
		t.Run(name, func(t *testing.T) {
			p := load(t, handler(body+`return m.ReturnData(request, {});`))
			_, err := callWithin(p, exchange(), abi.Pre, 2*short)
			if abi.KindOf(err) != abi.Timeout || strings.Contains(err.Error(), "abandoned") {
				t.Errorf("Call() = %v, want a timeout in order", err)
			}
			select {
			case <-closed:
			case <-time.After(10 * time.Second):
				t.Error("the connection outlives the call")
			}
		})
	}
}

func TestRequestsAtLoadEndWithTheLoad(t *testing.T) {
	url, _ := silence(t)
	got := loadError(t, jsvm.Config{LoadTimeout: 2 * short}, abi.Spec{Entry: "m"},
		`TykMakeHttpRequest(JSON.stringify({Domain: "`+url+`", Resource: "/"}));`+handler(""))
	if !strings.Contains(got, "deadline") {
		t.Errorf("Load() = %q, want the deadline", got)
	}
}
