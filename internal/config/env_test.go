package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/internal/config"
)

func TestEnvironmentIsFilledIn(t *testing.T) {
	env := map[string]string{"A": "x", "LONG_NAME_1": "y", "EMPTY": "", "NESTED": "${A}"}
	tests := map[string]string{
		"plain":            "plain",
		"${A}":             "x",
		"a-${A}-${A}b":     "a-x-xb",
		"${LONG_NAME_1}":   "y",
		"[${EMPTY}]":       "[]",
		"$$":               "$",
		"$${A}":            "${A}",
		"$$${A}":           "$x",
		"$":                "$",
		"cost: $5":         "cost: $5",
		"$A":               "$A",
		"^a$":              "^a$",
		"${NESTED}":        "${A}", // what is filled in is not looked at again
		"ümlaut ${A} über": "ümlaut x über",
	}
	for in, want := range tests {
		t.Run(in, func(t *testing.T) {
			c := parse(t, "version: 1\ncoproc: { command: [a], env: { X: '"+in+"' } }\n", env)
			if got := c.Coproc.Env["X"]; got != want {
				t.Errorf("%q became %q, want %q", in, got, want)
			}
		})
	}
}

func TestEnvironmentMistakes(t *testing.T) {
	tests := map[string]string{
		"${MISSING}": "environment variable `MISSING` is not set. set it before the gateway starts",
		"${A":        "`${` without `}`. write `$$` for a dollar sign",
		"${}":        "\"\" is not the name of an environment variable. write `$$` for a dollar sign",
		"${1A}":      "`1A` is not the name of an environment variable. write `$$` for a dollar sign",
		"${A B}":     "`A B` is not the name of an environment variable. write `$$` for a dollar sign",
		"${${A}}":    "`${A` is not the name of an environment variable. write `$$` for a dollar sign",
	}
	for in, want := range tests {
		t.Run(in, func(t *testing.T) {
			got := problems(t, "version: 1\nlisten: '"+in+"'\n", map[string]string{"A": "x"})
			if got != "f:2:9: "+want {
				t.Errorf("problems = %q, want %q", got, want)
			}
		})
	}
}

func TestEnvironmentIsNotPrinted(t *testing.T) {
	const secret = "s3cr3t-value"
	env := map[string]string{"S": secret, "T": "x?y"}
	text := `
version: 1
listen: "${S}"
tls: { cert: "${S}" }
store: { url: "${S}" }
defaults: { timeout: "${S}", memory: "${S}", on_fault: "${S}" }
plugins:
  a: { runtime: "${S}" }
  b: { runtime: wasm, source: "${S}", sha256: "${S}" }
apis:
  - name: "${S}"
    id: "${S}"
    match: { host: "http://${S}", path: "${S}" }
    upstream: { url: "http://u:${S}@h" }
    hooks: { pre: "${S}", auth: "${T}", virtual: [{ path: "/?${S}", method: "${S}", plugin: "${S}" }] }
  - name: "${S}"
    id: "${S}"
    match: { path: / }
    unknown: 1
`
	got := problems(t, text, env)
	if strings.Contains(got, secret) || strings.Contains(got, "x?y") {
		t.Errorf("a value of the environment was printed:\n%s", got)
	}
	if n := strings.Count(got, "${S}"); n < 10 {
		t.Errorf("the values as written appear %d times, want at least 10:\n%s", n, got)
	}
}

func TestProblemfDoesNotPrintTheEnvironment(t *testing.T) {
	env := map[string]string{"DIR": "/srv/hidden", "SUB": "/srv/hidden/deeper"}
	c := parse(t, "version: 1\nstore: { keys: '${DIR}/keys.json' }\ntls: { cert: '${SUB}', key: k }\n", env)
	tests := []struct {
		arg  any
		want string
	}{
		{"/srv/hidden/keys.json", "at ${DIR}/keys.json"},
		{errors.New("open /srv/hidden/deeper: gone"), "at open ${SUB}: gone"},
		{c.Store.Keys, "at ${DIR}/keys.json"},
		{7, "at 7"},
	}
	for _, tt := range tests {
		if got := c.Problemf(config.Pos{}, "", "at %v", tt.arg).Text; got != tt.want {
			t.Errorf("Problemf(%v) = %q, want %q", tt.arg, got, tt.want)
		}
	}
}
