package artifact_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/internal/artifact"
)

func TestReadBoundsAndVerifiesFiles(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "plugin.wasm")
	if err := os.WriteFile(name, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	digest := artifact.Digest([]byte("hello"))
	for _, c := range []struct {
		name, file, sha256 string
		limit              int64
		want               string // error, or nothing
	}{
		{"without a digest", name, "", 5, ""},
		{"with its digest", name, digest, 5, ""},
		{"with its digest in capitals", name, strings.ToUpper(digest), 5, ""},
		{"with another digest", name, strings.Repeat("AB", 32), 5, "sha256 is " + digest + ", want " + strings.Repeat("ab", 32)},
		{"too large", name, "", 4, "larger than 4 bytes"},
		{"not there", name + "x", "", 5, "no such file or directory"},
		{"a folder", dir, "", 5, "is a directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			data, err := artifact.Read(c.file, c.limit, c.sha256)
			switch {
			case c.want == "" && (err != nil || string(data) != "hello"):
				t.Errorf("Read() = %q, %v, want hello", data, err)
			case c.want != "" && (err == nil || err.Error() != c.want):
				t.Errorf("Read() = %v, want %s", err, c.want)
			}
		})
	}
}
