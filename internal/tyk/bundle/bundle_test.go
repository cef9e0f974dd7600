package bundle_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/internal/tyk/bundle"
)

func TestBundleIsUnpackedUnderTheSumOfItsName(t *testing.T) {
	c := local(t, map[string][]byte{"mine.zip": bundleOf(t, manifest{Section: hooks("js/pre.js")}, nil, entry{name: "js/pre.js", text: "var a;"})})
	for reference, hash := range map[string]string{"mine.zip": hexMD5("mine.zip"), "mine": hexMD5("mine")} {
		b, err := bundle.Load(t.Context(), c, reference)
		if err != nil {
			t.Fatal(err)
		}
		if b.Hash != hash || b.Dir != filepath.Join(c.Root, "bundles", hash) {
			t.Errorf("Load(%q) = %q, %q", reference, b.Dir, b.Hash)
		}
		text, err := os.ReadFile(filepath.Join(b.Dir, "js", "pre.js"))
		if err != nil || string(text) != "var a;" {
			t.Errorf("script = %q, %v", text, err)
		}
		if len(b.Warnings) > 0 {
			t.Errorf("warnings = %q", b.Warnings)
		}
	}
}

func TestEmptyReferenceIsNoBundle(t *testing.T) {
	for _, reference := range []string{"", " ", ",", " , "} {
		b, err := bundle.Load(t.Context(), bundle.Config{}, reference)
		if err != nil || b.Dir != "" || b.Section != nil {
			t.Errorf("Load(%q) = %+v, %v", reference, b, err)
		}
	}
}

func TestMissingBundleIsAnError(t *testing.T) {
	c := local(t, nil)
	_, err := bundle.Load(t.Context(), c, "gone")
	wantError(t, err, "gone.zip")
	wantNothingLeft(t, c)

	_, err = bundle.Load(t.Context(), bundle.Config{Root: t.TempDir()}, "gone")
	wantError(t, err, "bundle_base_url is empty")

	c = bundle.Config{Root: t.TempDir(), BaseURL: "http://127.0.0.1:1/"}
	_, err = bundle.Load(t.Context(), c, "gone")
	wantError(t, err, "enable_bundle_downloader is off")
}

func TestNameThatLeavesTheFolderIsRefused(t *testing.T) {
	for _, name := range []string{"../x.zip", "a/../../x.zip", "/x.zip", `a\x.zip`, ".", "ok.zip,../x.zip", "a.zip,a.tar", "a.zip,.zip"} {
		if _, err := bundle.Load(t.Context(), local(t, nil), name); err == nil {
			t.Errorf("Load(%q) succeeds", name)
		}
	}
}

func TestExistingBundleIsNotReadAgain(t *testing.T) {
	c := local(t, map[string][]byte{"a.zip": bundleOf(t, manifest{Section: hooks("a.js")}, nil, entry{name: "a.js", text: "1"})})
	first, err := bundle.Load(t.Context(), c, "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(c.Local, "a.zip")); err != nil {
		t.Fatal(err)
	}
	again, err := bundle.Load(t.Context(), c, "a")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
}

func TestHalfUnpackedFolderIsReplaced(t *testing.T) {
	c := local(t, map[string][]byte{"a.zip": bundleOf(t, manifest{Section: hooks("a.js")}, nil, entry{name: "a.js", text: "1"})})
	b, err := bundle.Load(t.Context(), c, "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(b.Dir, "manifest.json")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(b.Dir, "stale.js"), []byte("x"))
	if _, err := bundle.Load(t.Context(), c, "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(b.Dir, "stale.js")); err == nil {
		t.Error("the stale file is still there")
	}
}

func TestChangedBundleIsCheckedAgainOnlyIfSignedAndNotSkipped(t *testing.T) {
	for _, test := range []struct {
		name         string
		signed, skip bool
		part         string
	}{
		{"signed", true, false, "checksum"},
		{"signed, skipped", true, true, ""},
		{"unsigned", false, false, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			key := keys()
			if !test.signed {
				key = nil
			}
			c := local(t, map[string][]byte{"a.zip": bundleOf(t, manifest{Section: hooks("a.js")}, key, entry{name: "a.js", text: "1"})})
			c.SkipVerifyExisting = test.skip
			b, err := bundle.Load(t.Context(), c, "a")
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(b.Dir, "a.js"), []byte("2"))
			_, err = bundle.Load(t.Context(), c, "a")
			if test.part != "" {
				wantError(t, err, test.part)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestUnsignedExistingBundleIsUsedWithAWarningWhenAKeyIsSet(t *testing.T) {
	c := local(t, map[string][]byte{"a.zip": bundleOf(t, manifest{Section: hooks("a.js")}, nil, entry{name: "a.js", text: "1"})})
	if _, err := bundle.Load(t.Context(), c, "a"); err != nil {
		t.Fatal(err)
	}
	c.PublicKeyPath = publicKeyFile(t)
	b, err := bundle.Load(t.Context(), c, "a")
	if err != nil || len(b.Warnings) != 1 {
		t.Errorf("Load() = %q, %v", b.Warnings, err)
	}
}

func TestListIsMergedInOrder(t *testing.T) {
	one := map[string]any{
		"driver":       "otto",
		"pre":          []any{map[string]any{"name": "p1", "path": "a.js"}},
		"auth_check":   map[string]any{"name": "auth", "path": "/a.js"},
		"id_extractor": map[string]any{"extract_with": "value"},
	}
	two := map[string]any{
		"pre":          []any{map[string]any{"name": "p2", "path": "b.js", "require_session": true}, map[string]any{"name": "p3", "code": "dmFyIGE="}},
		"response":     []any{map[string]any{"name": "r", "path": "b.js"}},
		"auth_check":   map[string]any{"name": ""},
		"id_extractor": map[string]any{"extract_with": "regex"},
	}
	c := local(t, map[string][]byte{
		"one.zip":     bundleOf(t, manifest{Section: one}, nil, entry{name: "a.js", text: "1"}),
		"sub/two.zip": bundleOf(t, manifest{Section: two}, nil, entry{name: "b.js", text: "2"}),
	})
	b, err := bundle.Load(t.Context(), c, "one.zip, sub/two.zip")
	if err != nil {
		t.Fatal(err)
	}
	want := `{
		"auth_check": {"name": "auth", "path": "one/a.js"},
		"driver": "otto",
		"id_extractor": {"extract_with": "value"},
		"pre": [{"name": "p1", "path": "one/a.js"}, {"name": "p2", "path": "sub__two/b.js", "require_session": true}, {"code": "dmFyIGE=", "name": "p3"}],
		"response": [{"name": "r", "path": "sub__two/b.js"}]
	}`
	if diff := cmp.Diff(decode(t, want), decode(t, string(b.Section))); diff != "" {
		t.Error(diff)
	}
	for _, file := range []string{"one/a.js", "sub__two/b.js"} {
		if _, err := os.Stat(filepath.Join(b.Dir, file)); err != nil {
			t.Error(err)
		}
	}
	if len(b.Warnings) != 1 {
		t.Errorf("warnings = %q, want one about id_extractor", b.Warnings)
	}
}

func decode(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestBundlesThatContradictAreRefused(t *testing.T) {
	auth := map[string]any{"auth_check": map[string]any{"name": "auth"}}
	zips := map[string][]byte{
		"a.zip":      bundleOf(t, manifest{Section: auth}, nil),
		"b.zip":      bundleOf(t, manifest{Section: auth}, nil),
		"otto.zip":   bundleOf(t, manifest{Section: map[string]any{"driver": "otto"}}, nil),
		"python.zip": bundleOf(t, manifest{Section: map[string]any{"driver": "python"}}, nil),
	}
	for reference, part := range map[string]string{"a.zip,b.zip": "auth_check", "otto.zip,python.zip": "driver"} {
		_, err := bundle.Load(t.Context(), local(t, zips), reference)
		wantError(t, err, part)
	}
}

func TestUnlistedHookFileIsAWarningAndWithAKeyAnError(t *testing.T) {
	m := manifest{Files: []string{"a.js"}, Section: hooks("b.js")}
	files := []entry{{name: "a.js", text: "1"}, {name: "b.js", text: "2"}}
	c := local(t, map[string][]byte{"a.zip": bundleOf(t, m, keys(), files...)})
	b, err := bundle.Load(t.Context(), c, "a")
	if err != nil || len(b.Warnings) != 1 {
		t.Fatalf("Load() = %q, %v", b.Warnings, err)
	}
	c = local(t, map[string][]byte{"a.zip": bundleOf(t, m, keys(), files...)})
	c.PublicKeyPath = publicKeyFile(t)
	_, err = bundle.Load(t.Context(), c, "a")
	wantError(t, err, `"b.js" is not in file_list`)
	wantNothingLeft(t, c)
}

func TestKeysInAnotherCaseAreCheckedToo(t *testing.T) {
	for name, section := range map[string]map[string]any{
		"hook": {"PRE": []any{map[string]any{"Path": "b.js", "name": "x"}}},
		"auth": {"auth_Check": map[string]any{"PATH": "b.js", "name": "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := local(t, map[string][]byte{"a.zip": bundleOf(t, manifest{Section: section}, keys(), entry{name: "a.js", text: "1"})})
			c.PublicKeyPath = publicKeyFile(t)
			_, err := bundle.Load(t.Context(), c, "a")
			wantError(t, err, `"b.js" is not in file_list`)
		})
	}
	twice := map[string]any{"pre": []any{}, "Pre": []any{}}
	_, err := bundle.Load(t.Context(), local(t, map[string][]byte{"a.zip": bundleOf(t, manifest{Section: twice}, nil)}), "a")
	wantError(t, err, "pre is there twice")
}

func TestHookFileOutsideOfTheBundleIsRefused(t *testing.T) {
	c := local(t, map[string][]byte{"a.zip": bundleOf(t, manifest{Section: hooks("../../evil.js")}, nil)})
	_, err := bundle.Load(t.Context(), c, "a")
	wantError(t, err, "outside of the bundle")
	wantNothingLeft(t, c)
}
