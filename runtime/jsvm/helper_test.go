package jsvm_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// load writes a script to a file and loads it with the entry m.
func load(tb testing.TB, script string) abi.Plugin {
	tb.Helper()
	return loadSpec(tb, jsvm.Config{}, abi.Spec{Entry: "m"}, script)
}

// handler wraps the body of a request handler.
func handler(body string) string {
	return "var m = new TykJS.TykMiddleware.NewMiddleware({});\n" +
		"m.NewProcessRequest(function (request, session, spec) {\n" + body + "\n});\n"
}

// responder wraps the body of a response handler.
func responder(body string) string {
	return "var m = new TykJS.TykMiddleware.NewMiddleware({});\n" +
		"m.NewProcessResponse(function (response, request, session, spec) {\n" + body + "\n});\n"
}

func loadSpec(tb testing.TB, c jsvm.Config, s abi.Spec, script string) abi.Plugin {
	tb.Helper()
	r := jsvm.New(c)
	s.Source = write(tb, script)
	p, err := r.Load(tb.Context(), s)
	if err != nil {
		tb.Fatalf("Load() = %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := errors.Join(p.Close(ctx), r.Close(ctx)); err != nil {
			tb.Errorf("Close() = %v", err)
		}
	})
	return p
}

func write(tb testing.TB, script string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "script.js")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// loadError returns the text of the error that loading the script must give.
func loadError(tb testing.TB, c jsvm.Config, s abi.Spec, script string) string {
	tb.Helper()
	s.Source = write(tb, script)
	r := jsvm.New(c)
	p, err := r.Load(tb.Context(), s)
	if err == nil {
		_ = p.Close(context.Background())
		tb.Fatal("Load() succeeded, want an error")
	}
	if got := abi.KindOf(err); got != abi.Refused {
		tb.Errorf("kind = %v, want refused", got)
	}
	if err := r.Close(context.Background()); err != nil {
		tb.Errorf("Close() = %v", err)
	}
	return strings.ReplaceAll(err.Error(), filepath.Dir(s.Source)+string(filepath.Separator), "")
}

// exchange returns a request as the proxy would hand it to a plugin.
func exchange() *abi.Exchange {
	return &abi.Exchange{
		RequestID: []byte("r1"),
		API:       &abi.API{ID: "orders", Name: "orders", OrgID: "acme", Config: []byte(`{"tenant":"blue"}`)},
		Request: abi.Request{
			Method: []byte("GET"), URI: []byte("/orders/7?b=1&c=2"), Host: []byte("api.example.com"),
			Header: abi.Header{
				{Name: []byte("user-agent"), Value: []byte("curl/8")},
				{Name: []byte("X-Debug"), Value: []byte("1")},
				{Name: []byte("Accept"), Value: []byte("a")},
				{Name: []byte("accept"), Value: []byte("b")},
			},
		},
	}
}

// call runs one hook as the chain does.
func call(tb testing.TB, p abi.Plugin, x *abi.Exchange, h abi.Hook) (abi.Verdict, error) {
	tb.Helper()
	return callWithin(p, x, h, 5*time.Second)
}

func callWithin(p abi.Plugin, x *abi.Exchange, h abi.Hook, d time.Duration) (abi.Verdict, error) {
	x.Begin(h, time.Now().Add(d))
	v, err := p.Call(x)
	if err != nil {
		x.Discard()
		return v, err
	}
	x.Commit(v)
	return v, nil
}

// must runs one hook that may not fail.
func must(tb testing.TB, p abi.Plugin, x *abi.Exchange, h abi.Hook) abi.Verdict {
	tb.Helper()
	v, err := call(tb, p, x, h)
	if err != nil {
		tb.Fatalf("Call() = %v", err)
	}
	return v
}

func field(h abi.Header, name string) string {
	var values []string
	for _, f := range h {
		if strings.EqualFold(string(f.Name), name) {
			values = append(values, string(f.Value))
		}
	}
	return strings.Join(values, "|")
}

// lines is a log that several goroutines write.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *lines) logger() zerolog.Logger { return zerolog.New(l) }

func (l *lines) count(text string) int { return strings.Count(l.String(), text) }
