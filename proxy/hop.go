package proxy

import (
	"github.com/c386954a/sallyport/abi"
)

// kind says what the proxy does with a header field.
type kind uint8

const (
	kindPlain        kind = iota // passed on
	kindHop                      // of this connection only: RFC 9110 section 7.6.1
	kindConnection               // the same, and names further ones
	kindUpgrade                  // the same, unless it is a tunnel that is asked for
	kindLength                   // Content-Length: written by us
	kindEncoding                 // Transfer-Encoding: written by us
	kindHost                     // written by us
	kindExpect                   // answered by us
	kindForwardedFor             // extended by us
	kindForwarded                // X-Forwarded-Proto and -Host: written by us
	kindRequestID                // written by us
	kindDate                     // added by us where there is none
	kindServer                   // the same
)

// kindOf classifies a field by its name. It switches on the length first:
// nearly all names are done with after one comparison.
func kindOf(name []byte) kind {
	switch len(name) {
	case 2:
		return either(name, "te", kindHop)
	case 4:
		if k := either(name, "host", kindHost); k != kindPlain {
			return k
		}
		return either(name, "date", kindDate)
	case 6:
		if k := either(name, "expect", kindExpect); k != kindPlain {
			return k
		}
		return either(name, "server", kindServer)
	case 7:
		if k := either(name, "trailer", kindHop); k != kindPlain {
			return k
		}
		return either(name, "upgrade", kindUpgrade)
	case 10:
		if k := either(name, "connection", kindConnection); k != kindPlain {
			return k
		}
		return either(name, "keep-alive", kindHop)
	case 12:
		return either(name, "x-request-id", kindRequestID)
	case 14:
		return either(name, "content-length", kindLength)
	case 15:
		return either(name, "x-forwarded-for", kindForwardedFor)
	case 16:
		if k := either(name, "x-forwarded-host", kindForwarded); k != kindPlain {
			return k
		}
		return either(name, "proxy-connection", kindHop)
	case 17:
		if k := either(name, "x-forwarded-proto", kindForwarded); k != kindPlain {
			return k
		}
		return either(name, "transfer-encoding", kindEncoding)
	case 18:
		return either(name, "proxy-authenticate", kindHop)
	case 19:
		return either(name, "proxy-authorization", kindHop)
	}
	return kindPlain
}

// either returns k if name is want without regard to case, else kindPlain.
func either(name []byte, want string, k kind) kind {
	if isName(name, want) {
		return k
	}
	return kindPlain
}

// isName reports whether name is want, which is in lower case, without regard
// to case.
func isName(name []byte, want string) bool {
	if len(name) != len(want) {
		return false
	}
	for i, c := range name {
		if lower(c) != want[i] {
			return false
		}
	}
	return true
}

// listed reports whether a Connection field of the header names the field,
// which makes it one of this connection only.
func listed(h abi.Header, name []byte) bool {
	for i := range h {
		if kindOf(h[i].Name) == kindConnection && hasToken(h[i].Value, name) {
			return true
		}
	}
	return false
}

// listsNames reports whether a Connection field names any field: whether it
// is worth asking [listed].
func listsNames(value []byte) bool {
	for len(value) > 0 {
		var token []byte
		token, value = nextToken(value)
		if len(token) > 0 && !isName(token, "close") && !isName(token, "keep-alive") && !isName(token, "upgrade") {
			return true
		}
	}
	return false
}

// hasToken reports whether a comma-separated list has the token, without
// regard to case.
func hasToken(list, token []byte) bool {
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
			return trim(list[:i]), list[i+1:]
		}
	}
	return trim(list), nil
}

// trim removes optional white space (RFC 9110 section 5.6.3) from both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}
