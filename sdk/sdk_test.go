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

var update = flag.Bool("update", false, "rewrite go.txtar")

// TestArchiveOfTheGoSDKIsCurrent keeps go.txtar in step with the folder go.
func TestArchiveOfTheGoSDKIsCurrent(t *testing.T) {
	want := txtar.Format(archive(t, "go"))
	if *update {
		if err := os.WriteFile("go.txtar", want, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile("go.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("go.txtar is not what is in the folder go: run go generate ./sdk")
	}
}

// archive returns the sources of the Go SDK, without its tests.
func archive(t *testing.T, dir string) *txtar.Archive {
	t.Helper()
	a := &txtar.Archive{Comment: []byte("The folder go in one file. Made by go generate; do not edit.\n")}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
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
	} {
		sources, err := sdk.Sources(folder)
		if err != nil {
			t.Fatalf("Sources(%s) = %v", folder, err)
		}
		got, err := fs.ReadFile(sources, file)
		if err != nil {
			t.Fatalf("%s: %v", folder, err)
		}
		want, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(file)))
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
