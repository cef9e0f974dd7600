package abitest_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/abi/abitest"
	"github.com/c386954a/sallyport/runtime/wasm"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// TestWasm plays the scenarios against the conform guest, in both modes.
func TestWasm(t *testing.T) {
	guest := filepath.Join(t.TempDir(), "conform.wasm")
	if err := wasmtest.BuildGo("guest", guest); err != nil {
		t.Fatal(err)
	}
	abitest.Run(t, wasmRow(guest, abi.Fresh), wasmRow(guest, abi.Pooled))
}

func wasmRow(guest string, mode abi.Mode) abitest.Row {
	return abitest.Row{
		Name: "wasm-" + mode.String(),
		Load: func(t *testing.T) (abi.Runtime, func(abi.Hook) abi.Spec) {
			r, err := wasm.New(context.Background(), wasm.Config{})
			if err != nil {
				t.Fatal(err)
			}
			return r, abitest.SameSpec(abi.Spec{
				Source:    guest,
				Instances: abi.Instances{Mode: mode},
			})
		},
	}
}
