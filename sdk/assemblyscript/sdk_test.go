// Package assemblyscript_test runs the tests of the SDK for AssemblyScript
// and checks what is committed of its example.
package assemblyscript_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

const example = "../../examples/wasm-headers-ts"

func TestTheSDKPassesItsOwnTests(t *testing.T) {
	wasmtest.Watch(t, ".")
	wasmtest.MustRunScript(t, "test.sh")
}

func TestTheExamplePassesItsOwnTests(t *testing.T) {
	wasmtest.Watch(t, ".", example)
	wasmtest.MustRunScript(t, filepath.Join(example, "test.sh"))
}

// TestTheExampleIsWhatItsSourceBuilds rebuilds the binary that is committed,
// because the example must run without the compiler.
func TestTheExampleIsWhatItsSourceBuilds(t *testing.T) {
	wasmtest.Watch(t, ".", example)
	built := filepath.Join(t.TempDir(), "headers.wasm")
	wasmtest.MustRunScript(t, filepath.Join(example, "build.sh"), built)
	got, want := read(t, built), read(t, filepath.Join(example, "headers.wasm"))
	if !bytes.Equal(got, want) {
		t.Errorf("build.sh makes %d bytes that differ from the %d of headers.wasm; commit what it makes", len(got), len(want))
	}
	if len(want) > 4<<10 {
		t.Errorf("headers.wasm has %d bytes, want 4 KiB at most", len(want))
	}
}

// TestTheLockfileNamesNoRegistry keeps the choice of a registry with those
// who install.
func TestTheLockfileNamesNoRegistry(t *testing.T) {
	if bytes.Contains(read(t, "package-lock.json"), []byte(`"resolved"`)) {
		t.Error("package-lock.json has resolved addresses; .npmrc keeps them out")
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
