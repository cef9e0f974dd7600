package archtest_test

import (
	"bufio"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

const root = "../.."

// Bounds of what a stranger can hold: see CONTRIBUTING.md.
const (
	maxFiles = 25  // of a package, tests aside
	maxLines = 400 // of a file, tests aside
	maxWidth = 120 // columns of a line of comment, a tab counts as four
)

func TestPackagesAreSmallEnoughToHold(t *testing.T) {
	files := map[string]int{}
	for _, p := range goFiles(t) {
		if !strings.HasSuffix(p, "_test.go") {
			files[filepath.Dir(p)]++
		}
	}
	for dir, n := range files {
		if n > maxFiles {
			t.Errorf("%s has %d files, and at most %d are allowed: divide it along a noun", dir, n, maxFiles)
		}
	}
}

func TestFilesAreShortAndCommentsNarrow(t *testing.T) {
	for _, p := range goFiles(t) {
		lines := 0
		f, err := os.Open(filepath.Join(root, p))
		if err != nil {
			t.Fatal(err)
		}
		for s := bufio.NewScanner(f); s.Scan(); {
			lines++
			text := strings.ReplaceAll(s.Text(), "\t", "    ")
			if strings.HasPrefix(strings.TrimSpace(text), "// ") && utf8.RuneCountInString(text) > maxWidth {
				t.Errorf("%s:%d: a comment of more than %d columns", p, lines, maxWidth)
			}
		}
		f.Close()
		if lines > maxLines && !strings.HasSuffix(p, "_test.go") {
			t.Errorf("%s has %d lines, and at most %d are allowed", p, lines, maxLines)
		}
	}
}

// goFiles returns the Go files of this module, relative to its root.
func goFiles(t *testing.T) (out []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skip(root, p, d.Name())
		}
		if rel, err := filepath.Rel(root, p); err == nil && strings.HasSuffix(p, ".go") {
			out = append(out, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
