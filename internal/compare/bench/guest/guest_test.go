package guest_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/internal/compare/bench/guest"
	"github.com/c386954a/sallyport/internal/needs"
)

// TestModulesAreWhatTheSourcesMake builds what is committed again. Versions of
// compilers differ, so that what is compared is what a module says of itself:
// its hooks, its imports and about its size.
func TestModulesAreWhatTheSourcesMake(t *testing.T) {
	for _, language := range []string{guest.C, guest.AssemblyScript, guest.Rust, guest.Go} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			committed, err := guest.Wasm(language)
			if err != nil {
				t.Fatal(err)
			}
			built := build(t, language)
			for _, name := range names {
				if a, b := bytes.Contains(committed, []byte(name)), bytes.Contains(built, []byte(name)); a != b {
					t.Errorf("%s: %v in the committed module, %v in a new one: run task guests", name, a, b)
				}
			}
			if a, b := len(committed), len(built); a > 3*b/2 || b > 3*a/2 {
				t.Errorf("the committed module has %d bytes, a new one %d: run task guests", a, b)
			}
		})
	}
}

// names are exports and imports that modules may have.
var names = []string{
	"sallyport_pre", "sallyport_post", "sallyport_auth", "sallyport_response", "sallyport_post_key_auth", "sallyport_event",
	"header_get", "header_set", "header_del", "request_body_splice", "reply_body_splice", "kv_get", "session_set", "http_request",
}

// build runs the script of a language. It skips without the toolchain, which
// the script asks for by exit code 127.
func build(t *testing.T, language string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "hooks.wasm")
	cmd := exec.Command("sh", filepath.Join(language, "build.sh"), out)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	if cmd.ProcessState.ExitCode() == 127 {
		needs.Missing(t, strings.TrimSpace(said.String()))
	}
	if err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	module, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return module
}

func TestScriptsAreEmbedded(t *testing.T) {
	for _, name := range []string{guest.JavaScript, guest.Node, guest.Python} {
		text, err := guest.Script(name)
		if err != nil || !strings.Contains(string(text), "X-Tenant") {
			t.Errorf("Script(%s) = %d bytes, %v", name, len(text), err)
		}
	}
}

func TestWhatIsNotThereIsNamed(t *testing.T) {
	if _, err := guest.Wasm("cobol"); err == nil || !strings.Contains(err.Error(), "cobol") {
		t.Errorf("Wasm() = %v", err)
	}
	if _, err := guest.Script("hooks.rb"); err == nil || !strings.Contains(err.Error(), "hooks.rb") {
		t.Errorf("Script() = %v", err)
	}
}
