// Package c_test builds and runs what the C SDK consists of and promises.
package c_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/c386954a/sallyport/internal/needs"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

func TestUnitTestsPassOnTheHost(t *testing.T) {
	wasmtest.Watch(t, ".")
	for _, cc := range []string{"cc", "clang-19"} {
		t.Run(cc, func(t *testing.T) {
			t.Setenv("CC", cc)
			wasmtest.MustRunScript(t, "test.sh")
		})
	}
}

func TestTheTestsOfTheExamplePass(t *testing.T) {
	wasmtest.Watch(t, ".", "../../examples/wasm-headers-c")
	wasmtest.MustRunScript(t, "../../examples/wasm-headers-c/test.sh")
}

// builds are the ways to compile a plugin that the documentation names.
func builds() map[string][]string {
	return map[string][]string{
		"freestanding": {"--target=wasm32", "-nostdlib", "-O2", "-Wl,--no-entry,--strip-all"},
		"unoptimised":  {"--target=wasm32", "-nostdlib", "-O0", "-Wl,--no-entry"},
		"c++":          {"--target=wasm32", "-nostdlib", "-O2", "-Wl,--no-entry", "-x", "c++", "-std=c++11"},
		"libc":         {"--target=wasm32-wasi", "--sysroot=/usr", "-mexec-model=reactor", "-O2", "-Wl,--strip-all"},
	}
}

func TestThePluginOfTheReadmeImportsWhatItUses(t *testing.T) {
	plugin := readmeBlocks(t)[0]
	for name, flags := range builds() {
		t.Run(name, func(t *testing.T) {
			imports, exports := inspect(t, mustCompile(t, plugin, flags...))
			if want := []string{"header_get", "header_set", "reply_answer"}; !slices.Equal(imports, want) {
				t.Errorf("imports = %v, want %v", imports, want)
			}
			if want := []string{"sallyport_pre"}; !slices.Equal(exports, want) {
				t.Errorf("exports = %v, want %v", exports, want)
			}
		})
	}
}

func TestTheTestOfTheReadmePasses(t *testing.T) {
	needs.Program(t, "gcc libc6-dev", "sh", "-c", ". ./toolchain.sh; CC=cc with_cc")
	blocks, dir := readmeBlocks(t), t.TempDir()
	write(t, filepath.Join(dir, "plugin.c"), blocks[0])
	write(t, filepath.Join(dir, "test.c"), blocks[1])
	out := filepath.Join(dir, "test")
	if text, err := exec.Command("cc", "-std=c99", "-Wall", "-Werror", "-I.", "-o", out, filepath.Join(dir, "test.c")).CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, text)
	}
	if text, err := exec.Command(out).CombinedOutput(); err != nil {
		t.Errorf("test: %v\n%s", err, text)
	}
}

func TestBodiesAreDeclaredOnlyByTheirUse(t *testing.T) {
	const plugin = `#include "sallyport.h"
SP_HOOK(response)
{
    sp_must(sp_reply_body_splice(0, 0, sp_concat(SP("<!-- "), sp_api_name())));
    return SP_CONTINUE;
}`
	imports, _ := inspect(t, mustCompile(t, plugin, builds()["freestanding"]...))
	if want := []string{"api_get", "reply_body_splice"}; !slices.Equal(imports, want) {
		t.Errorf("imports = %v, want %v", imports, want)
	}
}

// TestCopiesNeedNoLibc is about the calls of memcpy and memset that compilers
// make out of loops and assignments.
func TestCopiesNeedNoLibc(t *testing.T) {
	const plugin = `#include "sallyport.h"
struct page { char at[5000]; };
static struct page from, to;
SP_HOOK(pre)
{
    struct page zero = { { 0 } };
    sp_str body = sp_request_body();
    for (size_t i = 0; i < body.len && i < sizeof from.at; i++)
        from.at[i] = body.ptr[i];
    to = from;
    from = zero;
    __builtin_memmove(to.at + 1, to.at, body.len);
    if (!__builtin_memcmp(to.at, from.at, body.len))
        return SP_CONTINUE;
    sp_must(sp_request_body_set(sp_view(to.at, sizeof to.at)));
    return SP_CONTINUE;
}`
	imports, _ := inspect(t, mustCompile(t, plugin, builds()["freestanding"]...))
	if want := []string{"request_body_read", "request_body_set", "request_body_size"}; !slices.Equal(imports, want) {
		t.Errorf("imports = %v, want %v", imports, want)
	}
}

func TestMistakesDoNotCompile(t *testing.T) {
	for _, c := range []struct{ name, plugin, says string }{
		{"misspelled hook", `SP_HOOK(pree) { return SP_CONTINUE; }`, "sp_hook_pree_"},
		{"ignored error", `SP_HOOK(pre) { sp_header_del(SP_REQUEST, SP("A")); return SP_CONTINUE; }`, "unused-result"},
		{"not a literal", `SP_HOOK(pre) { const char *s = "A"; return sp_answer(401, SP(s)); }`, "expected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := compile(t, "#include \"sallyport.h\"\n"+c.plugin, append(builds()["freestanding"], "-Werror")...)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("compile() = %v, want an error with %q", err, c.says)
			}
		})
	}
}

// readmeBlocks returns the C programs of the README.
func readmeBlocks(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, part := range strings.Split(string(text), "```c\n")[1:] {
		block, _, _ := strings.Cut(part, "```")
		blocks = append(blocks, block)
	}
	if len(blocks) != 2 {
		t.Fatalf("README.md has %d C programs, want a plugin and its test", len(blocks))
	}
	return blocks
}

func mustCompile(t *testing.T, source string, flags ...string) []byte {
	t.Helper()
	binary, err := compile(t, source, flags...)
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// compile makes a plugin of one source file.
func compile(t *testing.T, source string, flags ...string) ([]byte, error) {
	t.Helper()
	for _, target := range []string{"wasm32 -nostdlib -Wl,--no-entry", "wasm32-wasi --sysroot=/usr -mexec-model=reactor"} {
		needs.Program(t, "clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32",
			"sh", "-c", ". ./toolchain.sh; WASM_CC=clang-19 with_wasm_clang --target="+target)
	}
	wasmtest.Watch(t, ".")
	dir := t.TempDir()
	in, out := filepath.Join(dir, "plugin.c"), filepath.Join(dir, "plugin.wasm")
	write(t, in, source)
	if text, err := exec.Command("clang-19", append(flags, "-Wall", "-Wextra", "-I.", "-o", out, in)...).CombinedOutput(); err != nil {
		return nil, errors.New(string(text))
	} else if len(bytes.TrimSpace(text)) > 0 && !slices.Contains(flags, "-Werror") {
		t.Errorf("clang-19 %v warns:\n%s", flags, text)
	}
	return os.ReadFile(out)
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
		case "wasi_snapshot_preview1": // of wasi-libc
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

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
