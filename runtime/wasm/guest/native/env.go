package native

import (
	"errors"
	"strings"

	"github.com/c386954a/sallyport/abi"
)

var errEnvName = errors.New("want the name of an environment value; patterns are not possible here")

// checkEnvName checks a grant of an environment value.
func checkEnvName(name string) error {
	if name == "" || strings.ContainsAny(name, "*=\x00") {
		return errEnvName
	}
	return nil
}

// variable is one environment value that was granted.
type variable struct {
	name  string
	value []byte
	set   bool
}

// readEnv reads the environment values that were granted, once: they are
// constant for the life of a plugin.
func readEnv(granted []string, lookup func(string) (string, bool)) []variable {
	values := make([]variable, 0, len(granted))
	for _, name := range granted {
		value, ok := lookup(name)
		values = append(values, variable{name, []byte(value), ok})
	}
	return values
}

// envGet (name, name_len, buf, cap) reads an environment value.
func envGet(c *Call, f hostFrame) int64 {
	name, ok := f.bytes(0)
	if !ok {
		return int64(CodeFault)
	}
	for i := range c.host.env {
		switch v := &c.host.env[i]; {
		case v.name != string(name):
			continue
		case !v.set:
			return int64(CodeNotFound)
		default:
			return f.give(2, v.value)
		}
	}
	return c.refuse(CodeDenied, errEnvDenied)
}

var errEnvDenied = &abi.Error{Kind: abi.Protocol, Err: errors.New("an environment value that allow: env does not name")}
