package abitest_test

import (
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/abi/abitest"
	"github.com/c386954a/sallyport/abi/abitest/conform"
)

// TestNative plays the scenarios against the reference implementation.
func TestNative(t *testing.T) {
	abitest.Run(t, abitest.Row{
		Name: "native",
		Load: func(*testing.T) (abi.Runtime, func(abi.Hook) abi.Spec) {
			return conform.Native{}, abitest.SameSpec(abi.Spec{})
		},
	})
}
