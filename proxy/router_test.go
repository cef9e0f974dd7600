package proxy_test

import (
	"cmp"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/upstream"
)

func TestRoutesAreFoundByHostAndLongestPrefix(t *testing.T) {
	var apis []proxy.Route
	url := script(t, echoHead)
	for _, r := range [][2]string{
		{"", "/"}, {"", "/a"}, {"", "/a/b/"}, {"", "/a/b/c/d"}, {"A.test", "/x"}, {"a.test", "/a"}, {"b.test", "/"}, {"", "/caf\xc3\xa9"},
	} {
		u := newUpstream(t, upstream.Config{URL: url + "/" + strings.NewReplacer("/", "-", "\xc3\xa9", "e").Replace(strings.ToLower(r[0])+r[1])})
		apis = append(apis, proxy.Route{Host: r[0], Path: r[1], Chain: newChain(t), Upstream: u})
	}
	g := start(t, proxy.Config{}, apis...)
	for _, tt := range []struct{ host, path, want, sent string }{
		{"c", "/", "-", ""},
		{"c", "/ab", "-", ""},
		{"c", "/a", "-a", ""},
		{"c", "/a/", "-a", ""},
		{"c", "/a?b/c", "-a", ""},
		{"c", "/a/bc", "-a", ""},
		{"c", "/a/b", "-a-b-", ""},
		{"c", "/a/b/c/dd", "-a-b-", ""},
		{"c", "/a/b/c/d/e", "-a-b-c-d", ""},
		{"a.test", "/x/y", "a.test-x", ""},
		{"A.TEST:8080", "/x", "a.test-x", ""},
		{"a.test", "/a/b", "a.test-a", ""},
		{"a.test", "/b", "-", ""},
		{"b.test", "/a/b", "b.test-", ""},
		{"a.test.", "/x", "a.test-x", "/x"},
		{"a.test.:80", "/x", "a.test-x", "/x"},
		{"c", "/%61/%62", "-a-b-", ""},
		{"c", "//a///b", "-a-b-", "/a///b"},
		{"c", "/x/../a/./b", "-a-b-", "/a/b"},
		{"c", "/x/%2e%2E/a", "-a", "/a"},
		{"c", "/a/../..", "-", "/"},
		{"c", "/caf%C3%A9/x", "-cafe", ""},
	} {
		a := ask(t, g, "GET "+tt.path+" HTTP/1.1\r\nHost: "+tt.host+"\r\n\r\n")
		want := "GET /" + tt.want + cmp.Or(tt.sent, tt.path) + " HTTP/1.1\r\n"
		if !strings.HasPrefix(a.body, want) {
			line, _, _ := strings.Cut(a.body, "\r\n")
			t.Errorf("%s %s: upstream got %q, want %q", tt.host, tt.path, line, want)
		}
	}
	if a := ask(t, g, "OPTIONS * HTTP/1.1\r\nHost: c\r\n\r\n"); !strings.HasPrefix(a.body, "OPTIONS * HTTP/1.1\r\n") {
		t.Errorf("upstream got %q", a.body)
	}
}

func TestRoutersRefuseWhatCannotWork(t *testing.T) {
	c := newChain(t)
	for name, apis := range map[string][]proxy.Route{
		"same path twice":      {{Path: "/a", Chain: c}, {Path: "/a", Chain: c}},
		"with a slash":         {{Path: "/a", Chain: c}, {Path: "/a/", Chain: c}},
		"root twice":           {{Path: "", Chain: c}, {Path: "/", Chain: c}},
		"host in another case": {{Host: "a", Chain: c}, {Host: "A", Chain: c}},
		"no chain":             {{Path: "/a"}},
		"relative":             {{Path: "a", Chain: c}},
		"query":                {{Path: "/a?b", Chain: c}},
		"escape":               {{Path: "/%61", Chain: c}},
		"dot segment":          {{Path: "/a/../b", Chain: c}},
		"empty segment":        {{Path: "/a//b", Chain: c}},
	} {
		if _, err := proxy.NewRouter(apis); err == nil {
			t.Errorf("%s: NewRouter() = nil error", name)
		}
	}
	if _, err := proxy.NewRouter([]proxy.Route{{Path: "/.well-known", Chain: c}, {Path: "/a", Chain: c}, {Host: "b", Path: "/a", Chain: c}}); err != nil {
		t.Error(err)
	}
}
