package config_test

import (
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/c386954a/sallyport/internal/config"
)

// FuzzParse holds what must be true of any file: Parse does not panic, every
// problem has a place inside the file, the order is that of the places, and
// what is accepted is valid under the schema.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "version: 1\n", "version: 1\nlisten: \"${A}\"\n",
		"a: &a [*a]\n", "? [a]\n: b\n", "<<: {version: 1}\n", "- - - x\n", "a: |\n  b\n", "{version: 1, listen: ':1'}\n",
		"version: 1\nplugins: {a: {runtime: jsvm, source: a, entry: b, config: {x: [1, -2, 0x1f, 1.5, null, ~, true]}}}\n",
		"version: 1\napis: [{name: a, match: {path: /}, upstream: {url: 'http://h'}}]\n",
		"version: 1\nplugins: {a: {runtime: builtin, entry: b}}\napis: [{name: a, match: {path: /}, hooks: {virtual: [{path: /, plugin: a}]}}]\n",
		"\ufeffversion: 1\r\n", "a: \"\\x00\"\n", "a: !!binary x\n", "%YAML 1.2\n---\nversion: 1\n",
	} {
		f.Add([]byte(seed))
	}
	full, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(full)
	schema := compile(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := config.Parse("f", data, anyEnv)
		if err != nil {
			checkProblems(t, data, err)
			return
		}
		if err := schemaError(schema, data); err != nil {
			t.Errorf("accepted, but the schema says: %v", err)
		}
		for _, p := range c.Plugins {
			if p.Config != nil && !json.Valid(p.Config) {
				t.Errorf("config of %s is not JSON: %s", p.Name, p.Config)
			}
		}
	})
}

func checkProblems(t *testing.T, data []byte, err error) {
	t.Helper()
	ps, ok := errors.AsType[config.Problems](err)
	if !ok || len(ps) == 0 {
		t.Fatalf("Parse() = %#v, want problems", err)
	}
	lines := 1
	for _, b := range data {
		if b == '\n' || b == '\r' {
			lines++
		}
	}
	last := 0
	for _, p := range ps {
		if p.Text == "" || p.Line > lines || p.Line > 0 && p.Column < 1 || p.Line < last {
			t.Errorf("problem %#v of a file of %d lines, after line %d", p, lines, last)
		}
		last = p.Line
	}
}
