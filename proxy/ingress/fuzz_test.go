package ingress

import (
	"bytes"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/abi"
)

// FuzzNormalizeHost holds what routing relies on: a host that is let in has
// one spelling, whatever its case and its dot at the end, and a port goes with
// it unchanged.
func FuzzNormalizeHost(f *testing.F) {
	for _, host := range []string{
		"", "a", "A.Example", "a.example.", "A.:8080", ".", "..", "a..", "a..:80", "[::1]", "[::1]:80", "[FE80::A].", "[::1].:80", "a:", "a:80:90", ":80",
		"a.:80.", "%61", "a b", "a@b", "a/b", "xn--bcher-kva.example.", "\x00",
	} {
		f.Add([]byte(host))
	}
	f.Fuzz(func(t *testing.T, host []byte) {
		if !validHost(host) {
			return
		}
		before := bytes.Clone(host)
		_, normal := normalizeHost(host, nil)
		if !bytes.Equal(host, before) {
			t.Fatalf("normalizeHost(%q) has changed the client's bytes to %q", before, host)
		}
		if !validHost(normal) {
			t.Errorf("normalizeHost(%q) = %q, which would be refused", host, normal)
		}
		if bytes.HasPrefix(nameOf(host), []byte(".")) || bytes.Contains(host, []byte("..")) {
			t.Errorf("validHost(%q): it has an empty label", host)
		}
		for _, spelling := range [][]byte{normal, bytes.ToUpper(normal), bytes.ToLower(host), withDot(normal)} {
			if !validHost(spelling) {
				continue
			}
			if _, again := normalizeHost(spelling, []byte("in the way")); string(nameOf(again)) != string(nameOf(normal)) {
				t.Errorf("%q is %q, but %q is %q", host, normal, spelling, again)
			}
		}
		if name := nameOf(normal); hasUpper(name) || len(name) > 1 && name[len(name)-1] == '.' {
			t.Errorf("normalizeHost(%q) = %q", host, normal)
		}
	})
}

var port = regexp.MustCompile(`:[^:\]]*$`)

// nameOf cuts the port off.
func nameOf(host []byte) []byte { return port.ReplaceAll(host, nil) }

// withDot spells a host with a dot at the end of its name.
func withDot(host []byte) []byte {
	name := nameOf(host)
	return []byte(string(name) + "." + string(host[len(name):]))
}

// FuzzForwardedFor compares how the client is found with a reading of the
// whole list at once. Whoever is named as the client must be in the list, and
// nobody who is left of an address that is not trusted.
func FuzzForwardedFor(f *testing.F) {
	for _, s := range [][3]string{
		{"9.9.9.9", "", ""},
		{"1.1.1.1, 9.9.9.9", "127.0.0.1", ""},
		{"9.9.9.9, unknown, 127.0.0.1", "", "8.8.8.8"},
		{"[2001:db8::7]:4711", "", ""},
		{"::ffff:10.0.0.1, ::ffff:127.0.0.1", "127.1.2.3:99", ""},
		{"", "", "9.9.9.9"},
		{",,", ",", "fe80::1%eth0"},
		{"\t9.9.9.9 ,", "[127.0.0.1]", "[::1"},
	} {
		f.Add(s[0], s[1], s[2])
	}
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")}
	server := &Server{}
	server.settings.Store(&Config{TrustedProxies: trusted})
	f.Fuzz(func(t *testing.T, first, second, real string) {
		s := &Stream{server: server}
		for _, field := range [][2]string{{"x-forwarded-FOR", first}, {"X-Real-IP", real}, {"X-Forwarded-For", second}} {
			s.X.Request.Header = append(s.X.Request.Header, abi.Field{Name: []byte(field[0]), Value: []byte(field[1])})
		}
		got, ok := s.forwardedFor()
		want, known := expectedClient(trusted, first, second, real)
		if got != want || ok != known {
			t.Errorf("the client of %q, %q and %q is %v, %v, want %v, %v", first, second, real, got, ok, want, known)
		}
		if ok && (got.Zone() != "" || got.Is4In6()) {
			t.Errorf("the client of %q, %q and %q is %v, one of several spellings", first, second, real, got)
		}
	})
}

// expectedClient is the rule of X-Forwarded-For, applied to all fields as one
// list from left to right.
func expectedClient(trusted []netip.Prefix, first, second, real string) (client netip.Addr, ok bool) {
	var run []netip.Addr // the valid addresses at the end, beginning with the last foreign one
	asked := false
	for _, value := range []string{first, second} {
		if value == "" {
			continue
		}
		for element := range strings.SplitSeq(value, ",") {
			a, valid := addressOf(strings.Trim(element, " \t"))
			asked = true
			switch {
			case !valid:
				run = nil
			case isForeign(trusted, a):
				run = []netip.Addr{a}
			default:
				run = append(run, a)
			}
		}
	}
	if len(run) > 0 {
		return run[0], true
	}
	if asked {
		return netip.Addr{}, false
	}
	return addressOf(real)
}

func isForeign(trusted []netip.Prefix, a netip.Addr) bool {
	for _, p := range trusted {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// addressOf reads ADDRESS, [ADDRESS], or either with a port.
func addressOf(text string) (netip.Addr, bool) {
	if len(text) > 64 || strings.Contains(text, "%") {
		return netip.Addr{}, false
	}
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr().Unmap(), true
	}
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		text = text[1 : len(text)-1]
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}
