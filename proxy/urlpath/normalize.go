package urlpath

import (
	"bytes"
	"errors"
)

// Why a path is refused: two servers would read two different paths in it, so
// that one authorises what the other does not serve.
var (
	ErrEscape    = errors.New("a percent sign without two hexadecimal digits (RFC 3986 section 2.1)")
	ErrSeparator = errors.New("an escaped slash or a backslash: some servers take it for a separator")
	ErrControl   = errors.New("a control character")
	ErrParameter = errors.New("a parameter (;) before the last segment or on a dot segment: some servers cut it off")
)

// Check returns why the raw path of a request means different paths to
// different servers, or nil. The caller answers 400 for such a path unless the
// API says that it needs it.
func Check(path []byte) error {
	start := 1 // of the segment
	for i := 1; i <= len(path); i++ {
		if i < len(path) && path[i] != '/' {
			if err := checkByte(path[i:]); err != nil {
				return err
			}
			continue
		}
		if n := parameterAt(path[start:i]); n >= 0 && (i < len(path) || dots(path[start:start+n]) > 0) {
			return ErrParameter
		}
		start = i + 1
	}
	return nil
}

// checkByte looks at the first character of rest, escaped or not.
func checkByte(rest []byte) error {
	c := rest[0]
	if c == '%' {
		if len(rest) < 3 {
			return ErrEscape
		}
		v, ok := Unhex(rest[1:3])
		if !ok {
			return ErrEscape
		}
		if isOverlong(v, rest[3:]) {
			return ErrSeparator
		}
		c = v
		if c == '/' {
			return ErrSeparator
		}
	}
	switch {
	case c == '\\':
		return ErrSeparator
	case c < ' ' || c == 0x7f:
		return ErrControl
	}
	return nil
}

// isOverlong reports whether an escaped byte and what follows are the
// overlong form in which lenient decoders of UTF-8 read a slash, a backslash or
// a dot (RFC 3629 section 10).
func isOverlong(first byte, rest []byte) bool {
	if (first != 0xc0 && first != 0xc1) || len(rest) < 3 || rest[0] != '%' {
		return false
	}
	second, ok := Unhex(rest[1:3])
	if !ok || second&0xc0 != 0x80 {
		return false
	}
	c := first<<6 | second&0x3f
	return c == '/' || c == '\\' || c == '.'
}

// parameterAt returns where the parameter of a segment begins, with a
// semicolon that may be escaped, or -1 (RFC 3986 section 3.3).
func parameterAt(segment []byte) int {
	for i := 0; i < len(segment); {
		c, n := first(segment[i:])
		if c == ';' {
			return i
		}
		i += n
	}
	return -1
}

// HasParameter reports whether a path has a parameter in any segment. What a
// server does with one is its own affair, so that such a path must not open
// more than one without.
func HasParameter(path []byte) bool { return parameterAt(path) >= 0 }

// first returns the first character of a path and how many bytes it takes,
// three if it is escaped.
func first(path []byte) (c byte, n int) {
	if len(path) == 0 {
		return 0, 0
	}
	if path[0] == '%' && len(path) > 2 {
		if v, ok := Unhex(path[1:3]); ok {
			return v, 3
		}
	}
	return path[0], 1
}

// Resolve returns the path with its dot segments removed (RFC 3986 section
// 5.2.4), escaped ones as well, and with one slash at its beginning. Escapes of
// other characters stay as they are. It is what the upstream is sent, so that
// it cannot resolve the path once more and arrive elsewhere. Where a path has
// dot segments, its empty segments go too: servers disagree on whether ".."
// takes away an empty segment.
//
// path starts with a slash and has no query. The result is path itself if
// nothing has to be removed, else it is made in the space of buf, or in new
// space if that is too small.
func Resolve(path, buf []byte) []byte {
	if !hasDotSegment(path) {
		for len(path) > 1 && path[1] == '/' {
			path = path[1:]
		}
		return path
	}
	out := buf[:0]
	for len(path) > 0 {
		path = path[1:] // the slash before the segment
		end := bytes.IndexByte(path, '/')
		last := end < 0
		if last {
			end = len(path)
		}
		switch segment := path[:end]; {
		case dots(segment) == 2:
			out = out[:max(bytes.LastIndexByte(out, '/'), 0)]
		case dots(segment) == 1, len(segment) == 0 && !last:
			// Nothing stays of it.
		default:
			out = append(append(out, '/'), segment...)
			path = path[end:]
			continue
		}
		if last {
			out = append(out, '/')
		}
		path = path[end:]
	}
	if len(out) == 0 {
		out = append(out, '/')
	}
	return out
}

// hasDotSegment reports whether a segment of the path is one or two dots.
func hasDotSegment(path []byte) bool {
	for i, c := range path {
		if c != '/' {
			continue
		}
		segment := path[i+1:]
		if len(segment) == 0 || (segment[0] != '.' && segment[0] != '%') {
			continue
		}
		if end := bytes.IndexByte(segment, '/'); end >= 0 {
			segment = segment[:end]
		}
		if dots(segment) > 0 {
			return true
		}
	}
	return false
}

// dots returns 1 or 2 for a segment of that many dots, escaped or not, and 0
// for any other.
func dots(segment []byte) int {
	n := 0
	for len(segment) > 0 {
		c, size := first(segment)
		if c != '.' || n == 2 {
			return 0
		}
		n++
		segment = segment[size:]
	}
	return n
}
