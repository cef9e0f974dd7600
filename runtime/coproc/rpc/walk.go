package rpc

import "bytes"

// members walks the members of a checked JSON object, elements those of a
// checked array. They trust Check: on anything else they end early, but never
// leave the slice.
type (
	members  struct{ rest []byte }
	elements struct{ rest []byte }
)

// membersOf returns a walk over raw; ok is false if raw is not an object.
func membersOf(raw []byte) (m members, ok bool) {
	if kindOf(raw) != '{' {
		return members{}, false
	}
	return members{raw[1:]}, true
}

// next returns the next name without its quotes, unescaped, and its value.
func (m *members) next() (name, value []byte, ok bool) {
	b := m.rest
	i := skipSeparator(b, 0)
	if i >= len(b) || b[i] != '"' {
		return nil, nil, false
	}
	end := skipValue(b, i)
	name = unquote(b[i+1 : max(end-1, i+1)])
	start := skipSeparator(b, end)
	stop := skipValue(b, start)
	m.rest = b[stop:]
	return name, b[start:stop], stop > start
}

// elementsOf returns a walk over raw; ok is false if raw is not an array.
func elementsOf(raw []byte) (e elements, ok bool) {
	if kindOf(raw) != '[' {
		return elements{}, false
	}
	return elements{raw[1:]}, true
}

func (e *elements) next() (value []byte, ok bool) {
	i := skipSeparator(e.rest, 0)
	if i >= len(e.rest) || e.rest[i] == ']' {
		return nil, false
	}
	end := skipValue(e.rest, i)
	value, e.rest = e.rest[i:end], e.rest[end:]
	return value, end > i
}

// kindOf returns the byte that tells what value raw is, 0 if it is empty.
func kindOf(raw []byte) byte {
	if len(raw) == 0 {
		return 0
	}
	return raw[0]
}

// textOf returns the text of a string value. It is valid as long as raw.
func textOf(raw []byte) (text []byte, ok bool) {
	if kindOf(raw) != '"' || len(raw) < 2 {
		return nil, false
	}
	return unquote(raw[1 : len(raw)-1]), true
}

// intOf returns the value of a number without fraction and exponent.
func intOf(raw []byte) (n int64, ok bool) {
	digits := bytes.TrimPrefix(raw, []byte("-"))
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) != len(raw) {
		n = -n
	}
	return n, true
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// skipSeparator steps over white space, one comma or colon, and white space.
func skipSeparator(b []byte, i int) int {
	i = skipSpace(b, i)
	if i < len(b) && (b[i] == ',' || b[i] == ':') {
		i = skipSpace(b, i+1)
	}
	return i
}

// skipValue returns the end of the value at i.
func skipValue(b []byte, i int) int {
	if i >= len(b) {
		return len(b)
	}
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		return skipNested(b, i)
	}
	for i < len(b) && b[i] != ',' && b[i] != '}' && b[i] != ']' && b[i] > ' ' {
		i++
	}
	return i
}

func skipString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return len(b)
		}
		i += n
		if !isEscaped(b, i) {
			return i + 1
		}
	}
	return len(b)
}

// isEscaped reports whether an odd number of backslashes precedes b[i].
func isEscaped(b []byte, i int) bool {
	n := 0
	for i-1-n >= 0 && b[i-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

func skipNested(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i = skipString(b, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return len(b)
}
