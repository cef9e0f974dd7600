package sandbox_test

import (
	"os"
	"testing"

	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

// TestMain runs the tests, or the shim, or, as the first argument says, what
// a confined program tries: this binary is all of them.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case sandbox.Command:
			sandbox.Main()
		case "attempt":
			os.Exit(attempt(os.Args[2:]))
		}
	}
	os.Exit(m.Run())
}
