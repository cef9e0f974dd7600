package urlpath_test

import (
	"testing"

	"github.com/c386954a/sallyport/proxy/urlpath"
)

func clean(path string) string { return string(urlpath.Clean([]byte(path), nil)) }

func TestPathsAreResolvedAsAnUpstreamWould(t *testing.T) {
	for path, want := range map[string]string{
		"/": "/", "/a": "/a", "/a/": "/a/", "//": "/", "/a//b": "/a/b", "///a": "/a",
		"/.": "/", "/..": "/", "/a/.": "/a/", "/a/..": "/", "/a/../b": "/b", "/a/./b": "/a/b",
		"/a/b/../../c": "/c", "/../../a": "/a", "/a/...": "/a/...", "/.a": "/.a", "/a/..b": "/a/..b",
		"/%61": "/a", "/%2e%2E/a": "/a", "/a/%2e./b": "/b", "/a%2Fb": "/a%2Fb", "/a%2fb": "/a%2fb",
		"/%": "/%", "/%6": "/%6", "/%zz": "/%zz", "/%00": "/\x00", "/%252e": "/%2e", "/a;b=c": "/a", "/a%3bb": "/a", "/a/b;": "/a/b", "/a/;x": "/a/", "/a/..//b": "/b",
	} {
		if got := clean(path); got != want {
			t.Errorf("clean path of %q = %q, want %q", path, got, want)
		}
	}
}

func FuzzCleanPathIsStable(f *testing.F) {
	f.Add("/a/../b//c/./%2e")
	f.Add("/..%2f/%2E%2e/x")
	f.Fuzz(func(t *testing.T, path string) {
		if path == "" || path[0] != '/' {
			return
		}
		if got := clean(path); got == "" || got[0] != '/' {
			t.Errorf("clean path of %q = %q", path, got)
		}
	})
}
