package sallyport

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// unescape resolves escapes; it reports false for those that are none, and for
// halves of pairs.
func unescape(text []byte) (string, bool) {
	var out strings.Builder
	out.Grow(len(text))
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 {
			out.Write(text)
			return out.String(), true
		}
		out.Write(text[:i])
		c, size := escape(text[i:])
		if size == 0 {
			return "", false
		}
		out.WriteRune(c)
		text = text[i+size:]
	}
}

// escape reads the escape at the start of text; the size of none is 0.
func escape(text []byte) (c rune, size int) {
	if len(text) < 2 {
		return 0, 0
	}
	switch text[1] {
	case '"', '\\', '/':
		return rune(text[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	c, ok := unicodeEscape(text)
	switch {
	case !ok:
		return 0, 0
	case !utf16.IsSurrogate(c):
		return c, 6
	}
	low, ok := unicodeEscape(text[6:])
	if c = utf16.DecodeRune(c, low); !ok || c == utf8.RuneError {
		return 0, 0
	}
	return c, 12
}

// unicodeEscape reads \uXXXX.
func unicodeEscape(text []byte) (c rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	for _, d := range text[2:6] {
		switch {
		case '0' <= d && d <= '9':
			d -= '0'
		case 'a' <= d && d <= 'f':
			d -= 'a' - 10
		case 'A' <= d && d <= 'F':
			d -= 'A' - 10
		default:
			return 0, false
		}
		c = c<<4 | rune(d)
	}
	return c, true
}

// hasControl reports whether text has bytes that JSON allows only between
// values, and gateways write nowhere. It looks at eight at a time.
func hasControl(text []byte) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for len(text) >= 8 {
		w := binary.LittleEndian.Uint64(text)
		if (w-ones*' ')&^w&tops != 0 {
			return true
		}
		text = text[8:]
	}
	for _, c := range text {
		if c < ' ' {
			return true
		}
	}
	return false
}
