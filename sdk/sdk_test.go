package sdk_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/c386954a/sallyport/sdk"
)

func TestEverySDKHasItsSources(t *testing.T) {
	for folder, file := range map[string]string{
		"go": "exchange.go", "c": "sallyport.h", "rust": "src/lib.rs", "assemblyscript": "assembly/index.ts",
		"coproc/go": "plugin.go", "coproc/python/sallyport": "__init__.py", "coproc/node": "lib/plugin.js",
	} {
		sources, err := sdk.Sources(folder)
		if err != nil {
			t.Fatalf("Sources(%s) = %v", folder, err)
		}
		got, err := fs.ReadFile(sources, file)
		if err != nil {
			t.Fatalf("%s: %v", folder, err)
		}
		want, err := os.ReadFile(filepath.FromSlash(folder + "/" + file))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s/%s differs from the file", folder, file)
		}
	}
}

func TestUnknownSDKIsAnError(t *testing.T) {
	if _, err := sdk.Sources("cobol"); err == nil {
		t.Error("Sources(cobol) = nil, want an error")
	}
}
