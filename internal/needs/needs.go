// Package needs is for tests that run programs of others: compilers,
// interpreters and servers. A test skips where one is missing and says how to
// install it. Under SALLYPORT_CI=1, where all are installed, it fails instead.
package needs

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// TB is the part of testing.TB that helpers need. Package testing itself stays
// out of the program, which uses some of them.
type TB interface {
	Helper()
	Skip(args ...any)
	Fatal(args ...any)
}

// tryTimeout bounds what only prints a version or compiles nothing.
const tryTimeout = time.Minute

// Program demands that a command succeeds, for instance python3 --version.
// That a file of that name is there is not enough: it may lack its libraries
// or be a stub. The packages are those of Debian.
func Program(t TB, packages string, try ...string) {
	t.Helper()
	if why := Try(try...); why != "" {
		Missing(t, fmt.Sprintf("%s: apt install %s", why, packages))
	}
}

// Try runs a command and says why it does not work; empty if it does.
func Try(command ...string) string {
	ctx, cancel := context.WithTimeout(context.Background(), tryTimeout)
	defer cancel()
	said, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
	if err == nil {
		return ""
	}
	last := strings.TrimSpace(string(said))
	last = last[strings.LastIndexByte(last, '\n')+1:]
	return strings.TrimSuffix(fmt.Sprintf("%s is missing or incomplete: %v: %s", command[0], err, last), ": ")
}

// Missing skips the test for the lack of something, or fails it where nothing
// may be missing.
func Missing(t TB, why string) {
	t.Helper()
	end := t.Skip
	if os.Getenv("SALLYPORT_CI") == "1" {
		end = t.Fatal
	}
	end(why)
}
