package urlpath_test

import (
	"errors"
	"testing"

	"github.com/c386954a/sallyport/proxy/urlpath"
)

func TestPathsThatServersReadDifferentlyAreRefused(t *testing.T) {
	for path, want := range map[string]error{
		"/": nil, "/a/b.c": nil, "/a;v=1": nil, "/a/b;jsessionid=7": nil, "/a%3b": nil, "/a/..b": nil, "/..": nil, "/a/%2e%2e/b": nil, "/%61": nil,
		"/a%20b": nil, "/caf%C3%A9": nil, "/caf%E9": nil, "/%C0": nil, "/...;x": nil, "/a;v=1/b": urlpath.ErrParameter, "/;/admin": urlpath.ErrParameter, "/a%3Bx/b": urlpath.ErrParameter, "/a;/": urlpath.ErrParameter, "/a//b": nil, "/%252f": nil,
		"/a%2fb": urlpath.ErrSeparator, "/a%2Fb": urlpath.ErrSeparator, "/public/..%2fadmin": urlpath.ErrSeparator,
		`/a\b`: urlpath.ErrSeparator, "/a%5cb": urlpath.ErrSeparator, "/a%5Cb": urlpath.ErrSeparator,
		"/%c0%af": urlpath.ErrSeparator, "/%C1%9C": urlpath.ErrSeparator, "/%c0%ae%c0%ae/x": urlpath.ErrSeparator,
		"/a%00": urlpath.ErrControl, "/a%0d%0a": urlpath.ErrControl, "/%7f": urlpath.ErrControl,
		"/a/..;/b": urlpath.ErrParameter, "/a/.;/b": urlpath.ErrParameter, "/a/..;x=1/b": urlpath.ErrParameter,
		"/a/%2e.;": urlpath.ErrParameter, "/a/..%3b/b": urlpath.ErrParameter, "/a/%2E%2e%3Bx/b": urlpath.ErrParameter,
		"/50%": urlpath.ErrEscape, "/%4": urlpath.ErrEscape, "/%zz": urlpath.ErrEscape, "/a%/b": urlpath.ErrEscape,
	} {
		if got := urlpath.Check([]byte(path)); !errors.Is(got, want) {
			t.Errorf("Check(%q) = %v, want %v", path, got, want)
		}
	}
}

func TestDotSegmentsAreResolvedBeforeThePathIsSent(t *testing.T) {
	for path, want := range map[string]string{
		"/": "/", "/a": "/a", "/a/": "/a/", "//": "/", "///a": "/a", "//a/b": "/a/b", "/a//b": "/a//b",
		"/.": "/", "/..": "/", "/a/.": "/a/", "/a/..": "/", "/a/../b": "/b", "/a/./b": "/a/b", "/a/b/..": "/a/",
		"/a/b/../../c": "/c", "/../../a": "/a", "/a/...": "/a/...", "/.a": "/.a", "/a/..b": "/a/..b",
		"/%2e%2E/a": "/a", "/a/%2e./b": "/b", "/a/.%2e": "/", "/%61/../%62": "/%62", "/a//../b": "/b", "/a/..//b": "/b",
		"/fetch/https://example.org/x": "/fetch/https://example.org/x", "/a/./": "/a/", "/a/b/../": "/a/",
	} {
		if got := string(urlpath.Resolve([]byte(path), nil)); got != want {
			t.Errorf("Resolve(%q) = %q, want %q", path, got, want)
		}
	}
}

// FuzzResolvedPathsStay checks that a path which was resolved once has nothing
// left that a server could resolve, and that it is the path that routes see.
func FuzzResolvedPathsStay(f *testing.F) {
	for _, seed := range []string{"/a/../b//c/./%2e", "/%2E%2e/x", "//a/..", "/a/..;/b", "/./", "/a/b/../"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if path == "" || path[0] != '/' || urlpath.Check([]byte(path)) != nil {
			return
		}
		once := urlpath.Resolve([]byte(path), nil)
		if len(once) == 0 || once[0] != '/' {
			t.Fatalf("Resolve(%q) = %q", path, once)
		}
		if twice := string(urlpath.Resolve(once, nil)); twice != string(once) {
			t.Errorf("Resolve(%q) = %q, and once more %q", path, once, twice)
		}
		if urlpath.Check(once) != nil {
			t.Errorf("Resolve(%q) = %q, which is to be refused", path, once)
		}
		if got, want := clean(string(once)), clean(path); got != want {
			t.Errorf("routes see %q of %q and %q of what is sent", want, path, got)
		}
	})
}
