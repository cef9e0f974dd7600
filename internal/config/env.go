package config

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// minMask is the length from which a value of the environment is masked
// inside a longer text. Shorter ones would garble it, and are no secret.
const minMask = 4

// dollarHint is for those who did not mean the environment.
const dollarHint = "write `$$` for a dollar sign"

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// envError is why a string cannot be expanded, and what to do about it.
type envError struct{ text, hint string }

// environment expands ${NAME} and remembers what it gave away.
type environment struct {
	lookup func(string) (string, bool)
	given  map[string]string // value → "${NAME}"
}

// expand returns s with every ${NAME} replaced by its value and $$ by $. A
// dollar sign before anything else stands for itself.
func (e *environment) expand(s string) (string, *envError) {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '$')
		if i < 0 || i+1 == len(s) {
			return b.String() + s, nil
		}
		b.WriteString(s[:i])
		value, n, err := e.dollar(s[i:])
		if err != nil {
			return "", err
		}
		b.WriteString(value)
		s = s[i+n:]
	}
}

// dollar returns what the beginning of s, a dollar sign and more, stands for,
// and how many bytes of s that takes.
func (e *environment) dollar(s string) (value string, n int, err *envError) {
	switch s[1] {
	case '$':
		return "$", 2, nil
	case '{':
		end := strings.IndexByte(s, '}')
		if end < 0 {
			return "", 0, &envError{"`${` without `}`", dollarHint}
		}
		value, err = e.value(s[2:end])
		return value, end + 1, err
	}
	return "$", 1, nil
}

func (e *environment) value(name string) (string, *envError) {
	if !envName.MatchString(name) {
		return "", &envError{quote(name) + " is not the name of an environment variable", dollarHint}
	}
	if e.lookup != nil {
		if v, ok := e.lookup(name); ok {
			e.given[v] = "${" + name + "}"
			return v, nil
		}
	}
	return "", &envError{"environment variable `" + name + "` is not set", "set it before the gateway starts"}
}

// mask returns s without values of the environment.
func (e *environment) mask(s string) string {
	if name, ok := e.given[s]; ok {
		return name
	}
	longest := func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) }
	for _, value := range slices.SortedFunc(maps.Keys(e.given), longest) {
		if len(value) >= minMask {
			s = strings.ReplaceAll(s, value, e.given[value])
		}
	}
	return s
}

// maskAll masks the arguments of a message that are text.
func (e *environment) maskAll(args []any) []any {
	masked := make([]any, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case string:
			masked[i] = e.mask(a)
		case error:
			masked[i] = e.mask(a.Error())
		case fmt.Stringer:
			masked[i] = e.mask(a.String())
		default:
			masked[i] = a
		}
	}
	return masked
}
