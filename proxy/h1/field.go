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

// KindOf classifies a field by its name.
func KindOf(name []byte) FieldKind {
	if k := kindByLength(name); k != KindPlain {
		return k
	}
	return forwardedKind(name)
}

// forwardedKind classifies the fields by which proxies tell of the request
// that they got. Upstreams believe them, so that a client must not write them.
func forwardedKind(name []byte) FieldKind {
	if len(name) < 6 {
		return KindPlain
	}
	switch Lower(name[0]) {
	case 'x':
		if name[1] != '-' || !tellsOfClient(name[2:]) {
			return KindPlain
		}
	case 'f':
		if IsName(name, "forwarded") {
			return KindForwardedList
		}
		if !IsName(name, "front-end-https") && !IsName(name, "fastly-client-ip") {
			return KindPlain
		}
	case 't':
		return either(name, "true-client-ip", KindForwardedOther)
	case 'c':
		return either(name, "cf-connecting-ip", KindForwardedOther)
	default:
		return KindPlain
	}
	return KindForwardedOther
}

// tellsOfClient reports whether a name, without its X-, is that of such a
// field.
func tellsOfClient(rest []byte) bool {
	switch Lower(rest[0]) {
	case 'f':
		return hasPrefix(rest, "forwarded")
	case 'o':
		return hasPrefix(rest, "original-")
	case 'r':
		return IsName(rest, "real-ip") || IsName(rest, "rewrite-url")
	case 'c':
		return IsName(rest, "client-ip") || IsName(rest, "cluster-client-ip")
	case 'h':
		return IsName(rest, "host") || IsName(rest, "http-host-override")
	case 's':
		return IsName(rest, "scheme")
	case 'u':
		return IsName(rest, "url-scheme")
	case 'e':
		return IsName(rest, "envoy-external-address") || IsName(rest, "envoy-original-path")
	}
	return false
}

// hasPrefix reports whether name begins with prefix, which is in lower case.
func hasPrefix(name []byte, prefix string) bool {
	return len(name) >= len(prefix) && IsName(name[:len(prefix)], prefix)
}

// kindByLength switches on the length first, so that nearly all names need one
// comparison at most.
func kindByLength(name []byte) FieldKind {
	switch len(name) {
	case 2:
		return either(name, "te", KindHop)
	case 4:
		if k := either(name, "host", KindHost); k != KindPlain {
			return k
		}
		return either(name, "date", KindDate)
	case 6:
		if k := either(name, "expect", KindExpect); k != KindPlain {
			return k
		}
		return either(name, "server", KindServer)
	case 7:
		if k := either(name, "trailer", KindHop); k != KindPlain {
			return k
		}
		return either(name, "upgrade", KindUpgrade)
	case 10:
		if k := either(name, "connection", KindConnection); k != KindPlain {
			return k
		}
		return either(name, "keep-alive", KindHop)
	case 12:
		return either(name, "x-request-id", KindRequestID)
	case 14:
		return either(name, "content-length", KindLength)
	case 15:
		return either(name, "x-forwarded-for", KindForwardedFor)
	case 16:
		if k := either(name, "x-forwarded-host", KindForwarded); k != KindPlain {
			return k
		}
		return either(name, "proxy-connection", KindHop)
	case 17:
		if k := either(name, "x-forwarded-proto", KindForwarded); k != KindPlain {
			return k
		}
		return either(name, "transfer-encoding", KindEncoding)
	case 18:
		return either(name, "proxy-authenticate", KindHop)
	case 19:
		return either(name, "proxy-authorization", KindHop)
	}
	return KindPlain
}

// either returns k if name is want without regard to case, else KindPlain.
func either(name []byte, want string, k FieldKind) FieldKind {
	if IsName(name, want) {
		return k
	}
	return KindPlain
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
