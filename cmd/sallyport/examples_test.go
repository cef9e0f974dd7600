package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/internal/needs"
)

// examplesDir is where the examples are, seen from this package.
const examplesDir = "../../examples"

// TestEveryExampleRunsAsItsReadmeSays starts each header hook from a copy of its
// folder, with its own configuration.
func TestEveryExampleRunsAsItsReadmeSays(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(examplesDir, "*-headers*", "sallyport.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples found: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			t.Parallel()
			if strings.HasSuffix(file, "coproc-headers/sallyport.yaml") {
				needs.Program(t, "python3", "python3", "--version")
			}
			s := serveExample(t, filepath.Dir(file))
			status, seen := s.get(t, "/orders/1", "Authorization", "Bearer acme.4711", "User-Agent", "curl/8", "X-Debug", "1")
			if status != http.StatusOK || !strings.Contains(seen, "X-Tenant: acme\r\n") ||
				!strings.Contains(seen, "X-Agent: curl/8\r\n") || strings.Contains(seen, "X-Debug") {
				t.Errorf("upstream saw %d\n%s", status, seen)
			}
			if status, body := s.get(t, "/orders/1"); status != http.StatusUnauthorized || !strings.Contains(body, "authorization required") {
				t.Errorf("without Authorization: %d %s", status, body)
			}
		})
	}
}

func serveExample(t *testing.T, dir string) *site {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "sallyport.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	config := strings.NewReplacer("127.0.0.1:8080", "127.0.0.1:0", "http://127.0.0.1:9000", "UPSTREAM",
		"version: 1\n", "version: 1\ndefaults: { timeout: 2s }\n").Replace(string(text))
	var files []string
	for _, name := range guests(t, dir) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, filepath.Base(name), string(data))
	}
	return serve(t, config, files...)
}

// guests returns the files of an example that the gateway loads. A guest that
// is not committed, because it is large, is built.
func guests(t *testing.T, dir string) []string {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, "main.go")); err == nil {
		return []string{buildGo(t, dir)}
	}
	var found []string
	for _, pattern := range []string{"*.wasm", "*.js", "*.py"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, names...)
	}
	return found
}

func buildGo(t *testing.T, dir string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "headers.wasm")
	build := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", out, ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, text)
	}
	return out
}
