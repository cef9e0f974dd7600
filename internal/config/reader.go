package config

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// reader turns one file into a Config and collects what is wrong with it.
type reader struct {
	file     string
	env      environment
	problems Problems
	unnamed  bool // the plugins could not be read, so that no name is known
}

func newReader(file string, lookup func(string) (string, bool)) *reader {
	return &reader{file: file, env: environment{lookup: lookup, given: map[string]string{}}}
}

// problemf notes a problem. Values go into it as they are written in the
// file, not as the environment completed them.
func (r *reader) problemf(pos Pos, hint, format string, args ...any) {
	r.problems = append(r.problems, newProblem(pos, hint, fmt.Sprintf(format, args...)))
}

// want reports whether n is of that kind, and a problem if it is not.
func (r *reader) want(n *node, key string, k kind) bool {
	switch n.kind {
	case k:
		return true
	case broken:
	case null:
		r.problemf(n.pos, "give it a value or remove the key", "%s has no value", key)
	default:
		r.problemf(n.pos, wantHint(n, k), "%s must be %s, not %s", key, k, n.kind.is())
	}
	return false
}

// wantHint tells how to write n as a k.
func wantHint(n *node, k kind) string {
	switch {
	case k == text && n.raw != "":
		return "put it in quotes: \"" + n.raw + "\""
	case k == list && n.kind == mapping:
		return "begin each entry with `- `"
	case k == boolean && n.kind == text:
		return didYouMeanBool(n.raw)
	}
	return ""
}

func didYouMeanBool(word string) string {
	switch strings.ToLower(word) {
	case "yes", "on", "true":
		return "did you mean `true`?"
	case "no", "off", "false":
		return "did you mean `false`?"
	}
	return ""
}

// label is how messages name a key.
func label(key string) string { return "`" + key + "`" }

// quote returns a value of the file for a message, on one line and short.
func quote(s string) string {
	const most = 80
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	odd := func(c rune) bool { return c == '`' || !unicode.IsPrint(c) }
	if s == "" || strings.ContainsFunc(s, odd) {
		return strconv.Quote(s)
	}
	return "`" + s + "`"
}
