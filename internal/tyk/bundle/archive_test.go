package bundle_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/internal/tyk/bundle"
)

func TestHostileEntriesAreRefused(t *testing.T) {
	for _, test := range []struct {
		name    string
		entries []entry
	}{
		{"parent", []entry{{name: "../evil.js"}}},
		{"parent below", []entry{{name: "a/../../evil.js"}}},
		{"parent that comes back", []entry{{name: "a/../b.js"}}},
		{"absolute", []entry{{name: "/tmp/evil.js"}}},
		{"backslash", []entry{{name: `..\evil.js`}}},
		{"drive", []entry{{name: "C:/evil.js"}}},
		{"NUL", []entry{{name: "a\x00b"}}},
		{"link", []entry{{name: "link", text: "/etc/passwd", mode: os.ModeSymlink | 0o777}}},
		{"link and a file through it", []entry{{name: "l", text: "/tmp", mode: os.ModeSymlink | 0o777}, {name: "l/evil.js"}}},
		{"pipe", []entry{{name: "pipe", mode: os.ModeNamedPipe | 0o600}}},
		{"the same name", []entry{{name: "a.js"}, {name: "a.js"}}},
		{"the same name, spelt otherwise", []entry{{name: "a/b.js"}, {name: "a/./b.js"}}},
		{"a file and a folder", []entry{{name: "a"}, {name: "a/b.js"}}},
		{"a folder and a file", []entry{{name: "a/b.js"}, {name: "a"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := local(t, map[string][]byte{"a.zip": bundleOf(t, manifest{Files: []string{}}, nil, test.entries...)})
			_, err := bundle.Load(t.Context(), c, "a")
			wantError(t, err, "entry")
			wantNothingLeft(t, c)
			if _, err := os.Lstat(filepath.Join(c.Root, "bundles", "evil.js")); err == nil {
				t.Error("a file was written outside")
			}
		})
	}
}

func TestFoldersMayBeListed(t *testing.T) {
	c := local(t, map[string][]byte{"a.zip": bundleOf(t, manifest{Files: []string{"js/a.js"}}, nil,
		entry{name: "js/", mode: os.ModeDir | 0o755}, entry{name: "js/a.js", text: "1"})})
	if _, err := bundle.Load(t.Context(), c, "a"); err != nil {
		t.Error(err)
	}
}

func TestZipBombIsRefused(t *testing.T) {
	zeros := strings.Repeat("\x00", 2<<20)
	many := make([]entry, 101)
	for i := range many {
		many[i] = entry{name: fmt.Sprintf("%d.js", i)}
	}
	for _, test := range []struct {
		name string
		zip  []byte
		part string
	}{
		{"one large file", bundleOf(t, manifest{}, nil, entry{name: "a", text: zeros}), "larger than"},
		{"several together", bundleOf(t, manifest{}, nil, entry{name: "a", text: zeros[:900<<10]}, entry{name: "b", text: zeros[:900<<10]}), "larger than"},
		{"many entries", bundleOf(t, manifest{}, nil, many...), "more than 100 entries"},
		{"many headers", bytes.Repeat([]byte("PK\x01\x02"), 1000), "more than 100 entries"},
		{"large zip", append(zipOf(t), make([]byte, 2<<20)...), "larger than"},
		{"sizes that lie", lie(t, bundleOf(t, manifest{}, nil, entry{name: "a", text: zeros})), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := local(t, map[string][]byte{"a.zip": test.zip})
			c.MaxBytes, c.MaxEntries = 1<<20, 100
			_, err := bundle.Load(t.Context(), c, "a")
			wantError(t, err, test.part)
			wantNothingLeft(t, c)
		})
	}
}

// lie changes the uncompressed sizes in the directory of a zip to 1.
func lie(t *testing.T, data []byte) []byte {
	t.Helper()
	header := []byte("PK\x01\x02")
	if bytes.Count(data, header) == 0 {
		t.Fatal("no header in the zip")
	}
	for i := 0; ; {
		at := bytes.Index(data[i:], header)
		if at < 0 {
			return data
		}
		i += at
		copy(data[i+24:], []byte{1, 0, 0, 0})
		i += len(header)
	}
}
