package native_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/tyk/document"
	"github.com/c386954a/sallyport/internal/tyk/native"
)

func TestMappingsKeepTheirOrderAndComments(t *testing.T) {
	inner := (&native.Mapping{}).Add("name", "orders").Comment("apps/orders.json: Orders\nsecond line").
		Add("match", (&native.Mapping{}).Add("path", "/orders/").Add("strip", true)).
		Add("nothing", native.List{}).
		Add("names", native.Short{"a", "b c", "$x"})
	m := (&native.Mapping{}).Add("version", 1).Comment("made by a test").Add("apis", native.List{inner, "plain"}).Add("z", "on")
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
	if diff := cmp.Diff(want, string(m.Bytes())); diff != "" {
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
	api := (&native.Mapping{}).Add("name", "a").
		Add("match", (&native.Mapping{}).Add("path", "/")).
		Add("upstream", (&native.Mapping{}).Add("url", "http://u")).
		Add("config", v)
	yaml := (&native.Mapping{}).Add("version", 1).Add("apis", native.List{api}).Bytes()
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
