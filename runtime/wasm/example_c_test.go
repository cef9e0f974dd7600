package wasm_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestTheCExampleIsWhatItsSourceBuilds rebuilds the binary that is committed,
// because tests must pass without the compiler.
func TestTheCExampleIsWhatItsSourceBuilds(t *testing.T) {
	if _, err := exec.LookPath("clang-19"); err != nil {
		missing(t, "clang-19 is missing: apt install clang-19 lld-19")
	}
	out := filepath.Join(t.TempDir(), "headers.wasm")
	cmd := exec.Command("../../examples/wasm-headers-c/build.sh", out)
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, b)
	}
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

// missing skips a test for the lack of a tool, except where all tools must be
// there.
func missing(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("SALLYPORT_CI") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}
