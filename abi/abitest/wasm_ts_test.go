package abitest_test

import (
	"path/filepath"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/abi/abitest"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// TestWasmTS plays the scenarios against the conform guest in AssemblyScript.
// A guest that never frees is enough for mode fresh, where the gateway resets
// the memory; mode pooled needs the collector.
func TestWasmTS(t *testing.T) {
	abitest.Run(t, wasmRow(buildTS(t, "stub"), abi.Fresh), wasmRow(buildTS(t, "incremental"), abi.Pooled))
}

// TestWasmTSWithCollector does so with the collector in mode fresh.
func TestWasmTSWithCollector(t *testing.T) {
	abitest.Run(t, wasmRow(buildTS(t, "incremental"), abi.Fresh))
}

func buildTS(t *testing.T, runtime string) string {
	t.Helper()
	wasmtest.Watch(t, "guest-ts", "../../sdk/assemblyscript")
	guest := filepath.Join(t.TempDir(), "conform.wasm")
	wasmtest.MustRunScript(t, "guest-ts/build.sh", guest, runtime)
	return guest
}
