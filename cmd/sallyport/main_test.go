package main

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	if len(os.Args) == 2 && os.Args[1] == handlerWord {
		if err := playHandlers(); err != nil {
			os.Exit(1)
		}
		return
	}
	if len(os.Args) >= 2 && slices.Contains([]string{"demo", demoChildName, faultsChildName}, os.Args[1]) {
		main() // what the lab and its test start is this program
		return
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
	path, env := toolPath(t), scriptEnv(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Cmds:                scriptCommands(),
		Condition:           scriptConditions(path),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("NO_COLOR", "1")
			// A process in its sandbox may be another user, and reads its files here.
			for _, dir := range []string{e.WorkDir, filepath.Dir(e.WorkDir)} {
				if err := os.Chmod(dir, 0o755); err != nil {
					return err
				}
			}
			// The program under test comes first on the path of the script.
			program, _, _ := strings.Cut(e.Getenv("PATH"), string(filepath.ListSeparator))
			e.Setenv("PATH", program+string(filepath.ListSeparator)+path)
			e.Vars = append(e.Vars, env...)
			if dir := os.Getenv("GOCOVERDIR"); dir != "" {
				e.Setenv("GOCOVERDIR", dir)
			}
			return nil
		},
	})
}
