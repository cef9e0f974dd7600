package wasm_test

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
	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "sallyport-wasm")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	machineCode = dir
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// machineCode is a folder for the machine code of guests that several tests
// load: a Go guest takes a second to compile.
var machineCode string

// The header hook in C, in AssemblyScript and in Rust.
const (
	headers     = "../../examples/wasm-headers-c/headers.wasm"
	headersTS   = "../../examples/wasm-headers-ts/headers.wasm"
	headersRust = "../../examples/wasm-headers-rust/headers.wasm"
)

// newRuntime returns a runtime that is closed after the test and all its
// plugins.
func newRuntime(tb testing.TB, c wasm.Config) *wasm.Runtime {
	tb.Helper()
	if c.Strategy == snapshot.Auto {
		c.Strategy = forced(tb)
	}
	if c.CacheDir == "" {
		c.CacheDir = machineCode
	}
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

// load loads a plugin that is closed after the test.
func load(tb testing.TB, s abi.Spec) abi.Plugin {
	tb.Helper()
	return loadIn(tb, newRuntime(tb, wasm.Config{}), s)
}

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

// source writes a guest to a file.
func source(tb testing.TB, binary []byte) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "guest.wasm")
	if err := os.WriteFile(path, binary, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// spec describes a guest that may use n instances.
func spec(tb testing.TB, binary []byte, mode abi.Mode, n int) abi.Spec {
	return abi.Spec{
		Name: "guest", Source: source(tb, binary),
		Instances: abi.Instances{Mode: mode, Max: n},
	}
}

// exchange returns an exchange before its first hook.
func exchange() *abi.Exchange {
	x := &abi.Exchange{RequestID: []byte("r1"), API: &abi.API{ID: "a1", Name: "orders"}}
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
