package wasmtest

import (
	"io/fs"
	"path/filepath"

	"github.com/c386954a/sallyport/internal/needs"
)

// Watch reads the folders that a script reads, but for installed packages.
// Only what the test itself has read makes the test cache notice a change.
func Watch(t needs.TB, dirs ...string) {
	t.Helper()
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Name() == "node_modules" {
				return fs.SkipDir
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
