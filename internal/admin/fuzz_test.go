package admin

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// FuzzAdmission holds what keeps other sites' pages out: what is let in was
// called by an address or a name that no foreign zone can have, and by no page
// of another origin. The oracle reads both fields as browsers write them.
func FuzzAdmission(f *testing.F) {
	for _, s := range [][4]string{
		{"127.0.0.1:9901", "", "", "GET"},
		{"LOCALHOST.", "http://localhost.", "same-origin", "POST"},
		{"[::1]:9901", "http://[::1]:9901", "", "GET"},
		{"GW.internal:1", "https://gw.internal:1", "", "GET"},
		{"evil.example:9901", "http://evil.example:9901", "", "GET"},
		{"127.0.0.1.evil.example", "null", "cross-site", "POST"},
		{"localhost:80@evil.example", "http://a@localhost", "none", "GET"},
		{"::1%25evil.example", "//localhost", "", "GET"},
		{"a..localhost", "http:localhost", "", "HEAD"},
		{"[evil.localhost]", "http://localhost\\@evil.example", "", "GET"},
	} {
		f.Add(s[0], s[1], s[2], s[3])
	}
	s := New(Config{Admission: Admission{Hosts: []string{"gw.internal"}}})
	handler := s.protect(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	ask := func(host, origin, site, method string) int {
		r := httptest.NewRequest(http.MethodGet, "/status", nil)
		r.Method, r.Host = method, host
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		r.Header.Set("Sec-Fetch-Site", site)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	f.Fuzz(func(t *testing.T, host, origin, site, method string) {
		status := ask(host, origin, site, method)
		if upper := ask(strings.ToUpper(host), strings.ToUpper(origin), site, method); isASCII(host+origin) && upper != status {
			t.Errorf("host %q and origin %q get %d, in upper case %d", host, origin, status, upper)
		}
		if status != http.StatusNoContent {
			return
		}
		if name, ok := browserName(host); ok && !isOurs(name) {
			t.Errorf("host %q is let in, which is the name %q", host, name)
		}
		if from, ok := browserOrigin(origin); ok && !strings.EqualFold(from, host) {
			t.Errorf("origin %q asks host %q", origin, host)
		}
		if origin == "null" || site == "cross-site" && method != http.MethodGet {
			t.Errorf("origin %q from %q asks %s", origin, site, method)
		}
	})
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}

// browserName returns the name in a Host that a browser can send: of a URL, in
// lower case, and not an address.
func browserName(host string) (string, bool) {
	u, err := url.Parse("http://" + host + "/")
	if err != nil || u.Host != host || u.Path != "/" {
		return "", false
	}
	name := strings.ToLower(u.Hostname())
	_, err = netip.ParseAddr(name)
	return name, err != nil && name != ""
}

func isOurs(name string) bool {
	name = strings.TrimSuffix(name, ".")
	labels := strings.Split(name, ".")
	return name == "gw.internal" || labels[len(labels)-1] == "localhost"
}

// browserOrigin returns host and port of an Origin (RFC 6454 section 6.2).
func browserOrigin(origin string) (string, bool) {
	scheme, host, ok := strings.Cut(origin, "://")
	return host, ok && scheme != "" && host != "" && !strings.ContainsAny(host, `/\@?#`)
}
