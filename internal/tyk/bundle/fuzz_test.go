package bundle

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// These two reach for unexported functions: a file system in between would
// leave too few tries in a second.

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"file_list":["a.js"],"custom_middleware":{"pre":[{"name":"x","path":"a.js"}],"driver":"otto"},"checksum":"c4ca"}`))
	f.Add([]byte(`{"file_list":["/a.js","../a.js",""],"custom_middleware":{"PRE":[null,{}],"auth_check":null}}`))
	f.Add([]byte(`{"custom_middleware":{"auth_check":{"Path":"/../x"},"poſt":[{"path":"b.js"}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseManifest(text)
		if err != nil {
			return
		}
		l := &bundleLoader{parts: []bundlePart{{name: "a"}}, key: &publicKey{}}
		if l.checkHooks(m) != nil {
			return
		}
		merged, err := l.merge([]*manifest{m})
		if err != nil {
			t.Fatalf("checked, and yet: %v", err)
		}
		wantListedFiles(t, m, merged)
	})
}

// wantListedFiles decodes a section as the importer does, and looks for a file
// that no signature covers.
func wantListedFiles(t *testing.T, m *manifest, merged []byte) {
	t.Helper()
	type hook struct{ Name, Path string }
	var s struct {
		Pre, Post, Response []hook
		PostKeyAuth         []hook `json:"post_key_auth"`
		AuthCheck           hook   `json:"auth_check"`
	}
	if err := json.Unmarshal(merged, &s); err != nil {
		t.Fatalf("%s: %v", merged, err)
	}
	all := append(append(append(append(s.Pre, s.Post...), s.Response...), s.PostKeyAuth...), s.AuthCheck)
	for _, h := range all {
		listed := h.Path == ""
		for _, file := range m.Files {
			listed = listed || path.Clean(strings.TrimLeft(file, "/")) == path.Clean(strings.TrimLeft(h.Path, "/"))
		}
		if !listed {
			t.Errorf("%q would be run and is not in %q", h.Path, m.Files)
		}
	}
}

func FuzzArchive(f *testing.F) {
	for _, name := range []string{"a.js", "../a", "a/./b", "/a", "a\\b", "a/", "C:a"} {
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		if _, err := w.Create(name); err != nil {
			f.Fatal(err)
		}
		if err := w.Close(); err != nil {
			f.Fatal(err)
		}
		f.Add(out.Bytes())
	}
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l := &bundleLoader{config: Config{MaxEntries: 50}}
		files, err := l.entries(data)
		if err != nil {
			return
		}
		if len(files) > 50 {
			t.Errorf("%d entries", len(files))
		}
		for _, file := range files {
			if !filepath.IsLocal(file.Name) || strings.Contains(file.Name, "..") && hasDotDot(file.Name) {
				t.Errorf("%q is taken", file.Name)
			}
		}
	})
}
