package abitest_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/abi/abitest"
	"github.com/c386954a/sallyport/internal/longtest"
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
	return builtOnce(t, filepath.Join(g.dir, "build.sh"), []string{g.dir, g.sdk}, func(out string) []string {
		return append([]string{name, out}, g.variant...)
	})
}

// guests holds what this run has compiled: several tests load the same guest,
// and the compilers take most of the time of this package.
var guests struct {
	mu    sync.Mutex
	files map[string]string // by the script and its arguments
	dir   string            // TestMain removes it
}

// builtOnce runs a build script with the arguments that args makes of the name
// of the output file, unless a test of this run has done so before.
func builtOnce(t *testing.T, script string, sources []string, args func(out string) []string) string {
	t.Helper()
	wasmtest.Watch(t, sources...)
	guests.mu.Lock()
	defer guests.mu.Unlock()
	key := script + " " + strings.Join(args("OUT"), " ")
	if file, ok := guests.files[key]; ok {
		return file
	}
	file := filepath.Join(guests.dir, fmt.Sprintf("%d.wasm", len(guests.files)))
	wasmtest.MustRunScript(t, script, args(file)...)
	guests.files[key] = file
	return file
}

// oneVariant lets the plain build stand for the variants of an SDK, unless
// tests run in full. The scenarios are played against every variant.
func oneVariant(t *testing.T, name string) {
	t.Helper()
	if name != "C" && name != "Rust" && !longtest.Enabled() {
		t.Skip("the plain build stands for it: set SALLYPORT_LONG=1 to run it too")
	}
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
