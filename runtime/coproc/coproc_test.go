package coproc_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/coproc"
)

// limit bounds what a test waits for, on a busy machine.
const limit = 20 * time.Second

// start returns a runtime for this binary with the given arguments. It is
// closed when the test ends.
func start(t testing.TB, c coproc.Config, args ...string) *coproc.Runtime {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if c.Command == nil {
		c.Command = []string{self}
	}
	c.Command = append(c.Command, args...)
	c.Env = []string{"GORACE=atexit_sleep_ms=0"} // or every process would take a second to exit
	if c.Restart.Min == 0 {
		c.Restart.Min = time.Millisecond
	}
	r := coproc.New(c)
	t.Cleanup(func() { closeRuntime(t, r) })
	return r
}

func closeRuntime(t testing.TB, r *coproc.Runtime) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := r.Close(ctx); err != nil {
		t.Errorf("Close() = %v", err)
	}
}

var orders = &abi.API{ID: "orders", Name: "orders", OrgID: "acme", Generation: 7, Config: []byte(`{"tier":"gold"}`)}

// spec binds a handler to the pre hook of an API.
func spec(entry string, hooks ...abi.Hook) abi.Spec {
	if len(hooks) == 0 {
		hooks = []abi.Hook{abi.Pre}
	}
	return abi.Spec{Name: entry, Entry: entry, Hooks: abi.SetOf(hooks...), APIs: []*abi.API{orders}}
}

func load(t testing.TB, r *coproc.Runtime, s abi.Spec) abi.Plugin {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	p, err := r.Load(ctx, s)
	if err != nil {
		t.Fatalf("Load(%s) = %v", s.Entry, err)
	}
	return p
}

// exchange returns a request in the given hook with plenty of time.
func exchange(h abi.Hook, fields ...string) *abi.Exchange {
	x := &abi.Exchange{API: orders, RequestID: []byte("9f2c")}
	x.Request.Method = []byte("GET")
	x.Request.URI = []byte("/v1/orders?x=1")
	x.Request.Host = []byte("api.example.com")
	x.Request.RemoteAddr = []byte("203.0.113.9:4711")
	x.Request.Proto = []byte("HTTP/1.1")
	for i := 0; i+1 < len(fields); i += 2 {
		x.Request.Header = append(x.Request.Header, abi.Field{Name: []byte(fields[i]), Value: []byte(fields[i+1])})
	}
	x.Begin(h, time.Now().Add(limit))
	return x
}

func within(x *abi.Exchange, d time.Duration) *abi.Exchange {
	x.Deadline = time.Now().Add(d)
	return x
}

// eventually waits for something that happens by itself.
func eventually(t testing.TB, happened func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	end := time.After(limit)
	for !happened() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatal("it did not happen")
		}
	}
}

func header(x *abi.Exchange, name string) string {
	v, _ := x.Request.Header.Get([]byte(name))
	return string(v)
}

func wantKind(t testing.TB, err error, want abi.Kind) {
	t.Helper()
	if err == nil {
		t.Fatalf("Call() = nil, want an error of kind %v", want)
	}
	if got := abi.KindOf(err); got != want {
		t.Fatalf("Call() = %v, want kind %v", err, want)
	}
}

func wantText(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("error = %v, want one with %q", err, want)
	}
}

func TestHandlerEditsHeaders(t *testing.T) {
	p := load(t, start(t, coproc.Config{}, "child"), spec("tag"))
	x := exchange(abi.Pre, "User-Agent", "curl/8 \"x\"", "X-Debug", "1")
	v, err := p.Call(x)
	if err != nil || v != abi.Continue {
		t.Fatalf("Call() = %v, %v", v, err)
	}
	if header(x, "X-Tenant") != "acme" || header(x, "X-Agent") != `curl/8 "x"` || header(x, "X-Debug") != "" {
		t.Fatalf("header = %q", x.Request.Header)
	}
}

func TestAuthHandlerSetsSession(t *testing.T) {
	p := load(t, start(t, coproc.Config{}, "child"), spec("tenant", abi.Auth))
	x := exchange(abi.Auth, "Authorization", "k42")
	if v, err := p.Call(x); err != nil || v != abi.Continue {
		t.Fatalf("Call() = %v, %v", v, err)
	}
	if x.Session == nil || x.Session.KeyID != "k42" || x.Session.Metadata["plan"] != "gold" {
		t.Fatalf("session = %+v", x.Session)
	}
}

func TestAuthHandlerDenies(t *testing.T) {
	p := load(t, start(t, coproc.Config{}, "child"), spec("tenant", abi.Auth))
	x := exchange(abi.Auth)
	v, err := p.Call(x)
	if err != nil || v != abi.Respond {
		t.Fatalf("Call() = %v, %v", v, err)
	}
	if x.Reply.Status != 403 || !strings.Contains(string(x.Reply.Body), "Key not authorised") || x.Session != nil {
		t.Fatalf("reply = %d %s, session %v", x.Reply.Status, x.Reply.Body, x.Session)
	}
}

func TestHandlerReadsAndWritesBody(t *testing.T) {
	p := load(t, start(t, coproc.Config{}, "child"), spec("upper"))
	d := p.Declares()
	if !d.RequestBody.Has(abi.Pre) || !d.ReplyBody.Has(abi.Response) || d.RequestBody.Has(abi.Response) {
		t.Fatalf("Declares() = %+v", d)
	}
	for _, body := range []string{"abc", "", "a\xffb", strings.Repeat("x", 300_000)} {
		x := exchange(abi.Pre)
		x.Request.Body = []byte(body)
		if _, err := p.Call(x); err != nil {
			t.Fatal(err)
		}
		want := []byte(body)
		for i, c := range want {
			if 'a' <= c && c <= 'z' {
				want[i] = c - 32
			}
		}
		if string(x.Request.Body) != string(want) {
			t.Fatalf("body of %d bytes came back wrong", len(body))
		}
	}
}

func TestPanicIsTrap(t *testing.T) {
	p := load(t, start(t, coproc.Config{}, "child"), spec("panic"))
	_, err := p.Call(exchange(abi.Pre))
	wantKind(t, err, abi.Trap)
	wantText(t, err, "boom")
}

func TestDeadlineIsTimeout(t *testing.T) {
	r := start(t, coproc.Config{}, "child")
	p := load(t, r, spec("block"))
	_, err := p.Call(within(exchange(abi.Pre), 10*time.Millisecond))
	wantKind(t, err, abi.Timeout)
}

func TestWindowFullIsBusy(t *testing.T) {
	r := start(t, coproc.Config{MaxInFlight: 1}, "child")
	p := load(t, r, spec("block"))
	done := make(chan error)
	ctx := within(exchange(abi.Pre), 300*time.Millisecond)
	go func() {
		_, err := p.Call(ctx)
		done <- err
	}()
	eventually(t, func() bool { return r.Stats().InFlight == 1 })
	_, err := p.Call(within(exchange(abi.Pre), 10*time.Millisecond))
	wantKind(t, err, abi.Busy)
	wantKind(t, <-done, abi.Timeout)
}
