package abi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
)

var never time.Time

// state is everything of an exchange that plugins can see, as plain values.
type state struct {
	Method, URI, Host, Body string
	Streamed                bool
	Header                  []string
	Status                  int
	ReplyHeader             []string
	ReplyBody               string
	ReplyStreamed           bool
	Session                 *abi.Session
	Meta                    []string
	Redirect                string
	Cause                   abi.Cause
	Rejected                bool
}

// stateOf copies the state of x, so that later edits do not change it.
func stateOf(x *abi.Exchange) state {
	return state{
		Method: string(x.Request.Method), URI: string(x.Request.URI), Host: string(x.Request.Host),
		Body: string(x.Request.Body), Streamed: x.Request.Streamed, Header: lines(x.Request.Header),
		Status: x.Reply.Status, ReplyHeader: lines(x.Reply.Header),
		ReplyBody: string(x.Reply.Body), ReplyStreamed: x.Reply.Streamed,
		Session: x.Session, Meta: lines(abi.Header(x.Meta)),
		Redirect: target(x), Cause: x.Cause(), Rejected: x.Rejected(),
	}
}

// loaded returns an exchange as the proxy would fill it.
func loaded() *abi.Exchange {
	x := new(abi.Exchange)
	load(x)
	return x
}

// load fills x without allocating, once it is warm.
func load(x *abi.Exchange) {
	x.Reset()
	x.API = &api
	x.Request.Method, x.Request.URI, x.Request.Host = method, uri, host
	x.Request.Streamed = true
	x.Request.Header = append(x.Request.Header, requestHeader...)
}

// reply fills in what the upstream answered.
func reply(x *abi.Exchange) {
	x.Reply.Status, x.Reply.Body = 200, []byte("ok")
	x.Reply.Header = append(x.Reply.Header, header("Etag: 1", "Set-Cookie: a", "set-cookie: b")...)
}

var (
	api           = abi.API{Name: "orders"}
	method        = []byte("GET")
	uri           = []byte("/orders?x=1")
	host          = []byte("api.example.com")
	requestHeader = header("Accept: */*", "X-Role: admin", "x-role: root", "X-Debug: 1")
)

func header(lines ...string) abi.Header {
	var h abi.Header
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		h = append(h, abi.Field{Name: []byte(name), Value: []byte(value)})
	}
	return h
}

func lines(h abi.Header) []string {
	var out []string
	for _, f := range h {
		out = append(out, string(f.Name)+": "+string(f.Value))
	}
	return out
}

func TestResetForgetsTheRequest(t *testing.T) {
	x := loaded()
	reply(x)
	x.RequestID, x.BodyLimit = []byte("r1"), 7
	x.Begin(abi.Auth, time.Now())
	for _, e := range edits() {
		if e.request {
			e.do(x)
		}
	}
	x.Commit(abi.Respond)
	x.Reset()

	if diff := cmp.Diff(stateOf(new(abi.Exchange)), stateOf(x)); diff != "" {
		t.Errorf("state after Reset (-want +got):\n%s", diff)
	}
	if x.Edited(^abi.Part(0)) || x.Touched() != 0 || x.API != nil || x.RequestID != nil || x.BodyLimit != 0 {
		t.Error("Reset() left something behind")
	}
}

func TestResetDropsLongLists(t *testing.T) {
	x := loaded()
	for range abi.MaxFields {
		x.Request.Header = append(x.Request.Header, abi.Field{Name: []byte("X")})
	}
	x.Reset()
	if n := cap(x.Request.Header); n > 128 {
		t.Errorf("a list for %d fields is kept", n)
	}
}
