// Package urlpath resolves request paths to what an upstream will understand,
// so that whoever guards a path guards all its spellings.
package urlpath

import (
	"bytes"
	"encoding/hex"
	"regexp"
	"strings"
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

// Matching says how the path pattern of an endpoint is turned into a regular
// expression. The zero value finds the pattern anywhere in a path.
type Matching struct {
	Prefix     bool // a pattern that begins with a slash stands at the beginning
	Suffix     bool // a pattern stands at the end
	IgnoreCase bool
}

var parameter = regexp.MustCompile(`\{[^}]+\}`)

// Expression returns the regular expression of a pattern as API definitions
// write it: {name} and /*/ stand for one segment, /* for anything after the
// slash, and everything else is a regular expression already. It may not
// compile.
func (m Matching) Expression(pattern string) string {
	e := parameter.ReplaceAllLiteralString(pattern, `([^/]+)`)
	e = strings.ReplaceAll(e, "/*/", "/[^/]+/")
	e = strings.ReplaceAll(e, "/*", "/.*")
	if m.Prefix && strings.HasPrefix(e, "/") {
		e = "^" + e
	}
	if m.Suffix && !strings.HasSuffix(e, "$") {
		e += "$"
	}
	if m.IgnoreCase {
		e = "(?i)" + e
	}
	return e
}

// Below returns what is left of a clean path without the listen path of its
// API before it. It begins with a slash. A path that is not below is returned
// as it is.
func Below(path []byte, listen string) []byte {
	if len(path) < len(listen) || string(path[:len(listen)]) != listen {
		return path
	}
	rest := path[len(strings.TrimSuffix(listen, "/")):]
	if bytes.HasPrefix(rest, slash) {
		return rest
	}
	return append(slash[:1:1], rest...)
}

var slash = []byte{'/'}

// Match reports whether the expression is found in a clean path below the
// listen path of its API, or in the whole of it.
func Match(e *regexp.Regexp, path []byte, listen string) bool {
	return e.Match(Below(path, listen)) || e.Match(path)
}
