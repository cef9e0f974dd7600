package builtin

import (
	"bytes"

	"github.com/c386954a/sallyport/abi"
)

var cookieHeader = []byte("Cookie")

// place is where a key may be; an empty name means not there. The header is
// looked at first, then the query, then the cookies.
type place struct{ header, query, cookie []byte }

// find returns the first key that is not empty.
func (p *place) find(x *abi.Exchange) (key []byte, ok bool) {
	if len(p.header) > 0 {
		value, _ := x.Request.Header.Get(p.header)
		if key = withoutScheme(value); len(key) > 0 {
			return key, true
		}
	}
	if len(p.query) > 0 {
		if key = p.inQuery(x.Request.URI); len(key) > 0 {
			return key, true
		}
	}
	if len(p.cookie) > 0 {
		if key = p.inCookies(x.Request.Header); len(key) > 0 {
			return key, true
		}
	}
	return nil, false
}

// strip takes the key out of every place, so that the upstream does not see
// it. That includes the places where find did not look any more.
func (p *place) strip(x *abi.Exchange) error {
	if len(p.header) > 0 {
		if err := x.DelHeader(abi.OfRequest, p.header); err != nil {
			return err
		}
	}
	if len(p.query) > 0 {
		if err := p.stripQuery(x); err != nil {
			return err
		}
	}
	if len(p.cookie) > 0 {
		return p.stripCookies(x)
	}
	return nil
}

// withoutScheme returns the key in a header value: "Bearer KEY" or "KEY".
func withoutScheme(value []byte) []byte {
	value = bytes.TrimSpace(value)
	n := len(bearer)
	if len(value) > n && value[n] == ' ' && abi.EqualFold(value[:n], bearer) {
		return bytes.TrimSpace(value[n+1:])
	}
	if abi.EqualFold(value, bearer) {
		return nil
	}
	return value
}

// inQuery returns the decoded key. It allocates only if there is something to
// decode, and keys are rarely written so.
func (p *place) inQuery(uri []byte) []byte {
	_, query, _ := bytes.Cut(uri, []byte{'?'})
	for len(query) > 0 {
		var pair []byte
		pair, query, _ = bytes.Cut(query, []byte{'&'})
		name, value, _ := bytes.Cut(pair, []byte{'='})
		if len(value) == 0 || !p.isQuery(name) {
			continue
		}
		if bytes.IndexByte(value, '%') < 0 && bytes.IndexByte(value, '+') < 0 {
			return value
		}
		return unescape(nil, value)
	}
	return nil
}

// isQuery compares decoded: %6b is k for the upstream too.
func (p *place) isQuery(name []byte) bool {
	var scratch [64]byte
	return bytes.Equal(unescape(scratch[:0], name), p.query)
}

func (p *place) stripQuery(x *abi.Exchange) error {
	path, query, has := bytes.Cut(x.Request.URI, []byte{'?'})
	if !has || p.inQuery(x.Request.URI) == nil {
		return nil
	}
	uri := bytes.Clone(path)
	separator := byte('?')
	for pair := range bytes.SplitSeq(query, []byte{'&'}) {
		if name, _, _ := bytes.Cut(pair, []byte{'='}); p.isQuery(name) {
			continue
		}
		uri = append(append(uri, separator), pair...)
		separator = '&'
	}
	return x.SetURI(uri)
}

func (p *place) inCookies(h abi.Header) []byte {
	for i := h.Index(cookieHeader, 0); i >= 0; i = h.Index(cookieHeader, i+1) {
		rest := h[i].Value
		for len(rest) > 0 {
			var pair []byte
			pair, rest, _ = bytes.Cut(rest, []byte{';'})
			name, value, _ := bytes.Cut(bytes.TrimSpace(pair), []byte{'='})
			if bytes.Equal(name, p.cookie) && len(value) > 0 {
				return value
			}
		}
	}
	return nil
}

// stripCookies joins what is left in one field, as RFC 6265 section 5.4 sends
// it.
func (p *place) stripCookies(x *abi.Exchange) error {
	h := x.Request.Header
	if p.inCookies(h) == nil {
		return nil
	}
	var left []byte
	for i := h.Index(cookieHeader, 0); i >= 0; i = h.Index(cookieHeader, i+1) {
		for pair := range bytes.SplitSeq(h[i].Value, []byte{';'}) {
			pair = bytes.TrimSpace(pair)
			if name, _, _ := bytes.Cut(pair, []byte{'='}); len(pair) == 0 || bytes.Equal(name, p.cookie) {
				continue
			}
			if len(left) > 0 {
				left = append(left, "; "...)
			}
			left = append(left, pair...)
		}
	}
	if len(left) == 0 {
		return x.DelHeader(abi.OfRequest, cookieHeader)
	}
	return x.SetHeader(abi.OfRequest, cookieHeader, left)
}

// unescape appends src to dst with percent-encoding and plus signs decoded. A
// broken escape stays as it is.
func unescape(dst, src []byte) []byte {
	for i := 0; i < len(src); i++ {
		c := src[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(src) && unhex[src[i+1]] >= 0 && unhex[src[i+2]] >= 0:
			c = byte(unhex[src[i+1]])<<4 | byte(unhex[src[i+2]])
			i += 2
		}
		dst = append(dst, c)
	}
	return dst
}

// unhex is the value of each hexadecimal digit, and -1 for everything else.
// It is never written after its initialisation.
var unhex = func() (t [256]int8) {
	for c := range t {
		t[c] = -1
	}
	for i, c := range "0123456789abcdef" {
		t[c] = int8(i)
	}
	for i, c := range "ABCDEF" {
		t[c] = int8(10 + i)
	}
	return t
}()
