// Package rust_test builds and runs what the Rust SDK consists of and promises.
package rust_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/c386954a/sallyport/internal/longtest"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

const example = "../../examples/wasm-headers-rust"

// targets are what plugins can be built for.
func targets() []string { return []string{"wasm32-unknown-unknown", "wasm32-wasi"} }

// compilers returns the compilers of this machine: the first in PATH, and that
// of the system, which may be older.
func compilers() []string {
	var found []string
	for _, name := range []string{"rustc", "/usr/bin/rustc"} {
		if path, err := exec.LookPath(name); err == nil && !slices.Contains(found, path) {
			found = append(found, path)
		}
	}
	if found == nil {
		return []string{"rustc"} // whose lack is reported
	}
	return found
}

func TestUnitTestsPassOnTheHost(t *testing.T) {
	wasmtest.Watch(t, ".", example)
	for i, rustc := range compilers() {
		t.Run(strings.TrimPrefix(rustc, "/"), func(t *testing.T) {
			if i > 0 && !longtest.Enabled() {
				t.Skip("the first compiler stands for it: set SALLYPORT_LONG=1 to run this one too")
			}
			t.Setenv("RUSTC", rustc)
			wasmtest.MustRunScript(t, "test.sh")
			wasmtest.MustRunScript(t, filepath.Join(example, "test.sh"))
		})
	}
}

func TestThePluginOfTheReadmeImportsWhatItUses(t *testing.T) {
	plugin := readmeBlocks(t)[0]
	const bare = "#![cfg_attr(target_arch = \"wasm32\", no_std)]\nsallyport::panic_handler!();\n"
	for _, c := range []struct{ name, plugin, target string }{
		{"std", plugin, "wasm32-unknown-unknown"},
		{"no_std", bare + plugin, "wasm32-unknown-unknown"},
		{"wasi", plugin, "wasm32-wasi"},
	} {
		t.Run(c.name, func(t *testing.T) {
			imports, exports := inspect(t, mustCompile(t, c.plugin, c.target))
			if want := []string{"header_get", "header_set", "log", "reply_answer"}; !slices.Equal(imports, want) {
				t.Errorf("imports = %v, want %v", imports, want)
			}
			if want := []string{"sallyport_pre"}; !slices.Equal(exports, want) {
				t.Errorf("exports = %v, want %v", exports, want)
			}
		})
	}
}

func TestTheTestOfTheReadmePasses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "plugin.rs")
	write(t, file, strings.Join(readmeBlocks(t), "\n"))
	wasmtest.MustRunScript(t, "test.sh", file)
}

func TestBodiesAreDeclaredOnlyByTheirUse(t *testing.T) {
	const plugin = `use sallyport::{Exchange, Verdict};
sallyport::hook!(response, sign);
fn sign(x: &Exchange) -> Verdict {
    match x.reply().splice_body(0, 0, x.concat(&[b"<!-- ", x.api().name()])) {
        Ok(()) => Verdict::Continue,
        Err(_) => Verdict::Respond,
    }
}`
	for _, target := range targets() {
		imports, _ := inspect(t, mustCompile(t, plugin, target))
		if want := []string{"api_get", "reply_body_splice"}; !slices.Equal(imports, want) {
			t.Errorf("imports for %s = %v, want %v", target, imports, want)
		}
	}
}

func TestMistakesDoNotCompile(t *testing.T) {
	mustCompile(t, "sallyport::hook!(pre, |_| sallyport::Verdict::Continue);", targets()[0])
	for _, c := range []struct{ name, plugin, says string }{
		{"misspelled hook", `hook!(pree, |_| Verdict::Continue);`, "no rules expected"},
		{"ignored error", `hook!(pre, |x| { x.request().header().del("A"); Verdict::Continue });`, "must be used"},
		{"value that outlives the hook", `static mut KEPT: &[u8] = b"";
hook!(pre, |x| { unsafe { KEPT = x.request().uri() }; Verdict::Continue });`, "escapes"},
		{"unsafe code", `static mut N: u32 = 0;
hook!(pre, |_| { N += 1; Verdict::Continue });`, "requires unsafe"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := compile(t, "use sallyport::*;\n"+c.plugin, targets()[0])
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("compile() = %v, want an error with %q", err, c.says)
			}
		})
	}
}

// builtWith is the compiler that made the binary that is committed. Others
// make other bytes of the same source.
const builtWith = "rustc 1.63.0"

// TestTheExampleIsWhatItsSourceBuilds rebuilds the binary that is committed,
// because tests must pass without the compiler.
func TestTheExampleIsWhatItsSourceBuilds(t *testing.T) {
	wasmtest.Watch(t, ".", example)
	out := filepath.Join(t.TempDir(), "headers.wasm")
	wasmtest.MustRunScript(t, filepath.Join(example, "build.sh"), out)
	got, want := read(t, out), read(t, filepath.Join(example, "headers.wasm"))
	if len(want) > 4<<10 {
		t.Errorf("headers.wasm has %d bytes, want at most 4 KiB", len(want))
	}
	if version := versionOf(t); !strings.HasPrefix(version, builtWith) {
		sameShape(t, got, want)
		return
	}
	if !bytes.Equal(got, want) {
		t.Errorf("build.sh makes %d bytes that differ from the %d of headers.wasm; commit what it makes", len(got), len(want))
	}
}

// sameShape compares imports and exports.
func sameShape(t *testing.T, got, want []byte) {
	t.Helper()
	imports, exports := inspect(t, got)
	wantImports, wantExports := inspect(t, want)
	if !slices.Equal(imports, wantImports) || !slices.Equal(exports, wantExports) {
		t.Errorf("build.sh makes %v %v, want %v %v", imports, exports, wantImports, wantExports)
	}
}

// versionOf returns the version of the compiler that build.sh uses.
func versionOf(t *testing.T) string {
	t.Helper()
	const script = `. ./toolchain.sh; with_target wasm32-unknown-unknown; "$rustc" --version`
	text, err := exec.Command("sh", "-c", script).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readmeBlocks returns the Rust programs of the README.
func readmeBlocks(t *testing.T) []string {
	t.Helper()
	var blocks []string
	for _, part := range strings.Split(string(read(t, "README.md")), "```rust\n")[1:] {
		block, _, _ := strings.Cut(part, "```")
		blocks = append(blocks, block)
	}
	if len(blocks) != 2 {
		t.Fatalf("README.md has %d Rust programs, want a plugin and its test", len(blocks))
	}
	return blocks
}

// mustCompile makes a plugin of one source file.
func mustCompile(t *testing.T, source, target string) []byte {
	t.Helper()
	in, out := paths(t, source)
	wasmtest.MustRunScript(t, "build.sh", in, out, target)
	return read(t, out)
}

// compile is mustCompile for a source that may have mistakes.
func compile(t *testing.T, source, target string) ([]byte, error) {
	t.Helper()
	in, out := paths(t, source)
	if err := wasmtest.RunScript("build.sh", in, out, target); err != nil {
		return nil, err
	}
	return read(t, out), nil
}

func paths(t *testing.T, source string) (in, out string) {
	t.Helper()
	wasmtest.Watch(t, ".")
	dir := t.TempDir()
	in, out = filepath.Join(dir, "plugin.rs"), filepath.Join(dir, "plugin.wasm")
	write(t, in, source)
	return in, out
}

// inspect returns the names of the host functions and of the hooks.
func inspect(t *testing.T, binary []byte) (imports, exports []string) {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)
	code, err := r.CompileModule(ctx, binary)
	if err != nil {
		t.Fatal(err)
	}
	for _, def := range code.ImportedFunctions() {
		module, name, _ := def.Import()
		switch module {
		case "sallyport":
			imports = append(imports, name)
		case "wasi_snapshot_preview1": // of the standard library
		default:
			t.Errorf("imports %s.%s", module, name)
		}
	}
	for name := range code.ExportedFunctions() {
		if strings.HasPrefix(name, "sallyport_") {
			exports = append(exports, name)
		}
	}
	slices.Sort(imports)
	slices.Sort(exports)
	return imports, exports
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
