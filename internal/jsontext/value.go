// Package jsontext appends JSON to byte slices without reflection, for the
// messages that are written on the way of a request. It writes strings,
// bytes in base64 and the values that encoding/json decodes into any.
package jsontext

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/c386954a/sallyport/abi"
)

// AppendBase64 appends bytes as a JSON string in base64 (RFC 4648 section 4).
func AppendBase64(dst, b []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, b)
	return append(dst, '"')
}

// AppendCompact appends valid JSON without the raw newlines that would end a
// frame. Outside of strings, where JSON allows none, they are white space.
func AppendCompact(dst, raw []byte) []byte {
	for _, c := range raw {
		if c != '\n' && c != '\r' {
			dst = append(dst, c)
		}
	}
	return dst
}

// AppendValue appends a value as encoding/json decodes them into any.
func AppendValue(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case string:
		return AppendText(dst, v)
	case float64:
		return AppendNumber(dst, v)
	case map[string]any:
		return AppendObject(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendValue(dst, e)
		}
		return append(dst, ']')
	}
	return AppendAny(dst, v)
}

// AppendObject appends an object as encoding/json decodes it, its members in
// no particular order.
func AppendObject(dst []byte, m map[string]any) []byte {
	dst = append(dst, '{')
	first := true
	for name, v := range m {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = AppendText(dst, name)
		dst = append(dst, ':')
		dst = AppendValue(dst, v)
	}
	return append(dst, '}')
}

// AppendAny appends a value of another type than the contract of
// abi.Session promises, for instance one a builtin plugin has put there.
func AppendAny(dst []byte, v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return append(dst, "null"...)
	}
	return append(dst, b...)
}

// AppendNumber appends a number; JSON knows neither infinities nor NaN.
func AppendNumber(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return append(dst, "null"...)
	case f == math.Trunc(f) && math.Abs(f) < 1<<53:
		return strconv.AppendInt(dst, int64(f), 10)
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64)
}

// AppendMeta appends metadata as an object of strings.
func AppendMeta(dst []byte, meta abi.Meta) []byte {
	dst = append(dst, '{')
	for i := range meta {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendText(dst, meta[i].Name)
		dst = append(dst, ':')
		dst = AppendText(dst, meta[i].Value)
	}
	return append(dst, '}')
}

const hexDigits = "0123456789abcdef"

// AppendText appends s as a JSON string with its quotes. Bytes that are not
// UTF-8 become U+FFFD; where that would lose something, check first.
func AppendText[T []byte | string](dst []byte, s T) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, c)
			i++
			start = i
			continue
		}
		n := runeLen(s, i)
		if n == 0 {
			dst = append(dst, s[start:i]...)
			dst = utf8.AppendRune(dst, utf8.RuneError)
			n = 1
			start = i + 1
		}
		i += n
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// runeLen returns the length of the rune at s[i], 0 if it is not UTF-8.
func runeLen[T []byte | string](s T, i int) int {
	var b [utf8.UTFMax]byte
	n := copy(b[:], s[i:])
	r, size := utf8.DecodeRune(b[:n])
	if r == utf8.RuneError && size == 1 {
		return 0
	}
	return size
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}
