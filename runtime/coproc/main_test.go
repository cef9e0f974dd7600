package coproc_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
	child "github.com/c386954a/sallyport/sdk/coproc/go"
)

// TestMain runs the tests, or, as the first argument says, one of the plugin
// processes that the tests start: this binary is its own fake plugin.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case sandbox.Command:
			sandbox.Main()
		case "child":
			exitOn(child.Main(handlers()...))
		case "fake":
			exitOn(fake(os.Args[2:]))
		case "bench":
			exitOn(benchChild(os.Args[2]))
		case "gateway":
			exitOn(gateway())
		case "confined-gateway":
			exitOn(confinedGateway(os.Args[2]))
		}
	}
	goleak.VerifyTestMain(m)
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
