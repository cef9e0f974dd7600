package abitest_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/abi/abitest"
	"github.com/c386954a/sallyport/runtime/coproc"
)

// TestCoprocPython plays the scenarios against the conform process in Python.
func TestCoprocPython(t *testing.T) {
	runProcess(t, "apt install python3", "python3", "-B", "conform.py")
}

// TestCoprocNode plays the scenarios against the conform process in JavaScript.
func TestCoprocNode(t *testing.T) {
	runProcess(t, "apt install nodejs", "node", "conform.mjs")
}

// runProcess plays the scenarios against a process that needs an interpreter.
func runProcess(t *testing.T, install string, command ...string) {
	t.Helper()
	if _, err := exec.LookPath(command[0]); err != nil {
		if os.Getenv("SALLYPORT_CI") == "1" {
			t.Fatalf("%s is missing: %s", command[0], install)
		}
		t.Skipf("%s is missing: %s", command[0], install)
	}
	abitest.Run(t, abitest.Row{
		Name: "coproc",
		Load: func(*testing.T) (abi.Runtime, func(abi.Hook) abi.Spec) {
			return coproc.New(coproc.Config{Command: command, Dir: "conform"}), abitest.SameSpec(abi.Spec{Entry: "conform"})
		},
	})
}
