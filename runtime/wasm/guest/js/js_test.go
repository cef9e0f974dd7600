package js_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
)

// cacheDir keeps the machine code of the engine, which takes seconds to make
// under the race detector, for all tests.
const cacheVariable = "SALLYPORT_TEST_WASM_CACHE"

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "sallyport-js")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Setenv(cacheVariable, dir)
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// newRuntime returns a runtime that is closed after the test and all its
// plugins.
func newRuntime(tb testing.TB, c wasm.Config) *wasm.Runtime {
	tb.Helper()
	c.CacheDir = os.Getenv(cacheVariable)
	r, err := wasm.New(context.Background(), c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := r.Close(context.Background()); err != nil {
			tb.Errorf("Runtime.Close() = %v", err)
		}
	})
	return r
}

// loadIn loads a plugin that is closed after the test.
func loadIn(tb testing.TB, r *wasm.Runtime, s abi.Spec) abi.Plugin {
	tb.Helper()
	p, err := r.Load(context.Background(), s)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := p.Close(context.Background()); err != nil {
			tb.Errorf("Plugin.Close() = %v", err)
		}
	})
	return p
}

// script writes a source to a file and returns the spec of a plugin whose
// entry is "mw".
func script(tb testing.TB, text string) abi.Spec {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "mw.js")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return abi.Spec{Name: "mw", Source: path, Entry: "mw"}
}

// handler is a script with a request handler of this body.
func handler(body string) string {
	return "var mw = new TykJS.TykMiddleware.NewMiddleware({});\n" +
		"mw.NewProcessRequest(function (request, session, spec) {\n" + body + "\nreturn mw.ReturnData(request, {}); });\n"
}

// load loads a script.
func load(tb testing.TB, text string) abi.Plugin {
	tb.Helper()
	return loadIn(tb, newRuntime(tb, wasm.Config{}), script(tb, text))
}

// exchange returns an exchange before its first hook.
func exchange() *abi.Exchange {
	x := &abi.Exchange{RequestID: []byte("r1"), API: &abi.API{ID: "a1", Name: "orders", OrgID: "o1"}}
	x.Request = abi.Request{
		Method: []byte("GET"), URI: []byte("/orders/7?x=1"), Host: []byte("api.example.com"),
		RemoteAddr: []byte("192.0.2.1:1234"), Proto: []byte("HTTP/1.1"),
		Header: abi.Header{
			{Name: []byte("Authorization"), Value: []byte("Bearer acme.secret")},
			{Name: []byte("User-Agent"), Value: []byte("curl/8")},
			{Name: []byte("X-Debug"), Value: []byte("1")},
		},
	}
	return x
}

// call runs one hook as the chain does.
func call(p abi.Plugin, x *abi.Exchange, h abi.Hook, timeout time.Duration) (abi.Verdict, error) {
	x.Begin(h, time.Now().Add(timeout))
	v, err := p.Call(x)
	if err != nil {
		x.Discard()
		return v, err
	}
	x.Commit(v)
	return v, nil
}

// long is a timeout that no test reaches.
const long = time.Minute

// header returns the first value of a request header field.
func header(x *abi.Exchange, name string) string {
	v, ok := x.Request.Header.Get([]byte(name))
	if !ok {
		return "(none)"
	}
	return string(v)
}

// handlerText returns the text of a script.
func handlerText(tb testing.TB, s abi.Spec) string {
	tb.Helper()
	text, err := os.ReadFile(s.Source)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}
