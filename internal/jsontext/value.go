package jsontext

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"

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
