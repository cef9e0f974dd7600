package ingress

import (
	"bytes"

	"github.com/c386954a/sallyport/proxy/h1"
)

// normalizeHost returns a Host in lower case and without a dot at the end of
// its name, made in the space of buf, which it returns too, if it differs. Both spellings name the
// same host (RFC 9110 section 4.2.3, RFC 1034 section 3.1), and an upstream
// must not see another host than the one that was routed.
func normalizeHost(host, buf []byte) (space, normal []byte) {
	name, port := host, []byte(nil)
	if i := bytes.LastIndexByte(host, ':'); i >= 0 && bytes.IndexByte(host[i:], ']') < 0 {
		name, port = host[:i], host[i:]
	}
	dot := len(name) > 1 && name[len(name)-1] == '.'
	if !dot && !hasUpper(name) {
		return buf, host
	}
	if dot {
		name = name[:len(name)-1]
	}
	buf = buf[:0]
	for _, c := range name {
		buf = append(buf, h1.Lower(c))
	}
	buf = append(buf, port...)
	return buf, buf
}

func hasUpper(b []byte) bool {
	for _, c := range b {
		if 'A' <= c && c <= 'Z' {
			return true
		}
	}
	return false
}
