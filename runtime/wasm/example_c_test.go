package wasm_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// TestTheCExampleIsWhatItsSourceBuilds rebuilds the binary that is committed,
// because tests must pass without the compiler.
func TestTheCExampleIsWhatItsSourceBuilds(t *testing.T) {
	out := filepath.Join(t.TempDir(), "headers.wasm")
	wasmtest.MustRunScript(t, "../../examples/wasm-headers-c/build.sh", out)
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(headers)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("build.sh makes %d bytes that differ from the %d of %s; commit what it makes", len(got), len(want), headers)
	}
	if len(want) > 4<<10 {
		t.Errorf("%s has %d bytes, want a freestanding guest of at most 4 KiB", headers, len(want))
	}
}
