package urlpath_test

import (
	"regexp"
	"testing"

	"github.com/c386954a/sallyport/proxy/urlpath"
)

func TestPatternsBecomeExpressions(t *testing.T) {
	prefix, suffix := urlpath.Matching{Prefix: true}, urlpath.Matching{Suffix: true}
	both, fold := urlpath.Matching{Prefix: true, Suffix: true}, urlpath.Matching{IgnoreCase: true}
	for _, tt := range []struct {
		name, pattern string
		how           urlpath.Matching
		want          string
		match, not    []string
	}{
		{"anywhere", "/json", urlpath.Matching{}, `/json`, []string{"/json", "/a/json/b", "/jsonx"}, []string{"/JSON", "/xjson"}},
		{"one parameter", "/users/{id}/x", urlpath.Matching{}, `/users/([^/]+)/x`, []string{"/users/7/x"}, []string{"/users//x", "/users/7/8/x"}},
		{"parameter with an expression", "/users/{id:[0-9]+}", urlpath.Matching{}, `/users/([^/]+)`, []string{"/users/a"}, []string{"/users/"}},
		{"one segment", "/a/*/b", urlpath.Matching{}, `/a/[^/]+/b`, []string{"/a/x/b"}, []string{"/a//b", "/a/x/y/b"}},
		{"two segments", "/a/*/*/b", urlpath.Matching{}, `/a/[^/]+/.*/b`, []string{"/a/x/y/b"}, []string{"/a/x/b"}},
		{"the rest", "/a/*", urlpath.Matching{}, `/a/.*`, []string{"/a/", "/a/b/c"}, []string{"/a"}},
		{"an expression", "/items/[0-9]+$", urlpath.Matching{}, `/items/[0-9]+$`, []string{"/items/12"}, []string{"/items/12/x"}},
		{"prefix", "/json", prefix, `^/json`, []string{"/json", "/json/b"}, []string{"/a/json"}},
		{"prefix without slash", "json", prefix, `json`, []string{"/a/json"}, []string{"/a"}},
		{"suffix", "/json", suffix, `/json$`, []string{"/json", "/a/json"}, []string{"/json/b"}},
		{"suffix twice", "/json$", suffix, `/json$`, []string{"/json"}, nil},
		{"both", "/a/{b}", both, `^/a/([^/]+)$`, []string{"/a/b"}, []string{"/a/b/c", "/x/a/b"}},
		{"case", "/json", fold, `(?i)/json`, []string{"/JSON", "/a/Json"}, []string{"/a"}},
		{"everything", "", both, `$`, []string{"/", "/a"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.how.Expression(tt.pattern)
			if got != tt.want {
				t.Fatalf("Expression(%q) = %q, want %q", tt.pattern, got, tt.want)
			}
			e := regexp.MustCompile(got)
			for _, path := range tt.match {
				if !e.MatchString(path) {
					t.Errorf("%s does not match %s", got, path)
				}
			}
			for _, path := range tt.not {
				if e.MatchString(path) {
					t.Errorf("%s matches %s", got, path)
				}
			}
		})
	}
}

func TestPathBelowAListenPath(t *testing.T) {
	for _, tt := range []struct{ path, listen, want string }{
		{"/orders/x", "/orders/", "/x"},
		{"/orders/x", "/orders", "/x"},
		{"/orders/", "/orders/", "/"},
		{"/orders", "/orders", "/"},
		{"/ordersx", "/orders", "/x"},
		{"/orders", "/orders/", "/orders"},
		{"/x", "/", "/x"},
		{"/", "/", "/"},
		{"/x", "", "/x"},
		{"/y/x", "/orders/", "/y/x"},
	} {
		if got := string(urlpath.Below([]byte(tt.path), tt.listen)); got != tt.want {
			t.Errorf("Below(%q, %q) = %q, want %q", tt.path, tt.listen, got, tt.want)
		}
	}
}

func TestExpressionsSeeBothPaths(t *testing.T) {
	path := []byte("/orders/items/7")
	for expression, want := range map[string]bool{
		"^/items/": true, "^/orders/items/": true, "/items/[0-9]$": true, "^/7": false, "": true,
	} {
		if got := urlpath.Match(regexp.MustCompile(expression), path, "/orders/"); got != want {
			t.Errorf("Match(%q) = %v, want %v", expression, got, want)
		}
	}
}
