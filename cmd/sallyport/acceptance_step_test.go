package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// acceptanceEcho is the upstream: it answers with method, URL, header fields
// and body as JSON, and remembers them. Some paths answer otherwise:
//
//	/binary       four bytes that are no text, as application/octet-stream
//	/html         text, as text/html
//	/missing      404
//	/never        nothing, until the client gives up
type acceptanceEcho struct {
	server *httptest.Server

	mu   sync.Mutex // protects seen
	seen []seenRequest
}

// seenRequest is what the upstream got.
type seenRequest struct {
	Method  string      `json:"method"`
	URL     string      `json:"url"`
	Headers http.Header `json:"headers"`
	Body    string      `json:"body"`
	bytes   []byte
}

func newAcceptanceEcho(t *testing.T) *acceptanceEcho {
	t.Helper()
	e := &acceptanceEcho{}
	e.server = httptest.NewServer(e)
	t.Cleanup(func() {
		e.server.CloseClientConnections()
		e.server.Close()
	})
	return e
}

// fill puts the address of the upstream into a text.
func (e *acceptanceEcho) fill(text string) string {
	return strings.ReplaceAll(text, "$UPSTREAM", e.server.URL)
}

// ServeHTTP implements http.Handler.
func (e *acceptanceEcho) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s := seenRequest{Method: r.Method, URL: r.RequestURI, Headers: r.Header.Clone(), Body: string(body), bytes: body}
	e.mu.Lock()
	e.seen = append(e.seen, s)
	e.mu.Unlock()
	switch r.URL.Path {
	case "/binary":
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write([]byte{0xff, 0x00, 0xfe, 0x80})
	case "/html":
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<p>hello</p>")
	case "/missing":
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "missing")
	case "/never":
		<-r.Context().Done()
	default:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Upstream", "echo")
		_ = json.NewEncoder(w).Encode(s)
	}
}

// since returns what came after the first n requests.
func (e *acceptanceEcho) since(n int) []seenRequest {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]seenRequest(nil), e.seen[n:]...)
}

func (e *acceptanceEcho) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.seen)
}

// reply is what a client got.
type acceptanceReply struct {
	status int
	header http.Header
	body   string
	took   time.Duration
}

// ask sends a request, exactly as it is written.
func (w *world) ask(t *testing.T, s *acceptanceStep) *acceptanceReply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), s.method, w.url, bytes.NewReader([]byte(s.body)))
	if err != nil {
		t.Fatal(err)
	}
	path, query, _ := strings.Cut(s.path, "?")
	r.URL.Opaque = "//" + r.URL.Host + path // not cleaned
	r.URL.RawQuery = query
	for _, f := range s.header {
		if f[0] == "Host" {
			r.Host = f[1]
			continue
		}
		r.Header[f[0]] = append(r.Header[f[0]], f[1])
	}
	client := http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	begun := time.Now()
	answer, err := client.Do(r)
	if err != nil {
		t.Fatalf("%s: %v", s.at, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatalf("%s: %v", s.at, err)
	}
	return &acceptanceReply{answer.StatusCode, answer.Header, string(body), time.Since(begun)}
}

// take sends the request of a step and checks what came of it.
func (s *acceptanceStep) take(t *testing.T, w *world) {
	t.Helper()
	before := w.echo.count()
	reply := w.ask(t, s)
	o := outcome{reply: reply, upstream: w.echo.since(before), log: w.log.String()}
	for _, want := range s.wants {
		if problem := o.check(w.echo.fill(want)); problem != "" {
			t.Errorf("%s: want %s: %s\nreply: %d %v\n%s", s.at, want, problem, reply.status, reply.header, reply.body)
		}
	}
}

// outcome is what a step can look at.
type outcome struct {
	reply    *acceptanceReply
	upstream []seenRequest
	log      string
}

// check returns what is wrong with a line of wants; "" means nothing.
//
//	200                        status
//	body "…"                   the whole body, quoted as Go quotes
//	contains "…", lacks "…"    part of it
//	header NAME: VALUE         a field of the reply
//	no header NAME
//	upstream METHOD URL        the last request that the upstream got
//	upstream header NAME: VALUE, upstream no header NAME, upstream body "…"
//	upstream none              it got none
//	log "…"                    part of the gateway's log
//	within 1s, after 1s        when the reply was there
func (o *outcome) check(want string) string {
	name, rest, _ := strings.Cut(want, " ")
	switch name {
	case "body", "contains", "lacks", "log":
		return o.text(name, rest)
	case "header", "no":
		return field(o.reply.header, strings.TrimPrefix(want, "header "))
	case "upstream":
		return o.sent(rest)
	case "within", "after":
		return o.timing(name, rest)
	}
	if strconv.Itoa(o.reply.status) != want {
		return "status " + strconv.Itoa(o.reply.status)
	}
	return ""
}

func (o *outcome) text(name, quoted string) string {
	want, err := strconv.Unquote(quoted)
	if err != nil {
		return "not quoted as Go quotes"
	}
	switch {
	case name == "body" && o.reply.body != want:
		return "body " + strconv.Quote(o.reply.body)
	case name == "contains" && !strings.Contains(o.reply.body, want):
		return "it is not there"
	case name == "lacks" && strings.Contains(o.reply.body, want):
		return "it is there"
	case name == "log" && !strings.Contains(o.log, want):
		return "log:\n" + o.log
	}
	return ""
}

// field checks "NAME: VALUE" or "no header NAME". Names are compared as they
// are spelled.
func field(h http.Header, want string) string {
	if name, ok := strings.CutPrefix(want, "no header "); ok {
		if values, there := h[name]; there {
			return strings.Join(values, " | ")
		}
		return ""
	}
	name, value, _ := strings.Cut(want, ": ")
	if got := strings.Join(h[name], " | "); got != value {
		return name + ": " + got
	}
	return ""
}

// sent checks what the upstream got.
func (o *outcome) sent(want string) string {
	if want == "none" {
		if len(o.upstream) > 0 {
			return "it got " + o.upstream[0].URL
		}
		return ""
	}
	if len(o.upstream) == 0 {
		return "it got nothing"
	}
	last := o.upstream[len(o.upstream)-1]
	name, rest, _ := strings.Cut(want, " ")
	switch name {
	case "header", "no":
		return field(last.Headers, strings.TrimPrefix(want, "header "))
	case "body":
		if text, err := strconv.Unquote(rest); err != nil || text != string(last.bytes) {
			return "body " + strconv.Quote(string(last.bytes))
		}
		return ""
	}
	if got := last.Method + " " + last.URL; got != want {
		return got
	}
	return ""
}

func (o *outcome) timing(name, text string) string {
	d, err := time.ParseDuration(text)
	if err != nil || name == "within" && o.reply.took > d || name == "after" && o.reply.took < d {
		return "it took " + o.reply.took.String()
	}
	return ""
}
