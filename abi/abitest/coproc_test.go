package abitest_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/abi/abitest"
	"github.com/c386954a/sallyport/abi/abitest/conform"
	"github.com/c386954a/sallyport/runtime/coproc"
	child "github.com/c386954a/sallyport/sdk/coproc/go"
)

// asProcess is the argument that makes this test binary the conform process.
const asProcess = "conform-process"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == asProcess {
		if err := child.Main(conform.Handlers()...); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "conform")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	guests.dir, guests.files = dir, map[string]string{}
	return m.Run()
}

// TestCoproc plays the scenarios against the conform process: this binary,
// started once more.
func TestCoproc(t *testing.T) {
	abitest.Run(t, abitest.Row{
		Name: "coproc",
		Load: func(t *testing.T) (abi.Runtime, func(abi.Hook) abi.Spec) {
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			r := coproc.New(coproc.Config{Command: []string{self, asProcess}})
			return r, abitest.SameSpec(abi.Spec{Entry: "conform"})
		},
	})
}
