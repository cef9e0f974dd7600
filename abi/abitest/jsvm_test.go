package abitest_test

import (
	"path/filepath"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/abi/abitest"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

// TestJSVM plays the scenarios against the conform script on otto.
func TestJSVM(t *testing.T) {
	abitest.Run(t, abitest.Row{
		Name: "jsvm",
		Load: func(*testing.T) (abi.Runtime, func(abi.Hook) abi.Spec) {
			return jsvm.New(jsvm.Config{}), abitest.SameSpec(abi.Spec{
				Source: filepath.Join("conform", "conform.js"), Entry: "conform",
				Config: []byte(`{"require_session":true}`),
			})
		},
	})
}
