package outbound

import (
	"net/url"
	"strings"
	"testing"
)

func TestPatternsThatMakeNoSenseAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "scheme",
		"*":                      "scheme",
		"idp.internal/*":         "scheme",
		"ftp://h/*":              "scheme",
		"https://h":              "no path",
		"https://h*":             "no path",
		"https:///*":             "host",
		"https://*/*":            "* stands",
		"https://*.":             "host",
		"https://*./*":           "host",
		"https://*.10.0.0.1/*":   "before a domain",
		"https://a.*.com/*":      "* stands",
		"https://h/*/b":          "* stands",
		"https://h/**":           "* stands",
		"https://h/a?b=*":        "query",
		"https://h/?":            "query",
		"https://h/#":            "query",
		"https://u:p@h/*":        "user information",
		"https://h:0/*":          "port",
		"https://h:99999/*":      "port",
		"https://h:/*":           "port",
		"https://h:http/*":       "not a URL",
		"https://h/../*":         "path",
		"https://h/a%2fb/*":      "path",
		"https://h/%2e%2e/*":     "path",
		"https://h/%252e/*":      "path",
		"https://ex ample/*":     "not a URL",
		"https://exämple/*":      "host",
		"https://[fe80::1%25e]/": "host",
	} {
		if _, err := parsePattern(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parsePattern(%q) = %v, want %q in it", text, err, want)
		}
	}
}

func TestPatternsAllowWhatTheySay(t *testing.T) {
	for _, c := range []struct {
		pattern string
		allowed []string
		denied  []string
	}{
		{
			"https://idp.internal/*",
			[]string{"https://idp.internal/", "https://idp.internal", "https://IDP.internal:443/a/b?c=d", "https://idp.internal//"},
			[]string{"http://idp.internal/", "https://idp.internal:8443/", "https://idp.internal.evil/", "https://a.idp.internal/", "https://idp.internal./"},
		},
		{
			"https://h/v1/*",
			[]string{"https://h/v1/", "https://h/v1/a", "https://h/v%31/a", "https://h/v1/a/b.c/..d"},
			[]string{"https://h/v1", "https://h/v10/", "https://h/", "https://h//v1/", "https://h/V1/"},
		},
		{
			"http://h:8080/exact",
			[]string{"http://h:8080/exact", "http://h:8080/exact?q", "http://h:8080/e%78act"},
			[]string{"http://h:8080/exact/", "http://h:8080/exactly", "http://h/exact"},
		},
		{
			"https://*.example.com/*",
			[]string{"https://a.example.com/", "https://a.b.example.com/"},
			[]string{"https://example.com/", "https://.example.com/", "https://aexample.com/", "https://example.com.evil/"},
		},
		{
			"http://[::1]:80/*",
			[]string{"http://[::1]/", "http://[0:0::1]:80/"},
			[]string{"http://[::2]/", "http://127.0.0.1/", "http://localhost/"},
		},
		{
			"http://10.0.0.1/*",
			[]string{"http://10.0.0.1/", "http://[::ffff:10.0.0.1]/"},
			[]string{"http://10.1/", "http://167772161/", "http://0x0a.0.0.1/", "http://010.0.0.1/"},
		},
		{
			"http://h/a b/*",
			[]string{"http://h/a%20b/"},
			[]string{"http://h/a+b/"},
		},
	} {
		p, err := parsePattern(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range c.allowed {
			if !allows(t, p, u) {
				t.Errorf("%s does not allow %s", c.pattern, u)
			}
		}
		for _, u := range c.denied {
			if allows(t, p, u) {
				t.Errorf("%s allows %s", c.pattern, u)
			}
		}
	}
}

func allows(t *testing.T, p pattern, raw string) bool {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	to, err := placeOf(u)
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return p.allows(to)
}

// FuzzTarget takes any URL: what is allowed has the host and the beginning of
// the path that were granted, however it is read.
func FuzzTarget(f *testing.F) {
	for _, s := range []string{
		"https://idp/v1/a", "https://idp/v1/../b", "https://idp/v1/%2e%2e/b", "https://idp\\@evil/v1/",
		"https://idp:443/v1/?q#f", "https://evil#@idp/v1/", "https://idp%2eevil/v1/", "HTTPS://IDP/v1/;/..;/x",
	} {
		f.Add(s)
	}
	c, err := New(Config{Allow: []string{"https://idp/v1/*"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := c.target([]byte(raw))
		if err != nil {
			return
		}
		clean := u.JoinPath() // resolves what is left of . and ..
		if !strings.EqualFold(u.Hostname(), "idp") || u.User != nil || !strings.HasPrefix(clean.Path, "/v1/") {
			t.Errorf("%q is allowed, and leads to %s%s", raw, u.Host, clean.Path)
		}
	})
}
