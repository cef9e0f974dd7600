package sdk_test

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/c386954a/sallyport/sdk"
)

var update = flag.Bool("update", false, "rewrite the archives")

// TestArchivesOfTheGoSDKsAreCurrent keeps the archives in step with the
// folders.
func TestArchivesOfTheGoSDKsAreCurrent(t *testing.T) {
	for file, folder := range map[string]string{"go.txtar": "go", "coproc-go.txtar": "coproc/go"} {
		want := txtar.Format(archive(t, folder))
		if *update {
			if err := os.WriteFile(file, want, 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what is in the folder %s: run go generate ./sdk", file, folder)
		}
	}
}

// archive returns the sources of a Go SDK, without its tests.
func archive(t *testing.T, dir string) *txtar.Archive {
	t.Helper()
	a := &txtar.Archive{Comment: []byte("The folder " + dir + " in one file. Made by go generate; do not edit.\n")}
	names, err := filepath.Glob(filepath.Join(filepath.FromSlash(dir), "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		a.Files = append(a.Files, txtar.File{Name: filepath.Base(name), Data: data})
	}
	return a
}

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
