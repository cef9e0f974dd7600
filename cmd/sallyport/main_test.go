package main

import (
	"flag"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

var update = flag.Bool("update", false, "rewrite the golden files inside the scripts")

// TestMain makes the program a command of the test binary, so that scripts run
// it without building it.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == sandbox.Command {
		sandbox.Main()
	}
	if notes := os.Getenv(childMode); notes != "" {
		if err := playChild(notes); err != nil {
			os.Exit(1)
		}
		return
	}
	testscript.Main(m, map[string]func(){"sallyport": main})
}

// TestScript runs the command line as users do; every script is one story.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("NO_COLOR", "1")
			if dir := os.Getenv("GOCOVERDIR"); dir != "" {
				e.Setenv("GOCOVERDIR", dir)
			}
			return nil
		},
	})
}
