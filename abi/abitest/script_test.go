package abitest_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/abi/abitest"
	"github.com/c386954a/sallyport/runtime/wasm"
)

// TestJavaScriptInTheSandbox plays the scenarios against the conform script
// that the row jsvm uses, in both modes.
func TestJavaScriptInTheSandbox(t *testing.T) {
	abitest.Run(t, scriptRow(abi.Fresh), scriptRow(abi.Pooled))
}

func scriptRow(mode abi.Mode) abitest.Row {
	return abitest.Row{
		Name: "js-" + mode.String(),
		Load: func(t *testing.T) (abi.Runtime, func(abi.Hook) abi.Spec) {
			r, err := wasm.New(context.Background(), wasm.Config{})
			if err != nil {
				t.Fatal(err)
			}
			return r, abitest.SameSpec(abi.Spec{
				Source: filepath.Join("conform", "conform.js"), Entry: "conform",
				Config:    []byte(`{"require_session":true}`),
				Instances: abi.Instances{Mode: mode},
			})
		},
	}
}
