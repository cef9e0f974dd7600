package proxy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/longtest"
	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/upstream"
)

// understood is a request as one of its readers has understood it.
type understood struct {
	ID, Method, URI, Host string
	Body                  []byte
	Complete              bool // the body came to its end

	// Of the gateway's own reading.
	bytes   int64 // of the body, sent to the upstream
	status  int
	fault   string
	retried bool
}

// reading is what a reader has understood so far.
type reading struct {
	mu  sync.Mutex
	all []understood
}

func (r *reading) add(u understood) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, u)
}

// take returns the requests of an id and forgets them.
func (r *reading) take(id string) (taken []understood) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = slices.DeleteFunc(r.all, func(u understood) bool {
		if u.ID == id {
			taken = append(taken, u)
		}
		return u.ID == id
	})
	return taken
}

// byID returns the requests of each id.
func (r *reading) byID() map[string][]understood {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string][]understood{}
	for _, u := range r.all {
		out[u.ID] = append(out[u.ID], u)
	}
	return out
}

// readers are upstreams that note what they understand. Behind nginx stands
// another server, which is told what nginx has understood.
func readers(t *testing.T) map[string]func(t *testing.T) (url string, r *reading) {
	t.Helper()
	inGo := func(t *testing.T) (string, *reading) {
		r := &reading{}
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			body, err := io.ReadAll(q.Body)
			u := understood{
				ID: strings.Join(q.Header.Values("X-Request-Id"), "+"), Method: q.Method, URI: q.RequestURI, Host: q.Host, Body: body, Complete: err == nil,
			}
			if host := q.Header.Get("X-Nginx-Host"); host != "" && host != hostOnly(q.Host) {
				u.Host = host + ", which nginx makes of " + q.Host
			}
			r.add(u)
			_, _ = io.WriteString(w, "ok")
		}))
		s.Config.DisableGeneralOptionsHandler = true // it would answer OPTIONS * itself
		s.Start()
		t.Cleanup(s.Close)
		return s.URL, r
	}
	return map[string]func(*testing.T) (string, *reading){
		"go": inGo,
		"nginx": func(t *testing.T) (string, *reading) {
			url, r := inGo(t)
			return runNginx(t, "proxy_pass "+url+`; proxy_http_version 1.1; proxy_set_header Connection "";
				proxy_set_header Host $http_host; proxy_set_header X-Nginx-Host $host;`), r
		},
		"node": func(t *testing.T) (string, *reading) {
			url, lines := runNode(t, "testdata/understood.mjs")
			r := &reading{}
			go func() {
				for {
					line, err := lines.ReadBytes('\n')
					if err != nil {
						return
					}
					var u understood
					if err := json.Unmarshal(line, &u); err != nil {
						u.ID = fmt.Sprintf("%q: %v", line, err)
					}
					r.add(u)
				}
			}()
			return url, r
		},
	}
}

// hostOnly cuts the port off.
func hostOnly(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.Contains(host[i:], "]") {
		return host[:i]
	}
	return host
}

// TestUpstreamsUnderstandWhatTheGatewayForwards sends mutated requests through
// gateways to servers of three kinds. Each request that a server understands
// must be one that the gateway meant, with the same method, path, host and
// body, and no other may arrive.
func TestUpstreamsUnderstandWhatTheGatewayForwards(t *testing.T) {
	n := 1500
	if longtest.Enabled() {
		n = 6000
	}
	for kind, begin := range readers(t) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			url, theirs := begin(t)
			ours := &reading{}
			streaming, buffering := forwarding(t, url, ours, false), forwarding(t, url, ours, true)
			var senders sync.WaitGroup
			for worker := range 4 {
				senders.Go(func() {
					for i := worker; i < n; i += 4 {
						g := streaming
						if i%3 == 0 {
							g = buffering
						}
						exchangeRaw(t, g, mutant(i))
					}
				})
			}
			senders.Wait()
			compareReadings(t, n, ours, theirs)
		})
	}
}

// forwarding runs a gateway that notes what it forwards: when its last hook
// runs, and when the request has ended.
func forwarding(t *testing.T, url string, ours *reading, buffer bool) *gateway {
	t.Helper()
	meant := &reading{}
	note := func(x *abi.Exchange) error {
		r := &x.Request
		u := understood{ID: string(x.RequestID), Method: string(r.Method), URI: string(r.URI), Host: string(r.Host)}
		if buffer {
			u.Body = bytes.Clone(r.Body)
		}
		meant.add(u)
		return nil
	}
	step := at(abi.Post, note)
	if buffer {
		step = body(abi.Post, note)
	}
	cfg := proxy.Config{Observe: func(a *proxy.AccessRecord) {
		for _, u := range meant.take(string(a.RequestID)) {
			u.bytes, u.status, u.fault, u.retried = a.BytesIn, a.Status, a.Fault, a.Retried
			if u.Method != string(a.Method) || u.URI != string(a.URI) || u.Host != string(a.Host) {
				t.Errorf("a plugin saw %s %s %s, the observer %s %s %s", u.Method, u.Host, u.URI, a.Method, a.Host, a.URI)
			}
			ours.add(u)
		}
	}}
	return start(t, cfg, proxy.Route{Chain: newChain(t, step), Upstream: newUpstream(t, upstream.Config{URL: url, PreserveHost: true})})
}

// exchangeRaw sends bytes on a connection of their own and waits for its end.
func exchangeRaw(t *testing.T, g *gateway, raw string) {
	c, err := net.Dial("tcp", g.addr)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(c, raw)
	_ = c.(*net.TCPConn).CloseWrite()
	if _, err := io.Copy(io.Discard, c); err != nil && strings.Contains(err.Error(), "timeout") {
		t.Errorf("the gateway hangs at %.300q", raw)
	}
}

// compareReadings waits until the upstream has told of every request that it
// answered, and compares.
func compareReadings(t *testing.T, n int, ours, theirs *reading) {
	t.Helper()
	var meant, got map[string][]understood
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		meant, got = ours.byID(), theirs.byID()
		waiting := 0
		for id, u := range meant {
			if u[0].status == http.StatusOK && len(got[id]) == 0 {
				waiting++
			}
		}
		if waiting == 0 || time.Now().After(end) {
			break
		}
	}
	time.Sleep(100 * time.Millisecond) // for a request more
	meant, got = ours.byID(), theirs.byID()
	complete := 0
	for id, all := range got {
		m := meant[id]
		if len(m) != 1 {
			t.Errorf("the upstream understood %+v, which the gateway has sent %d times", all, len(m))
			continue
		}
		if len(all) > 1 && !m[0].retried {
			t.Errorf("the upstream understood %+v in place of one request", all)
		}
		for _, u := range all {
			if u.Complete {
				complete++
			}
			compareRequest(t, &m[0], &u)
		}
	}
	for id, m := range meant {
		if m[0].status == http.StatusOK && len(got[id]) == 0 {
			t.Errorf("the upstream has not understood %+v, and answered", m[0])
		}
	}
	t.Logf("%d connections, %d requests forwarded, %d understood, %d of them to their end", n, len(meant), len(got), complete)
	if len(got) < n/4 || complete < n/5 {
		t.Errorf("%d requests understood of %d are too few to mean anything", len(got), n)
	}
}

func compareRequest(t *testing.T, ours, theirs *understood) {
	t.Helper()
	host := theirs.Host
	if ours.Host == "" {
		host = "" // the gateway has to choose one
	}
	if theirs.Method != ours.Method || theirs.URI != ours.URI || host != ours.Host {
		t.Errorf("the upstream understood %s %q %q, the gateway %s %q %q", theirs.Method, theirs.Host, theirs.URI, ours.Method, ours.Host, ours.URI)
	}
	if !theirs.Complete {
		if ours.fault == "" && ours.status == http.StatusOK {
			t.Errorf("the upstream got half of %+v", ours)
		}
		return
	}
	if int64(len(theirs.Body)) != ours.bytes || ours.Body != nil && !bytes.Equal(theirs.Body, ours.Body) {
		t.Errorf("the upstream got the body %.100q, the gateway sent %d bytes of %+v", theirs.Body, ours.bytes, ours)
	}
}

// rawRequest is a request in parts that can be mutated one by one.
type rawRequest struct {
	method, target, proto string
	fields                []string
	newline               string
	body, tail            string
}

func (r *rawRequest) String() string {
	lines := append([]string{r.method + " " + r.target + " " + r.proto}, r.fields...)
	return strings.Join(lines, r.newline) + r.newline + r.newline + r.body + r.tail
}

// replace writes another line in place of the field that begins with a name.
func (r *rawRequest) replace(name, line string) {
	for i, f := range r.fields {
		if strings.HasPrefix(f, name) {
			r.fields[i] = line
			return
		}
	}
	r.fields = append(r.fields, line)
}

// mutant returns the request of a number: one of four plain ones with up to
// two mutations. It is always the same.
func mutant(i int) string {
	random := rand.New(rand.NewPCG(12, uint64(i)))
	r := &rawRequest{method: "POST", target: fmt.Sprintf("/m/%d?q=%d", i, i), proto: "HTTP/1.1", fields: []string{"Host: a.example", "X-A: b"}, newline: "\r\n"}
	switch i % 4 {
	case 0:
		r.method = "GET"
	case 1:
		r.fields, r.body = append(r.fields, "Content-Length: 11"), "hello world"
	case 2:
		r.fields, r.body = append(r.fields, "Transfer-Encoding: chunked"), "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
		if i%5 == 0 {
			r.body = "10000\r\n" + strings.Repeat("0\r\n\r\n"+get("/smuggled"), 1<<16)[:1<<16] + "\r\n" + r.body
		}
	case 3: // what is smuggled, if anything is
		smuggled := fmt.Sprintf("GET /smuggled/%d HTTP/1.1\r\nHost: evil.example\r\n\r\n", i)
		if i%5 == 0 { // more than the gateway reads before it forwards
			smuggled = strings.Repeat(smuggled, 1+1<<16/len(smuggled))
		}
		r.fields, r.body = append(r.fields, fmt.Sprintf("Content-Length: %d", len(smuggled))), smuggled
	}
	kinds := slices.Sorted(maps.Keys(mutations))
	for range 1 + random.IntN(2) {
		values := mutations[kinds[random.IntN(len(kinds))]]
		values.apply(r, values.spellings[random.IntN(len(values.spellings))])
	}
	return r.String()
}

// mutation puts one of several spellings into a request.
type mutation struct {
	spellings []string
	apply     func(r *rawRequest, spelling string)
}

func addField(r *rawRequest, s string)  { r.fields = append(r.fields, s) }
func setLength(r *rawRequest, s string) { r.replace("Content-Length", s) }
func setCoding(r *rawRequest, s string) { r.replace("Transfer-Encoding", s) }
func setHost(r *rawRequest, s string)   { r.replace("Host", s) }
func setTarget(r *rawRequest, s string) { r.target = s }
func setTail(r *rawRequest, s string)   { r.tail += s }

// setChunks replaces the body, if it is in chunks.
func setChunks(r *rawRequest, s string) {
	if slices.ContainsFunc(r.fields, func(f string) bool { return strings.HasPrefix(f, "Transfer-Encoding") }) {
		r.body = s
	}
}

var mutations = map[string]mutation{
	"another length": {[]string{
		"Content-Length: 11", "Content-Length: 5", "Content-Length: 0", "content-length: 11", "Content-Length: 99",
		"Content_Length: 3", "Content-Length\t: 11", "Content-Length : 5", " Content-Length: 5",
	}, addField},
	"the length": {[]string{
		"Content-Length: +11", "Content-Length: 011", "Content-Length: 0xb", "Content-Length: 11, 11", "Content-Length: 11 ", "Content-Length:11", "CONTENT-LENGTH:\t11",
		"Content-Length: 1 1", "Content-Length: -1", "Content-Length: 5", "Content-Length: 12", "Content-Length: 1e1", "Content-Length: ", "Content-Length: 18446744073709551627", "Content-Length: \x0b11",
	}, setLength},
	"another coding": {[]string{
		"Transfer-Encoding: chunked", "transfer-encoding: chunked", "Transfer-Encoding: identity", "Transfer-Encoding: gzip", "Transfer_Encoding: chunked", "Transfer-Encoding : chunked",
		"X: y\nTransfer-Encoding: chunked", "X: y\rTransfer-Encoding: chunked", "Transfer-Encoding: \x0bchunked",
	}, addField},
	"the coding": {[]string{
		"Transfer-Encoding: Chunked", "Transfer-Encoding: CHUNKED", "Transfer-Encoding:chunked", "Transfer-Encoding:\tchunked\t", "TRANSFER-ENCODING: chunked", "Transfer-Encoding: chunked, chunked",
		"Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, identity", "Transfer-Encoding: xchunked", "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: chunked;q=1", "Transfer-Encoding: ,chunked",
		"Transfer-Encoding:\r\n chunked", "Transfer-Encoding: chunked\x00", "Transfer-Encoding: chun\xffked", "Transfer-Encoding: ",
	}, setCoding},
	"chunks": {[]string{
		"0\r\n\r\n", "5;a=b\r\nhello\r\n0\r\n\r\n", "5;a=\"b\r\nhello\r\n0\r\n\r\n", "5 ;a\r\nhello\r\n0\r\n\r\n", "5\t\r\nhello\r\n0\r\n\r\n", "05\r\nhello\r\n00\r\n\r\n", "000000000000000005\r\nhello\r\n0\r\n\r\n",
		"0x5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", "5\nhello\n0\n\n", "5\r\nhello0\r\n\r\n", "5\r\nhello!\r\n0\r\n\r\n", "4\r\nhello\r\n0\r\n\r\n", "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n",
		"5;\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\nhello\r\n0\r\n\r\n", "5;\r\nhello\r\n0\r\nX-T: y\r\n\r\n", "5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n", "5\r\nhello\r\n0;x\r\n\r\n", "fffffffffffffffff\r\n", "10000000000000005\r\nhello\r\n0\r\n\r\n",
		"5\r\nhello\r\n0\r\n", "5\r\nhel", "5;" + strings.Repeat("e", 5000) + "\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\nX-T: y\r\n z\r\n\r\n", "5\r\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\r\n0\r\n\r\n", "5_0\r\nhello\r\n0\r\n\r\n",
	}, setChunks},
	"field": {[]string{
		"X-B : c", "X-B\t: c", "X B: c", "X-B: c\r\n d", "X-B: c\r\n\td", "X-B: \x00", "X-B: c\rX-C: d", "X-B: c\nX-C: d", "X-B", ": c", "X-B:", "X-B: \x7f", "X-B: \xff\xfe", "X-B: c\x0bd", "\x00X-B: c", "X-B: c\r\n", "X\x00B: c", "X-(B): c", "X-B: \x1b[0m",
		"Connection: close", "connection: Keep-Alive", "Connection: Host", "Connection: Content-Length, Transfer-Encoding", "Connection: X-A", "Connection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk", "Connection: Upgrade\r\nUpgrade: websocket", "Keep-Alive: timeout=1",
		"TE: trailers", "Trailer: Content-Length", "Upgrade: x", "Proxy-Connection: keep-alive", "X-HTTP-Method-Override: DELETE", "X-Original-URL: /admin", "X-Forwarded-Host: evil",
		"X-Large: " + strings.Repeat("l", 3000), "X-Large: " + strings.Repeat("l", 20000), strings.Repeat("X-Many: m\r\n", 90) + "X-Last: y",
	}, addField},
	"expectation": {[]string{
		"Expect: 100-continue", "expect: 100-Continue", "EXPECT: 100-CONTINUE", "Expect: 100-continue, x", "Expect: x", "Expect:", "Expect: 100-continue\r\nExpect: 100-continue", "Expect : 100-continue", "Expect: 100 continue",
	}, addField},
	"host": {[]string{
		"Host: A.EXAMPLE", "Host: a.example.", "Host: a.example:80", "Host: a.example.:8080", "Host: a.example:", "Host: a.example:x", "Host: a.example..", "Host: [::1]", "Host: [::1]:80", "Host: [::1", "Host: a.example@evil", "Host: evil/a.example", "Host: a.example, evil", "Host: a.example evil",
		"Host:a.example", "Host:\ta.example\t", "host: a.example", "HOST: A.example", "Host : a.example", "Host:", "Host: a.example\r\nHost: evil", "Host: evil\r\nhost: a.example", "Host: a_b.example", "Host: %61.example", "Host: a.example#x", "Host: a.example?x", "Host: a\\b", "Host: \xff.example", "Host: -", "Host: .", "Host: :80", "Host: a:80:90", "X-Not-Host: a",
	}, setHost},
	"target": {[]string{
		"/", "/a b", "/a\tb", "*", "http://b.example/x", "HTTP://B.example:80/x?y", "http://b.example", "http://b.example?x=/y", "https://b.example./x", "http:///x", "http://u@b.example/x", "http:/x", "//b.example/x", "b.example:80", "x", "/#x", "/\x00", "/\x7f", "/\xff", "/%00", "/%zz", "/?", "/??a", "/a//b", "/./a", "/a/../b", "/a?b=http://c/", "/{}|^`\"<>", "/" + strings.Repeat("t", 3000), "",
	}, setTarget},
	"method": {
		[]string{"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "get", "Post", "PROPFIND", "M-SEARCH", "X", "G(T", "GE\tT", "CONNECT", "PRI", " GET", "GET ", "\x00GET", "QUERY", strings.Repeat("M", 40), "A!#$%&'*+-.^_`|~9"},
		func(r *rawRequest, s string) { r.method = s },
	},
	"version": {
		[]string{"HTTP/1.0", "HTTP/1.0", "HTTP/1.1 ", " HTTP/1.1", "http/1.1", "HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "HTTP/01.1", "HTTP/1.10", "HTTP/1.1\x00", "HTTP/1.", "", "HTTP/1.1 HTTP/1.1", "SIP/2.0"},
		func(r *rawRequest, s string) { r.proto = s },
	},
	"newline": {[]string{"\n", "\r", "\n\r", "\r\r\n"}, func(r *rawRequest, s string) { r.newline = s }},
	"tail": {[]string{
		get("/next"), get("/next") + get("/last"), "POST /next HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\n\r\nabc" + get("/last"), "\r\n\r\n" + get("/next"), "\n" + get("/next"), "X", "\x00\x00", "0\r\n\r\n", "0\r\n\r\n" + get("/next"),
		"POST /next HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + get("/last"), "GET /next HTTP/1.0\r\n\r\n", "GET /next\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\r" + get("/next"), " " + get("/next"), strings.Repeat("\r\n", 40) + get("/next"),
	}, setTail},
	"before": {
		[]string{"\r\n", "\n", "\r\n\r\n", " ", "\x00", "\t", get("/first"), "\ufeff"},
		func(r *rawRequest, s string) { r.method = s + r.method },
	},
	"cut": {[]string{""}, func(r *rawRequest, _ string) { r.body = r.body[:len(r.body)/2] }},
}

// How many dots at the end of a name are none is read in different ways: nginx
// takes one off, and the gateway takes one off. So a name with two would be
// another one to the gateway's router than to nginx behind it.
func TestHostsWithEmptyLabelsAreRefused(t *testing.T) {
	g := before(t, script(t, echoHead))
	for host, want := range map[string]int{"a.example.": 200, "a.example..": 400, "a.example..:80": 400, "a..example": 400, ".a.example": 400, ".": 400} {
		for _, raw := range []string{
			"GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n", "GET http://" + host + "/ HTTP/1.1\r\nHost: a\r\n\r\n",
		} {
			if a := ask(t, g, raw); a.status != want {
				t.Errorf("%q gets %d, want %d", raw, a.status, want)
			}
		}
	}
}
