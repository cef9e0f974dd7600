package abitest_test

import (
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/abi/abitest"
	"github.com/c386954a/sallyport/internal/needs"
	"github.com/c386954a/sallyport/runtime/coproc"
)

// TestCoprocPython plays the scenarios against the conform process in Python.
func TestCoprocPython(t *testing.T) {
	runProcess(t, "python3", "python3", "-B", "conform.py")
}

// TestCoprocNode plays the scenarios against the conform process in JavaScript.
func TestCoprocNode(t *testing.T) {
	runProcess(t, "nodejs", "node", "conform.mjs")
}

// runProcess plays the scenarios against a process that needs an interpreter.
func runProcess(t *testing.T, packages string, command ...string) {
	t.Helper()
	needs.Program(t, packages, command[0], "--version")
	abitest.Run(t, abitest.Row{
		Name: "coproc",
		Load: func(*testing.T) (abi.Runtime, func(abi.Hook) abi.Spec) {
			return coproc.New(coproc.Config{Command: command, Dir: "conform"}), abitest.SameSpec(abi.Spec{Entry: "conform"})
		},
	})
}
