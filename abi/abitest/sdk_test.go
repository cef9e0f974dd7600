package abitest_test

import (
	"path/filepath"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/abi/abitest"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// sdkGuests are the guests that a script builds, by the name of their tests.
func sdkGuests() map[string]sdkGuest {
	return map[string]sdkGuest{
		"C":          {dir: "guest-c", sdk: "../../sdk/c"},
		"CWithLibc":  {dir: "guest-c", sdk: "../../sdk/c", variant: []string{"libc"}},
		"Rust":       {dir: "guest-rust", sdk: "../../sdk/rust"},
		"RustOnWasi": {dir: "guest-rust", sdk: "../../sdk/rust", variant: []string{"wasm32-wasi"}},
	}
}

// sdkGuest is a folder with guests.
type sdkGuest struct {
	dir, sdk string
	variant  []string
}

// build compiles one of the guests and returns the file.
func (g sdkGuest) build(t *testing.T, name string) string {
	t.Helper()
	wasmtest.Watch(t, g.dir, g.sdk)
	out := filepath.Join(t.TempDir(), name+".wasm")
	wasmtest.MustRunScript(t, filepath.Join(g.dir, "build.sh"), append([]string{name, out}, g.variant...)...)
	return out
}

// TestWasmC plays the scenarios against the conform guest in C, without any
// library.
func TestWasmC(t *testing.T) { playSDK(t, "C") }

// TestWasmCWithLibc does so with wasi-libc, whose allocator the SDK must share.
func TestWasmCWithLibc(t *testing.T) { playSDK(t, "CWithLibc") }

// TestWasmRust plays the scenarios against the conform guest in Rust.
func TestWasmRust(t *testing.T) { playSDK(t, "Rust") }

// TestWasmRustOnWasi does so with a standard library that asks WASI.
func TestWasmRustOnWasi(t *testing.T) { playSDK(t, "RustOnWasi") }

// playSDK plays the scenarios in both modes.
func playSDK(t *testing.T, name string) {
	t.Helper()
	guest := sdkGuests()[name].build(t, "conform")
	abitest.Run(t, wasmRow(guest, abi.Fresh), wasmRow(guest, abi.Pooled))
}
