package abitest_test

import (
	"path/filepath"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/abi/abitest"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// TestWasmC plays the scenarios against the conform guest in C, without any
// library.
func TestWasmC(t *testing.T) { runGuest(t, "guest-c/build.sh") }

// TestWasmCWithLibc does so with wasi-libc, whose allocator the SDK must share.
func TestWasmCWithLibc(t *testing.T) { runGuest(t, "guest-c/build.sh", "libc") }

// TestWasmRust plays the scenarios against the conform guest in Rust.
func TestWasmRust(t *testing.T) { runGuest(t, "guest-rust/build.sh") }

// TestWasmRustOnWasi does so with a standard library that asks WASI.
func TestWasmRustOnWasi(t *testing.T) { runGuest(t, "guest-rust/build.sh", "wasm32-wasi") }

// runGuest builds a guest with a script and plays the scenarios in both modes.
func runGuest(t *testing.T, script string, args ...string) {
	t.Helper()
	guest := filepath.Join(t.TempDir(), "conform.wasm")
	wasmtest.MustRunScript(t, script, append([]string{guest}, args...)...)
	abitest.Run(t, wasmRow(guest, abi.Fresh), wasmRow(guest, abi.Pooled))
}
