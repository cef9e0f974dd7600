// Package urlpath resolves request paths to what an upstream will understand,
// so that whoever guards a path guards all its spellings.
package urlpath

import (
	"bytes"
	"encoding/hex"
)

// Clean returns the path that an upstream will understand: escapes resolved
// (RFC 3986 section 6.2.2.2), empty and dot segments removed (section 5.2.4).
// Routes are looked up by it, so that "/%61dmin" or "/x/..//admin" cannot
// reach an upstream past the API that guards "/admin". An escaped slash stays
// escaped, for it separates nothing. The parameter of the last segment, which
// some servers cut off ("/admin;a=b"), is left out; [Check] refuses others.
//
// path starts with a slash and has no query. The result is path itself if
// that is clean, else it is made in the space of buf, or in new space if that
// is too small.
func Clean(path, buf []byte) []byte {
	if isClean(path) {
		return path
	}
	out := buf[:0]
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c == '%' && i+2 < len(path) {
			if v, ok := Unhex(path[i+1 : i+3]); ok && v != '/' {
				c = v
				i += 2
			}
		}
		if c == ';' && bytes.IndexByte(path[i:], '/') < 0 {
			break // the last segment is matched without its parameter
		}
		if c == '/' {
			out = endSegment(out)
		}
		out = append(out, c)
		if c == '/' && len(out) > 1 && out[len(out)-2] == '/' {
			out = out[:len(out)-1]
		}
	}
	return endSegment(out)
}

// endSegment resolves the last segment of out if it is a dot segment. What is
// left ends with a slash where one was removed.
func endSegment(out []byte) []byte {
	slash := bytes.LastIndexByte(out, '/')
	switch string(out[slash+1:]) {
	case ".":
		return out[:slash+1]
	case "..":
		if slash <= 0 {
			return out[:slash+1]
		}
		return out[:bytes.LastIndexByte(out[:slash], '/')+1]
	}
	return out
}

// isClean reports whether path has no escape, no parameter, no empty segment
// and no segment that starts with a dot.
func isClean(path []byte) bool {
	for i, c := range path {
		if c == '%' || c == ';' {
			return false
		}
		if c == '/' && i+1 < len(path) && (path[i+1] == '/' || path[i+1] == '.') {
			return false
		}
	}
	return true
}

// Unhex returns the byte that two hexadecimal digits stand for; ok is false if
// they are none.
func Unhex(digits []byte) (v byte, ok bool) {
	var out [1]byte
	_, err := hex.Decode(out[:], digits[:2])
	return out[0], err == nil
}
