package js

import (
	"bytes"
	"unicode/utf8"
)

// JavaScript's strings cannot hold bytes that are not UTF-8. Such a byte b
// becomes the lone surrogate U+DC00+b, which survives whatever a script does
// with it, and becomes the byte again on its way back. The engine writes and
// reads lone surrogates like other code points of three bytes: as ED A0 80 to
// ED BF BF, which is called WTF-8. Those of ours are ED B2 80 to ED B3 BF.
const (
	surrogate     = 0xed // first byte of all of them
	firstHigh     = 0xa0 // second byte of the first
	escapeHigh    = 0xb0 // second byte of U+DC00
	surrogateSize = 3
)

// escape appends b as the engine reads it.
func escape(dst, b []byte) []byte {
	for len(b) > 0 {
		n := validPrefix(b)
		dst = append(dst, b[:n]...)
		if b = b[n:]; len(b) > 0 {
			dst = append(dst, surrogate, escapeHigh|b[0]>>6, 0x80|b[0]&0x3f)
			b = b[1:]
		}
	}
	return dst
}

// validPrefix returns how many bytes at the beginning of b are UTF-8.
func validPrefix(b []byte) (n int) {
	if utf8.Valid(b) {
		return len(b)
	}
	for n < len(b) {
		r, size := utf8.DecodeRune(b[n:])
		if r == utf8.RuneError && size == 1 {
			return n
		}
		n += size
	}
	return n
}

// unescape returns what escape was given. Surrogates that a script has made
// become U+FFFD. It returns b itself if there are none.
func unescape(b []byte) []byte {
	i := indexSurrogate(b)
	if i < 0 {
		return b
	}
	dst := make([]byte, 0, len(b))
	for ; i >= 0; i = indexSurrogate(b) {
		dst = append(dst, b[:i]...)
		if b[i+1] >= escapeHigh|2 && b[i+1] <= escapeHigh|3 {
			dst = append(dst, b[i+1]<<6|b[i+2]&0x3f)
		} else {
			dst = utf8.AppendRune(dst, utf8.RuneError)
		}
		b = b[i+surrogateSize:]
	}
	return append(dst, b...)
}

// indexSurrogate returns where the first lone surrogate begins, or -1.
func indexSurrogate(b []byte) int {
	for from := 0; ; {
		i := bytes.IndexByte(b[from:], surrogate)
		if i < 0 || from+i+surrogateSize > len(b) {
			return -1
		}
		if from += i; b[from+1] >= firstHigh {
			return from
		}
		from++
	}
}
