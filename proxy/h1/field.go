package h1

import "github.com/c386954a/sallyport/abi"

// FieldKind says what the proxy does with a header field.
type FieldKind uint8

// The kinds of fields.
const (
	KindPlain          FieldKind = iota // passed on
	KindHop                             // of this connection only: RFC 9110 section 7.6.1
	KindConnection                      // of this connection only, and names further ones
	KindUpgrade                         // of this connection only, unless a tunnel is asked for
	KindLength                          // Content-Length, written by the proxy
	KindEncoding                        // Transfer-Encoding, written by the proxy
	KindHost                            // written by the proxy
	KindExpect                          // answered by the proxy
	KindForwardedFor                    // extended by the proxy
	KindForwarded                       // X-Forwarded-Proto and -Host, added by the proxy where there are none
	KindForwardedList                   // Forwarded, extended by the proxy
	KindForwardedOther                  // another field by which a proxy tells of the client's request
	KindRequestID                       // added by the proxy where there is none
	KindDate                            // added by the proxy where there is none
	KindServer                          // added by the proxy where there is none
)

// specialFields are the fields that are not plain, by the length of their
// names, which are in lower case.
var specialFields = [...][]struct {
	name string
	kind FieldKind
}{
	2:  {{"te", KindHop}},
	4:  {{"host", KindHost}, {"date", KindDate}},
	6:  {{"expect", KindExpect}, {"server", KindServer}},
	7:  {{"trailer", KindHop}, {"upgrade", KindUpgrade}},
	8:  {{"x-scheme", KindForwardedOther}},
	9:  {{"forwarded", KindForwardedList}, {"x-real-ip", KindForwardedOther}},
	10: {{"connection", KindConnection}, {"keep-alive", KindHop}},
	11: {{"x-client-ip", KindForwardedOther}, {"x-forwarded", KindForwardedOther}},
	12: {{"x-request-id", KindRequestID}, {"x-url-scheme", KindForwardedOther}},
	13: {{"x-rewrite-url", KindForwardedOther}},
	14: {{"content-length", KindLength}, {"true-client-ip", KindForwardedOther}},
	15: {{"x-forwarded-for", KindForwardedFor}, {"front-end-https", KindForwardedOther}},
	16: {{"x-forwarded-host", KindForwarded}, {"proxy-connection", KindHop}, {"cf-connecting-ip", KindForwardedOther}, {"fastly-client-ip", KindForwardedOther}},
	17: {{"x-forwarded-proto", KindForwarded}, {"transfer-encoding", KindEncoding}},
	18: {{"proxy-authenticate", KindHop}},
	19: {{"proxy-authorization", KindHop}, {"x-cluster-client-ip", KindForwardedOther}},
	20: {{"x-http-host-override", KindForwardedOther}},
	21: {{"x-envoy-original-path", KindForwardedOther}},
	24: {{"x-envoy-external-address", KindForwardedOther}},
}

// KindOf classifies a field by its name. It looks at the length first, so that
// nearly all names need one comparison at most.
func KindOf(name []byte) FieldKind {
	if len(name) < len(specialFields) {
		for i := range specialFields[len(name)] {
			if f := &specialFields[len(name)][i]; IsName(name, f.name) {
				return f.kind
			}
		}
	}
	if hasPrefix(name, "x-forwarded-") || hasPrefix(name, "x-original-") {
		return KindForwardedOther
	}
	return KindPlain
}

// hasPrefix reports whether name begins with prefix, which is in lower case.
func hasPrefix(name []byte, prefix string) bool {
	return len(name) >= len(prefix) && name[1] == '-' && IsName(name[:len(prefix)], prefix)
}

// IsName reports whether name is want without regard to case. want must be in
// lower case.
func IsName(name []byte, want string) bool {
	if len(name) != len(want) {
		return false
	}
	for i, c := range name {
		if Lower(c) != want[i] {
			return false
		}
	}
	return true
}

// Named reports whether a Connection field of the header names the field,
// which makes it one of this connection only.
func Named(h abi.Header, name []byte) bool {
	for i := range h {
		if KindOf(h[i].Name) == KindConnection && HasToken(h[i].Value, name) {
			return true
		}
	}
	return false
}

// WithoutNamed removes, in place, the fields that Connection fields name: they
// were for this connection only. The fields that the proxy itself reads stay;
// they are not passed on either.
func WithoutNamed(h abi.Header) abi.Header {
	kept := h[:0:len(h)]
	removed := make([]bool, len(h))
	for i := range h {
		switch KindOf(h[i].Name) {
		case KindConnection, KindHop, KindUpgrade, KindLength, KindEncoding, KindHost, KindExpect:
		default:
			removed[i] = Named(h, h[i].Name)
		}
	}
	for i := range h {
		if !removed[i] {
			kept = append(kept, h[i])
		}
	}
	clear(h[len(kept):])
	return kept
}

// NamesFields reports whether the value of a Connection field names any field,
// that is whether asking [Named] is worthwhile.
func NamesFields(value []byte) bool {
	for len(value) > 0 {
		var token []byte
		token, value = nextToken(value)
		if len(token) > 0 && !IsName(token, "close") && !IsName(token, "keep-alive") && !IsName(token, "upgrade") {
			return true
		}
	}
	return false
}

// HasToken reports whether a comma-separated list has the token, without
// regard to case.
func HasToken(list, token []byte) bool {
	for len(list) > 0 {
		var t []byte
		t, list = nextToken(list)
		if abi.EqualFold(t, token) {
			return true
		}
	}
	return false
}

// nextToken cuts the first element off a comma-separated list.
func nextToken(list []byte) (token, rest []byte) {
	for i, c := range list {
		if c == ',' {
			return Trim(list[:i]), list[i+1:]
		}
	}
	return Trim(list), nil
}

// Trim removes optional white space (RFC 9110 section 5.6.3) from both ends.
func Trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// Lower returns an ASCII letter in lower case and any other byte as it is.
func Lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
