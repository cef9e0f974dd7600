package abitest_test

import (
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/abi/abitest"
	"github.com/c386954a/sallyport/internal/longtest"
)

// TestWasmTS plays the scenarios against the conform guest in AssemblyScript.
// A guest that never frees is enough for mode fresh, where the gateway resets
// the memory; mode pooled needs the collector.
func TestWasmTS(t *testing.T) {
	abitest.Run(t, wasmRow(buildTS(t, "stub"), abi.Fresh), wasmRow(buildTS(t, "incremental"), abi.Pooled))
}

// TestWasmTSWithCollector does so with the collector in mode fresh.
func TestWasmTSWithCollector(t *testing.T) {
	if !longtest.Enabled() {
		t.Skip("the other modes stand for it: set SALLYPORT_LONG=1 to play it too")
	}
	abitest.Run(t, wasmRow(buildTS(t, "incremental"), abi.Fresh))
}

func buildTS(t *testing.T, runtime string) string {
	t.Helper()
	return builtOnce(t, "guest-ts/build.sh", []string{"guest-ts", "../../sdk/assemblyscript"}, func(out string) []string {
		return []string{out, runtime}
	})
}
