package native

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/c386954a/sallyport/abi"
)

// grant is what the operator has to allow before a function may be imported;
// its text is the key in the configuration.
type grant string

// The grants. No grant is the zero value.
const (
	grantKV   grant = "kv"
	grantHTTP grant = "http"
	grantEnv  grant = "env"
)

// of returns the patterns that a plugin was granted.
func (g grant) of(all abi.Grants) []string {
	switch g {
	case grantKV:
		return all.KV
	case grantHTTP:
		return all.HTTP
	case grantEnv:
		return all.Env
	}
	return nil
}

// example is a pattern that shows how to write one.
func (g grant) example() string {
	switch g {
	case grantKV:
		return "PREFIX:*"
	case grantHTTP:
		return "https://HOST/*"
	}
	return "NAME"
}

// checkGrant reports that the plugin of s does not have a grant.
func checkGrant(g grant, s abi.Spec) error {
	if g == "" || len(g.of(s.Grants)) > 0 {
		return nil
	}
	return fmt.Errorf("not granted, and this line under plugin %s would grant it: %s", s.Name, g.line(s.Grants))
}

// line returns the line of configuration that grants g and what is granted
// already.
func (g grant) line(has abi.Grants) string {
	var parts []string
	for _, k := range []grant{grantKV, grantHTTP, grantEnv} {
		patterns := k.of(has)
		if k == g {
			patterns = append(slices.Clip(patterns), k.example())
		}
		if len(patterns) > 0 {
			parts = append(parts, string(k)+": "+quoted(patterns))
		}
	}
	return "allow: { " + strings.Join(parts, ", ") + " }"
}

// quoted returns a YAML list of strings.
func quoted(list []string) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = strconv.Quote(s)
	}
	return "[" + strings.Join(words, ", ") + "]"
}
