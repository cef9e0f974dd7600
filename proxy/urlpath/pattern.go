package urlpath

import (
	"bytes"
	"regexp"
	"strings"
)

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
