package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/c386954a/sallyport/internal/compare/bench/guest"
	"github.com/c386954a/sallyport/internal/compare/bench/load"
	"github.com/c386954a/sallyport/internal/compare/bench/plain"
)

// Workload is one workload: what the plugin does, and the request that makes it do
// so.
type Workload struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Point string `json:"hook"` // where an API binds the plugin

	single  bool // takes one plugin only
	request []byte

	// done says what the hook did not do, given what the upstream saw and the
	// answer of the upstream as the client got it.
	done func(seen *plain.Seen, got *checkedReply) error
}

// Hooks returns the workloads.
func Hooks() []Workload {
	return []Workload{
		{
			Name: "headers", Point: "pre", request: get, done: didHeaders,
			Title: "Header hook: two header fields read, two set, one removed",
		},
		{
			Name: "json", Point: "post", request: post, done: didJSON,
			Title: "JSON hook: 1 KB of JSON read, one member changed, two header fields set",
		},
		{
			Name: "auth", Point: "auth", single: true, request: get, done: didAuth,
			Title: "Auth hook: the key looked up, session and one header field set",
		},
		{
			Name: "response", Point: "response", request: get, done: didResponse,
			Title: "Response rewrite: one member of the body changed, one header field set, one removed",
		},
	}
}

// HookNames returns the names of the workloads.
func HookNames() (names []string) {
	for _, h := range Hooks() {
		names = append(names, h.Name)
	}
	return names
}

func hookNamed(name string) (Workload, bool) {
	for _, h := range Hooks() {
		if h.Name == name {
			return h, true
		}
	}
	return Workload{}, false
}

// agent is the User-Agent of the client.
const agent = "bench/1.0"

// fields are the header fields of every request: with Host there are ten.
const fields = "Host: bench.test\r\n" +
	"User-Agent: " + agent + "\r\n" +
	"Accept: application/json\r\n" +
	"Accept-Encoding: gzip, br\r\n" +
	"Accept-Language: en\r\n" +
	"Authorization: Bearer " + guest.Key + "\r\n" +
	"Cookie: session=0123456789abcdef\r\n" +
	"Cache-Control: no-cache\r\n" +
	"X-Trace: 0123456789abcdef\r\n" +
	"X-Debug: 1\r\n"

// The requests. They are never written to.
var (
	get  = []byte("GET /api/v1/things?id=42 HTTP/1.1\r\n" + fields + "\r\n")
	post = fmt.Appendf(nil, "POST /api/v1/orders HTTP/1.1\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		fields, len(order), order)
)

// order is a kilobyte of JSON. What the hook is after comes last, and under
// the same names in other objects before.
var order = `{"customer":{"id":"c-77","name":"A \"quoted\" name","status":"gold"},"items":[` +
	strings.Repeat(`{"id":"sku-12345","name":"An article","quantity":3,"price":1999,"tags":["a","b"]},`, 10) +
	`{"id":"sku-last","quantity":1}],"currency":"EUR","total":23987,"id":"o-4711","status":"new"}`

// load returns the request as the load generator sends it.
func (h *Workload) load() load.Shot { return load.Shot{Raw: h.request, Status: 200} }

func didHeaders(seen *plain.Seen, _ *checkedReply) error {
	if err := wantFields(seen, map[string]string{"X-Tenant": guest.Tenant, "X-Agent": agent}); err != nil {
		return err
	}
	if _, ok := seen.Header["X-Debug"]; ok {
		return errors.New("the upstream still got X-Debug")
	}
	return nil
}

func didJSON(seen *plain.Seen, _ *checkedReply) error {
	if err := wantFields(seen, map[string]string{"X-Order": "o-4711", "X-Status": "new"}); err != nil {
		return err
	}
	return sameJSON(seen.Body, changed(order))
}

func didAuth(seen *plain.Seen, _ *checkedReply) error {
	return wantFields(seen, map[string]string{"X-Tenant": guest.Tenant})
}

func didResponse(_ *plain.Seen, got *checkedReply) error {
	if v := got.header.Get("X-Rewritten"); v != "1" {
		return fmt.Errorf("the client got X-Rewritten %q, want 1", v)
	}
	if v := got.header.Get("X-Powered-By"); v != "" {
		return fmt.Errorf("the client still got X-Powered-By %q", v)
	}
	return sameJSON(got.body, changed(plain.Body))
}

// changed is a text with the member status as the hooks leave it.
func changed(text string) string {
	return strings.Replace(text, `"status":"new"`, `"status":"seen"`, 1)
}

func wantFields(seen *plain.Seen, want map[string]string) error {
	for name, value := range want {
		if got := seen.Header[name]; got != value {
			return fmt.Errorf("the upstream got %s %q, want %q", name, got, value)
		}
	}
	return nil
}

// sameJSON compares texts by what they mean: engines order members their way.
func sameJSON(got, want string) error {
	var a, b any
	if err := json.Unmarshal([]byte(got), &a); err != nil {
		return fmt.Errorf("the body is not JSON: %w", err)
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		return err
	}
	x, _ := json.Marshal(a) // what was decoded can be encoded
	y, _ := json.Marshal(b)
	if string(x) != string(y) {
		return fmt.Errorf("the body is %s, want %s", x, y)
	}
	return nil
}

// checkedReply is an answer as the client got it.
type checkedReply struct {
	status int
	header http.Header
	body   string
}

// ask sends one request, with one more header field, on a connection of its
// own.
func ask(ctx context.Context, addr string, request []byte, field string) (*checkedReply, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return nil, err
	}
	if field != "" {
		request = bytes.Replace(request, []byte("\r\n"), []byte("\r\n"+field+"\r\n"), 1)
	}
	if _, err := conn.Write(request); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return &checkedReply{resp.StatusCode, resp.Header, string(body)}, err
}

// check says what the hook of a row did not do; of rows without a plugin, that
// they forward.
func (r *row) check(ctx context.Context, addr string, h *Workload) error {
	got, err := ask(ctx, addr, h.request, "")
	if err != nil {
		return err
	}
	echoed, err := ask(ctx, addr, h.request, plain.EchoField+": 1")
	if err != nil {
		return err
	}
	if got.status != http.StatusOK || echoed.status != http.StatusOK {
		return fmt.Errorf("the client got status %d: %s", got.status, got.body)
	}
	var seen plain.Seen
	if err := json.Unmarshal([]byte(echoed.body), &seen); err != nil {
		return fmt.Errorf("answer of the upstream: %w", err)
	}
	if r.plugin == nil {
		return untouched(&seen, got, h)
	}
	if err := h.done(&seen, got); err != nil {
		return err
	}
	if h.Name == "auth" {
		return refusesStrangers(ctx, addr, h)
	}
	return nil
}

// untouched makes sure that the checks can fail: without a plugin, none of the
// work must be done.
func untouched(seen *plain.Seen, got *checkedReply, h *Workload) error {
	if h.done(seen, got) == nil {
		return fmt.Errorf("the work of the hook %s was done without a plugin", h.Name)
	}
	return nil
}

// refusesStrangers sends a key that nobody has.
func refusesStrangers(ctx context.Context, addr string, h *Workload) error {
	stranger := bytes.Replace(h.request, []byte(guest.Key), []byte("nobody.0123456789abcdef"), 1)
	got, err := ask(ctx, addr, stranger, "")
	if err != nil {
		return err
	}
	if got.status != http.StatusUnauthorized {
		return fmt.Errorf("an unknown key got status %d, want 401", got.status)
	}
	return nil
}
