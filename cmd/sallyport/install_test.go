package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"

	"github.com/c386954a/sallyport/internal/longtest"
)

// installVersion is the release that TestGoInstall makes of the working tree.
var installVersion = module.Version{Path: "github.com/c386954a/sallyport", Version: "v0.9.9-test"}

// TestGoInstall installs the program as a user does, out of a module proxy of
// files that has the working tree as a release. The go command refuses such a
// module if its go.mod has a replace directive, and the zip lacks what is in a
// nested module. What the program depends on comes from the module cache, and
// with -trimpath from the build cache too, wherever the module cache is.
func TestGoInstall(t *testing.T) {
	if testing.Short() || !longtest.Enabled() {
		t.Skip("unpacks and builds the whole program with all it depends on: set SALLYPORT_LONG=1")
	}
	proxy, bin := t.TempDir(), t.TempDir()
	publish(t, proxy)
	cache := strings.TrimSpace(goCommand(t, ".", nil, "env", "GOMODCACHE"))
	env := []string{
		"GOPROXY=" + fileURL(proxy) + "," + fileURL(filepath.Join(cache, "cache", "download")),
		"GOMODCACHE=" + t.TempDir(), // the release must not stay in the user's
		"GOBIN=" + bin, "GOFLAGS=-mod=mod -modcacherw -trimpath", "GOSUMDB=off", "GOWORK=off", "GOENV=off", "CGO_ENABLED=0",
	}
	goCommand(t, t.TempDir(), env, "install", installVersion.Path+"/cmd/sallyport@"+installVersion.Version)
	said, err := exec.CommandContext(t.Context(), filepath.Join(bin, "sallyport"), "version").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(said), "sallyport "+installVersion.Version+" ") {
		t.Errorf("sallyport version: %v, %s", err, said)
	}
}

// publish writes the working tree into a module proxy of files.
func publish(t *testing.T, proxy string) {
	t.Helper()
	root := filepath.Join("..", "..")
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(proxy, filepath.FromSlash(installVersion.Path), "@v")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	info := fmt.Sprintf(`{"Version": %q, "Time": "2026-01-01T00:00:00Z"}`, installVersion.Version)
	for end, data := range map[string]string{"list": installVersion.Version + "\n", ".info": info, ".mod": string(mod)} {
		if end != "list" {
			end = installVersion.Version + end
		}
		if err := os.WriteFile(filepath.Join(dir, end), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := os.Create(filepath.Join(dir, installVersion.Version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := modzip.Create(out, installVersion, releaseFiles(t, root)); err != nil {
		t.Fatal(err)
	}
}

// releaseFiles returns the files of a tree without what is never committed.
func releaseFiles(t *testing.T, root string) []modzip.File {
	t.Helper()
	var files []modzip.File
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules" || p == filepath.Join(root, "bin")):
			return filepath.SkipDir
		case d.Type().IsRegular():
			rel, err := filepath.Rel(root, p)
			files = append(files, releaseFile{full: p, path: filepath.ToSlash(rel)})
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// releaseFile is a file of the working tree in a module's zip.
type releaseFile struct{ full, path string }

func (f releaseFile) Path() string                 { return f.path }
func (f releaseFile) Lstat() (fs.FileInfo, error)  { return os.Lstat(f.full) }
func (f releaseFile) Open() (io.ReadCloser, error) { return os.Open(f.full) }

// goCommand runs the go command in a folder and returns what it wrote.
func goCommand(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, text)
	}
	return string(text)
}

func fileURL(dir string) string { return "file://" + filepath.ToSlash(dir) }
