package write_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/tyk/document"
	"github.com/c386954a/sallyport/internal/tyk/write"
)

type testAPI struct {
	About   write.Comment
	Name    string          `yaml:"name"`
	Match   testMatch       `yaml:"match"`
	Nothing []testMatch     `yaml:"nothing"`
	Names   []string        `yaml:"names"`
	URL     *testUpstream   `yaml:"upstream"`
	Config  *document.Value `yaml:"config"`
}

type testMatch struct {
	Path  string `yaml:"path"`
	Strip bool   `yaml:"strip,omitempty"`
}

type testUpstream struct {
	URL string `yaml:"url"`
}

type testConfig struct {
	About   write.Comment
	Version int    `yaml:"version"`
	APIs    []any  `yaml:"apis"`
	Z       string `yaml:"z,omitempty"`
}

func TestMappingsKeepTheirOrderAndComments(t *testing.T) {
	inner := testAPI{
		About: "apps/orders.json: Orders\nsecond line", Name: "orders",
		Match: testMatch{"/orders/", true}, Names: []string{"a", "b c", "$x"},
	}
	m := testConfig{About: "made by a test", Version: 1, APIs: []any{inner, "plain"}, Z: "on"}
	want := `# made by a test
version: 1
apis:
  # apps/orders.json: Orders
  # second line
  - name: orders
    match:
      path: /orders/
      strip: true
    names: [a, b c, "$$x"]
  - plain

z: "on"
`
	if diff := cmp.Diff(want, string(write.YAML(m))); diff != "" {
		t.Error(diff)
	}
}

// roundTrip writes an object as config_data and returns what the
// configuration makes of it.
func roundTrip(t *testing.T, text string) (any, any) {
	t.Helper()
	v, err := document.Parse("f.json", []byte(text))
	if err != nil {
		t.Skip(err)
	}
	api := testAPI{Name: "a", Match: testMatch{Path: "/"}, URL: &testUpstream{"http://u"}, Config: v}
	yaml := write.YAML(testConfig{Version: 1, APIs: []any{api}})
	cfg, err := config.Parse("f.yaml", yaml, nil)
	if err != nil {
		t.Fatalf("Parse() = %v\n%s", err, yaml)
	}
	var want, got any
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Skip(err)
	}
	if err := json.Unmarshal(cfg.APIs[0].Config, &got); err != nil {
		t.Fatalf("%v\n%s", err, cfg.APIs[0].Config)
	}
	return want, got
}

func TestConfigDataIsReadBackAsItWas(t *testing.T) {
	for _, text := range []string{
		`{}`,
		`{"a": "b", "c": 1, "d": 1.5, "e": true, "f": null, "g": [], "h": {}}`,
		`{"a": [1, [2, [3, {"x": [{"y": 1}, {}, []]}]]]}`,
		`{"a": {"b": {"c": "d"}}, "z": [{"a": 1, "b": {"c": 2}}, "x"]}`,
		`{"<<": {"a": 1}, "": "empty key", "null": 1, "1": 2, "true": 3, "a b": 4, "a: b": 5, "# x": 6}`,
		`{"env": "${HOME} $HOME $$ $", "${HOME}": 1}`,
		`{"n": [1e5, 1E-5, -0.0, 1.0, 123456789012345678, 1.7976931348623157e308, 18446744073709551615]}`,
		`{"s": ["http://a:80/b", "a:1", "5s", "1h0m5s", "16MiB", "yes", "no", "~", "null", "1", "1.0", "0x10", "1_000", "2020-01-01", "a: b", "- a", "# c", " a", "a ", "a #b", "'", "\"", "\\", "*a", "&a", "!a", "%a", "@a", "|", ">", "{a}", "[a]", ",", "?", ":", "-", "=", "---", "...", ".inf", ".nan", "a:", "é", "日本", "\u2028", "\ufeff", "\u0000\u0001\u007f\u0085", "line\nbreak\r\ttab", "\ud83d\ude00"]}`,
	} {
		want, got := roundTrip(t, text)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", text, diff)
		}
	}
}

func FuzzConfigData(f *testing.F) {
	f.Add("key", "value", 1.5)
	f.Add("a: b", "line\nbreak", -0.1)
	f.Add("<<", "${HOME}", 1e300)
	f.Fuzz(func(t *testing.T, key, value string, number float64) {
		text, err := json.Marshal(map[string]any{key: []any{value, number, map[string]any{value: key}}, "x": value})
		if err != nil {
			t.Skip(err)
		}
		want, got := roundTrip(t, string(text))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
