package proxy_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/abi"
)

func TestRequestBodiesArriveWhole(t *testing.T) {
	t.Parallel()
	read := func(x *abi.Exchange) error {
		if len(x.Request.Body) == 0 {
			return errors.New("the plugin was given no body")
		}
		return nil
	}
	large := strings.Repeat("0123456789abcdef", 64<<10)
	for name, plugins := range map[string][]plugin{
		"streamed": nil,
		"seen by a hook that needs none": {at(abi.Pre, func(x *abi.Exchange) error {
			if !x.Request.Streamed || x.Request.Body != nil {
				return errors.New("the plugin was given a body")
			}
			return nil
		})},
		"buffered": {body(abi.Pre, read)},
	} {
		t.Run(name, func(t *testing.T) {
			var log requests
			g := before(t, log.serve(t), plugins...)
			for _, b := range []string{"x", "hello", large[:16<<10], large[:16<<10+1], large} {
				a := ask(t, g, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: "+itoa(len(b))+"\r\n\r\n"+b)
				if _, got, _ := strings.Cut(a.body, "\r\n\r\n"); got != b {
					t.Errorf("%d bytes with a length became %d, status %d", len(b), len(got), a.status)
				}
				a = ask(t, g, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"+chunks(b, 1000)+"0\r\n\r\n")
				if _, got, _ := strings.Cut(a.body, "\r\n\r\n"); got != b {
					t.Errorf("%d bytes in chunks became %d, status %d", len(b), len(got), a.status)
				}
			}
		})
	}
}

// chunks frames b in chunks of the given size.
func chunks(b string, size int) string {
	var out strings.Builder
	for len(b) > 0 {
		n := min(size, len(b))
		_, _ = io.WriteString(&out, hex(n)+";ext=1\r\n"+b[:n]+"\r\n")
		b = b[n:]
	}
	return out.String()
}

func hex(n int) string {
	const digits = "0123456789ABCDEF"
	if n < 16 {
		return digits[n : n+1]
	}
	return hex(n/16) + digits[n%16:n%16+1]
}

func TestRequestsWithoutBodyGetNoFraming(t *testing.T) {
	g := before(t, script(t, echoHead))
	for raw, want := range map[string]string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n":                         "",
		"POST / HTTP/1.1\r\nHost: a\r\n\r\n":                        "",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n":   "Content-Length: 0",
		"DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n": "Content-Length: 0",
	} {
		a := ask(t, g, raw)
		if got := strings.Join(linesWith(a.body, "Content-Length"), "|"); got != want {
			t.Errorf("%q: upstream got %q, want %q", raw, got, want)
		}
	}
}

func TestBodyAboveTheLimitGets413(t *testing.T) {
	nop := func(*abi.Exchange) error { return nil }
	var log requests
	g := before(t, log.serve(t), body(abi.Pre, nop).limit(1000))
	large := strings.Repeat("x", 1001)
	for name, raw := range map[string]string{
		"length":  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n" + large,
		"chunked": "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(large, 100) + "0\r\n\r\n",
		"huge":    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000000\r\n\r\n" + large,
	} {
		if a := ask(t, g, raw); a.status != 413 {
			t.Errorf("%s: status = %d, want 413", name, a.status)
		}
	}
	if a := ask(t, g, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"+large[:1000]); a.status != 200 {
		t.Errorf("at the limit: status = %d", a.status)
	}
	if n := len(log.all()); n != 1 {
		t.Errorf("upstream got %d requests, want 1", n)
	}
}

func TestReplyBodyAboveTheLimitGets502(t *testing.T) {
	nop := func(*abi.Exchange) error { return nil }
	large := strings.Repeat("x", 1001)
	for name, raw := range map[string]string{
		"length":  "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + large,
		"chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(large, 100) + "0\r\n\r\n",
	} {
		g := before(t, answering(t, raw), body(abi.Response, nop).limit(1000))
		if a := ask(t, g, get("/")); a.status != 502 {
			t.Errorf("%s: status = %d, want 502", name, a.status)
		}
	}
}

func TestReplyBodiesArriveWhole(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("0123456789abcdef", 64<<10)
	nop := func(*abi.Exchange) error { return nil }
	for name, plugins := range map[string][]plugin{
		"untouched":         nil,
		"seen without body": {at(abi.Response, nop)},
		"buffered":          {body(abi.Response, nop)},
	} {
		for _, b := range []string{"", "x", large[:5000], large} {
			for framing, raw := range map[string]string{
				"length":  "HTTP/1.1 200 OK\r\nContent-Length: " + itoa(len(b)) + "\r\n\r\n" + b,
				"chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(b, 999) + "0\r\nX-Trailer: 1\r\n\r\n",
				"close":   "HTTP/1.1 200 OK\r\n\r\n" + b,
				"1.0":     "HTTP/1.0 200 OK\r\n\r\n" + b,
			} {
				url := answering(t, raw)
				if framing == "close" || framing == "1.0" {
					url = script(t, func(_ int, c net.Conn, r *bufio.Reader) {
						_, _ = head(r)
						_, _ = io.WriteString(c, raw)
					})
				}
				g := before(t, url, plugins...)
				p := connect(t, g.addr)
				for range 2 { // the connection must be usable after each
					p.send(get("/"))
					if a := p.receive("GET"); a.status != 200 || a.body != b {
						t.Fatalf("%s, %s: %d bytes became %d, status %d", name, framing, len(b), len(a.body), a.status)
					}
				}
			}
		}
	}
}

func TestEditedBodiesHaveTheRightLength(t *testing.T) {
	var log requests
	g := before(t, log.serve(t),
		at(abi.Pre, func(x *abi.Exchange) error { return x.SetBody(abi.OfRequest, []byte("edited")) }),
		at(abi.Response, func(x *abi.Exchange) error { return x.SetBody(abi.OfReply, []byte("other")) }))
	large := strings.Repeat("x", 100<<10)
	for name, raw := range map[string]string{
		"none":         "POST / HTTP/1.1\r\nHost: a\r\n\r\n",
		"get":          "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"length":       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
		"large":        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + itoa(len(large)) + "\r\n\r\n" + large,
		"chunked":      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"empty length": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
	} {
		p := connect(t, g.addr)
		for range 2 { // what the client still sends must not become the next request
			p.send(raw)
			a := p.receive("POST")
			if a.status != 200 || a.body != "other" || strings.Join(linesWith(a.head, "Content-Length"), "|") != "Content-Length: 5" {
				t.Errorf("%s: reply = %d %q %q", name, a.status, a.head, a.body)
			}
			got := log.all()
			last := got[len(got)-1]
			if strings.Join(linesWith(last, "Content-Length"), "|") != "Content-Length: 6" || !strings.HasSuffix(last, "\r\n\r\nedited") || strings.Contains(last, "chunked") {
				t.Errorf("%s: upstream got %q", name, last)
			}
		}
	}
}

func TestHeadKeepsTheLengthAndHasNoBody(t *testing.T) {
	nop := func(*abi.Exchange) error { return nil }
	for name, plugins := range map[string][]plugin{"plain": nil, "hook": {body(abi.Response, nop)}} {
		for raw, want := range map[string]string{
			"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n":       "Content-Length: 12345",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n":  "",
			"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n": "Content-Length: 7",
		} {
			g := before(t, answering(t, raw), plugins...)
			p := connect(t, g.addr)
			for range 2 {
				p.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
				a := p.receive("HEAD")
				if got := strings.Join(linesWith(a.head, "Content-Length"), "|"); got != want {
					t.Errorf("%s: length of %q became %q", name, raw, got)
				}
			}
		}
	}
}

func TestRepliesThatNeverHaveABody(t *testing.T) {
	for _, raw := range []string{
		"HTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: x\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
	} {
		g := before(t, answering(t, raw))
		p := connect(t, g.addr)
		for range 3 {
			p.send(get("/"))
			a := p.receive("GET")
			if a.body != "" || strings.Contains(a.head, "Transfer-Encoding") || (a.status == 204 && strings.Contains(a.head, "Content-Length")) {
				t.Errorf("%q became %q", raw, a.head)
			}
		}
	}
}

func TestPluginAnswersInPlaceOfTheUpstream(t *testing.T) {
	var log requests
	g := before(t, log.serve(t), respond(abi.Pre, 403, "no"))
	for _, raw := range []string{get("/"), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"} {
		p := connect(t, g.addr)
		for range 2 {
			p.send(raw)
			if a := p.receive("GET"); a.status != 403 || a.body != "no" {
				t.Errorf("reply = %+v", a)
			}
		}
	}
	if n := len(log.all()); n > 0 {
		t.Errorf("upstream got %d requests", n)
	}
}

func TestExpectingClientIsToldToContinue(t *testing.T) {
	nop := func(*abi.Exchange) error { return nil }
	for name, plugins := range map[string][]plugin{"streamed": nil, "hooked": {at(abi.Pre, nop)}, "buffered": {body(abi.Pre, nop)}} {
		t.Run(name, func(t *testing.T) {
			var log requests
			g := before(t, log.serve(t), plugins...)
			p := connect(t, g.addr)
			for _, framed := range [][2]string{{"Content-Length: 5", "hello"}, {"Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"}} {
				p.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n" + framed[0] + "\r\n\r\n")
				if h, err := head(p.r); err != nil || h != "HTTP/1.1 100 Continue\r\n\r\n" {
					t.Fatalf("got %q, %v", h, err)
				}
				p.send(framed[1])
				if a := p.receive("POST"); a.status != 200 || !strings.HasSuffix(a.body, "\r\n\r\nhello") || strings.Contains(a.body, "Expect") {
					t.Errorf("reply = %d %q", a.status, a.body)
				}
			}
		})
	}
}

func TestExpectingClientIsTurnedAwayBeforeItsBody(t *testing.T) {
	nop := func(*abi.Exchange) error { return nil }
	for name, tt := range map[string]struct {
		plugin plugin
		want   int
	}{
		"rejected":  {respond(abi.Pre, 403, "no"), 403},
		"fault":     {at(abi.Pre, func(*abi.Exchange) error { return errors.New("x") }), 500},
		"too large": {body(abi.Pre, nop).limit(4), 413},
	} {
		t.Run(name, func(t *testing.T) {
			g := before(t, script(t, echoHead), tt.plugin)
			p := connect(t, g.addr)
			p.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
			if a := p.receive("POST"); a.status != tt.want || !strings.Contains(a.head, "Connection: close") {
				t.Errorf("reply = %+v", a)
			}
			if !p.ended() {
				t.Error("the connection goes on")
			}
		})
	}
}

func TestUnknownExpectationGets417(t *testing.T) {
	if a := ask(t, before(t, script(t, echoHead)), get("/", "Expect: miracles")); a.status != 417 {
		t.Errorf("status = %d", a.status)
	}
}

func TestOldClientsAreServed(t *testing.T) {
	chunked := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(strings.Repeat("x", 100<<10), 1000) + "0\r\n\r\n"
	for name, raw := range map[string]string{
		"length":  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"chunked": chunked,
	} {
		t.Run(name, func(t *testing.T) {
			g := before(t, answering(t, raw))
			p := connect(t, g.addr)
			p.send("GET / HTTP/1.0\r\n\r\n")
			h, err := head(p.r)
			if err != nil || strings.Contains(h, "chunked") || !strings.Contains(h, "Connection: close\r\n") {
				t.Fatalf("head = %q, %v", h, err)
			}
			b, _ := io.ReadAll(p.r)
			if len(b) != 5 && len(b) != 100<<10 {
				t.Errorf("body has %d bytes", len(b))
			}
		})
	}
	t.Run("keep-alive", func(t *testing.T) {
		g := before(t, script(t, echoHead))
		p := connect(t, g.addr)
		for range 2 {
			p.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
			if a := p.receive("GET"); a.status != 200 || !strings.Contains(strings.ToLower(a.head), "connection: keep-alive") {
				t.Fatalf("reply = %+v", a)
			}
		}
	})
}

func TestBodyCutShortUpstreamCutsTheReplyShort(t *testing.T) {
	for name, raw := range map[string]string{
		"length":      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello",
		"chunked":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		"bad chunk":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
		"long chunk":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n",
		"inside size": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5",
	} {
		g := before(t, script(t, func(_ int, c net.Conn, r *bufio.Reader) {
			_, _ = head(r)
			_, _ = io.WriteString(c, raw)
		}))
		p := connect(t, g.addr)
		p.send(get("/"))
		if a, err := p.tryReceive("GET"); err == nil {
			t.Errorf("%s: the client takes it for complete: %+v", name, a)
		}
	}
}

func TestEarlyReplyReachesAClientThatStillSends(t *testing.T) {
	g := before(t, script(t, func(_ int, c net.Conn, r *bufio.Reader) {
		_, _ = head(r)
		_, _ = io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
	}))
	p := connect(t, g.addr)
	p.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n" + strings.Repeat("x", 20<<10))
	if a := p.receive("POST"); a.status != 413 || a.body != "no" || !strings.Contains(a.head, "Connection: close") {
		t.Errorf("reply = %+v", a)
	}
}

func TestBothBodiesMayFlowAtOnce(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		b := make([]byte, 100)
		for {
			n, err := r.Body.Read(b)
			_, _ = w.Write(b[:n])
			_ = http.NewResponseController(w).Flush()
			if err != nil {
				return
			}
		}
	})
	g := before(t, url)
	p := connect(t, g.addr)
	p.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nping\r\n")
	if _, err := head(p.r); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		line, err := p.r.ReadString('g')
		if err != nil || !strings.HasSuffix(line, "ping") {
			t.Fatalf("got %q, %v", line, err)
		}
		p.send("4\r\nping\r\n")
	}
	p.send("0\r\n\r\n")
	if _, err := io.ReadAll(p.r); err != nil {
		t.Error(err)
	}
}

func TestClientThatBreaksOffItsBodyDoesNotCompleteTheRequest(t *testing.T) {
	whole := make(chan bool, 2)
	g := before(t, serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		whole <- err == nil
	}))
	for _, raw := range []string{
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 20<<10),
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(strings.Repeat("x", 20<<10), 1000),
	} {
		p := connect(t, g.addr)
		p.send(raw)
		_ = p.Close()
		if <-whole {
			t.Errorf("%.60q: the upstream takes it for complete", raw)
		}
	}
}
