package wasmtest

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
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
