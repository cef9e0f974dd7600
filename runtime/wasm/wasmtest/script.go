package wasmtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/c386954a/sallyport/internal/needs"
)

// ErrNoToolchain is wrapped by the error of a build whose compiler is not
// installed. The text of that error names the command that installs it.
var ErrNoToolchain = errors.New("toolchain is missing")

// exitNotFound is the exit status of a script that did not find its compiler.
const exitNotFound = 127

// RunScript runs a shell script that builds or tests guests. The script ends
// with status 127 if a tool is missing, and then says how to install it.
func RunScript(script string, args ...string) error {
	cmd := exec.CommandContext(context.Background(), "sh", append([]string{script}, args...)...)
	text, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	said := strings.TrimSpace(string(text))
	if exit := new(exec.ExitError); errors.As(err, &exit) && exit.ExitCode() == exitNotFound {
		return fmt.Errorf("%w: %s", ErrNoToolchain, said)
	}
	return fmt.Errorf("%s: %w\n%s", script, err, said)
}

// MustRunScript is [RunScript] for tests: they skip when a tool is missing,
// except where every tool must be there, and otherwise fail on errors.
func MustRunScript(t needs.TB, script string, args ...string) {
	t.Helper()
	err := RunScript(script, args...)
	if errors.Is(err, ErrNoToolchain) {
		needs.Missing(t, err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Watch reads the folders that a script reads, but for installed packages.
// Only what the test itself has read makes the test cache notice a change.
func Watch(t needs.TB, dirs ...string) {
	t.Helper()
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Name() == "node_modules" {
				return fs.SkipDir
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// BuildGo compiles the Go program in folder dir to a guest in the file out.
func BuildGo(dir, out string) error {
	cmd := exec.CommandContext(context.Background(), "go", "build",
		"-trimpath", "-buildmode=c-shared", "-ldflags=-s -w", "-o", out, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "GOWORK=off")
	if b, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build in %s: %w\n%s", dir, err, b)
	}
	return nil
}
