package main

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// acceptanceReply is what a client got.
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
	path, query, _ := strings.Cut(w.echo.fill(s.path), "?")
	r.URL.Opaque = "//" + r.URL.Host + path // not cleaned
	r.URL.RawQuery = query
	for _, f := range s.header {
		if f[0] == "Host" {
			r.Host = f[1]
			continue
		}
		r.Header[f[0]] = append(r.Header[f[0]], w.echo.fill(f[1]))
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
	o := outcome{reply: reply, upstream: w.echo.since(before), log: w.log.String}
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
	log      func() string
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
//	upstream wire "…"          part of it as it was on the wire
//	upstream count 2           how many requests it got
//	log "…"                    part of the gateway's log
//	log line "…" "…"           parts of one line of it; bare "…" is a whole line
//	within 1s, after 1s        when the reply was there
func (o *outcome) check(want string) string {
	name, rest, _ := strings.Cut(want, " ")
	switch name {
	case "body", "contains", "lacks":
		return o.text(name, rest)
	case "log":
		return o.logged(rest)
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

// logged checks the gateway's log. Events come to it after the reply, so it
// waits for them.
func (o *outcome) logged(want string) string {
	rest, bare := strings.CutPrefix(want, "bare ")
	rest, line := strings.CutPrefix(rest, "line ")
	parts, err := unquoteAll(rest)
	if err != nil || len(parts) == 0 {
		return "not quoted as Go quotes"
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(5 * time.Second); !inLog(o.log(), parts, bare, line); {
		select {
		case <-tick.C:
		case <-late:
			return "log:\n" + o.log()
		}
	}
	return ""
}

// inLog reports whether a log has all parts, or one line of it, or as a line.
func inLog(log string, parts []string, bare, line bool) bool {
	lines := []string{log}
	if line || bare {
		lines = strings.Split(log, "\n")
	}
	return slices.ContainsFunc(lines, func(l string) bool {
		return bare && l == parts[0] || !bare && containsAll(l, parts)
	})
}

func containsAll(s string, parts []string) bool {
	return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(s, part) })
}

// unquoteAll reads quoted texts with spaces between them.
func unquoteAll(text string) (all []string, err error) {
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		quoted, err := strconv.QuotedPrefix(text)
		if err != nil {
			return nil, err
		}
		s, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, err
		}
		all, text = append(all, s), text[len(quoted):]
	}
	return all, nil
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
	if n, ok := strings.CutPrefix(want, "count "); ok {
		if got := strconv.Itoa(len(o.upstream)); got != n {
			return "it got " + got
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
	case "wire":
		if text, err := strconv.Unquote(rest); err != nil || !strings.Contains(last.wire, text) {
			return strconv.Quote(last.wire)
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
