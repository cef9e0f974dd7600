package config_test

import (
	"strings"
	"testing"
)

func TestFilesThatAreNotYAML(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	tests := []struct {
		name, in, want string
	}{
		{"empty", "", "f:1:1: the configuration is empty. begin with `version: 1`"},
		{"comments only", "# nothing\n", "f:1:1: the configuration is empty. begin with `version: 1`"},
		{"a word", "version\n", "f:1:1: the configuration must be a mapping, not a string"},
		{"a list", "- version: 1\n", "f:1:1: the configuration must be a mapping, not a list"},
		{"not UTF-8", "version: 1\nlisten: \"\xff\"\n", "f:2:10: the file is not UTF-8 text. save the file as UTF-8"},
		{"two documents", "version: 1\n---\nlisten: a\n", "f:3:1: a second YAML document begins. keep one document per file"},
		{"tab", "limits:\n\turi: 1\n", "f:2:1: not valid YAML: found character '\t' that cannot start any token. indent with spaces, not with tabs"},
		{"environment in a flow list", "a: [${X}]\n", "f:1:6: not valid YAML: ',' or ']' must be specified. inside [ ] and { }, put `${NAME}` in quotes"},
		{"unknown alias", "version: 1\nlisten: *a\n", "f:2:9: alias `*a` is not defined. an alias comes after its anchor `&a`"},
		{"alias of itself", "version: 1\napis: &a [*a]\n", "f:2:11: alias `*a` is not defined. an alias comes after its anchor `&a`"},
		{"alias as key", "version: &v 1\n*v : b\n", "f:2:1: this cannot be a key. use a plain word as the key"},
		{"closing brace", "version: 1\nplugins:\n}", "f:3:1: `plugins` must be a mapping, not a string"},
		{"closing bracket", "version: 1\nlisten: a]\nb: ]\n", "f:3:4: not valid YAML: `]` closes nothing"},
		{"infinity", "version: 1\nlisten: .inf\n", "f:2:9: `.inf` is not supported"},
		{"brackets", "version: 1\napis: " + deep(100_000) + "\n", "f:2:71: nested deeper than 64 levels"},
		{"dashes", "version: 1\napis: \n" + strings.Repeat("- ", 50_000) + "\n", "f:3:513: nested deeper than 64 levels"},
		{"larger than 8MiB", "version: 1\n#" + strings.Repeat("x", 8<<20), "f: the file is larger than 8MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := problems(t, tt.in, nil); got != tt.want {
				t.Errorf("problems = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAliasesThatDoubleThemselvesAreRefused(t *testing.T) {
	var b strings.Builder
	b.WriteString("version: 1\nplugins:\n  a:\n    runtime: jsvm\n    source: a\n    entry: a\n    config:\n      l0: &l0 [x, x]\n")
	for i := range 60 {
		n := string(rune('a'+i/10)) + string(rune('0'+i%10))
		prev := "l0"
		if i > 0 {
			prev = string(rune('a'+(i-1)/10)) + string(rune('0'+(i-1)%10))
		}
		b.WriteString("      " + n + ": &" + n + " [*" + prev + ", *" + prev + "]\n")
	}
	got := problems(t, b.String(), nil)
	if strings.Count(got, "\n") != 0 || !strings.HasSuffix(got, "the file holds more than 500000 values") {
		t.Errorf("problems = %q, want one of too many values", got)
	}
}

func TestPlacesCountCodePoints(t *testing.T) {
	tests := []struct {
		name, in, want string
	}{
		{"umlauts", "version: 1\nlimits: { \"ü\": \"ö\", urri: 1 }\n", "f:2:21: unknown key `urri`"},
		{"byte order mark", "\ufeffversoin: 1\n", "f:1:1: unknown key `versoin`"},
		{"carriage returns", "version: 1\r\nlimits:\r\n  urri: 1\r\n", "f:3:3: unknown key `urri`"},
		{"comments", "# a\n\nversion: 1 # b\n# c\nlistn: x\n", "f:5:1: unknown key `listn`"},
		{"literal", "version: 1\nlisten: |\n  a\n  b\n", "f:2:9: `listen` must be HOST:PORT"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := problems(t, tt.in, nil); !strings.Contains(got, tt.want) {
				t.Errorf("problems = %q, want %q in it", got, tt.want)
			}
		})
	}
}

func TestMergeKeysGiveWayToOwnOnes(t *testing.T) {
	c := parse(t, `
version: 1
plugins:
  a: &a { runtime: jsvm, source: a.js, entry: a, timeout: 1s, config: { b: 1 } }
  b: { <<: *a, entry: b }
  c: { entry: c, <<: [{ timeout: 2s }, *a] }
`, nil)
	for i, want := range []string{"a 1s", "b 1s", "c 2s"} {
		p := c.Plugins[i]
		if got := p.Entry.Value + " " + p.Limits.Timeout.String(); got != want {
			t.Errorf("plugin %s = %q, want %q", p.Name, got, want)
		}
	}
}

func TestMergeKeysTakeMappingsOnly(t *testing.T) {
	got := problems(t, "version: 1\nlimits: { <<: 1 }\ntimeouts: { <<: [[], x] }\n", nil)
	want := "f:2:15: `<<` merges mappings, not a number\n" +
		"f:3:18: `<<` merges mappings, not a list\n" +
		"f:3:22: `<<` merges mappings, not a string"
	if got != want {
		t.Errorf("problems =\n%s\nwant\n%s", got, want)
	}
}
