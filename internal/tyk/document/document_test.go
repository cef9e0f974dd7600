package document_test

import (
	"strings"
	"testing"

	"github.com/c386954a/sallyport/internal/tyk/document"
)

func TestBrokenTextIsReportedWithItsPlace(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"missing comma", "{\"a\": 1\n  \"b\": 2}", "f.json:2:3: not valid JSON: invalid character '\"' after object key:value pair"},
		{"cut off", "{\"a\": 1\n", "f.json:2:1: not valid JSON: unexpected end of JSON input"},
		{"empty", "", "f.json:1:1: not valid JSON: unexpected end of JSON input"},
		{"two documents", "{}\n{}", "f.json:2:1: not valid JSON: invalid character '{' after top-level value"},
		{"too deep", strings.Repeat("[", 300) + strings.Repeat("]", 300), "f.json:1:202: nested deeper than 200 levels"},
		{"far too deep", strings.Repeat("[", 100_000), "f.json:1:10001: not valid JSON: invalid character '[' exceeded max depth"},
		{"too large", strings.Repeat(" ", document.MaxBytes+1), "f.json: the file is larger than 16 MiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := document.Parse("f.json", []byte(c.text))
			if err == nil || err.Error() != c.want {
				t.Errorf("Parse() = %v, want %s", err, c.want)
			}
		})
	}
}

func TestValuesKnowWhereTheyStand(t *testing.T) {
	v, err := document.Parse("f.json", []byte("\ufeff{\n  \"a\": [ 1 ,\n   {\"b\": \"x\"}]}"))
	if err != nil {
		t.Fatal(err)
	}
	b := v.Get("a").Items[1].Get("b")
	if b.Pos.String() != "f.json:3:10" || b.Path != "a[1].b" || string(b.Raw) != `"x"` {
		t.Errorf("b = %s %s %s", b.Pos, b.Path, b.Raw)
	}
}

func TestOfAKeyGivenTwiceTheLastCounts(t *testing.T) {
	v, err := document.Parse("f.json", []byte(`{"a": 1, "b": 2, "a": 3}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := v.Get("a").Text; got != "3" || len(v.Members) != 2 {
		t.Errorf("a = %s of %d members", got, len(v.Members))
	}
}

func TestEmptyValuesAskForNothing(t *testing.T) {
	for text, want := range map[string]bool{
		`null`: true, `false`: true, `0`: true, `0.0`: true, `""`: true, `[]`: true, `{}`: true,
		`{"a": [0, {"b": ""}]}`: true, `{"a": [0, {"b": "x"}]}`: false, `true`: false, `1e999`: false,
	} {
		v, err := document.Parse("f.json", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Empty(); got != want {
			t.Errorf("Empty(%s) = %v", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"a": [1, {"b": "x"}], "a": null}`))
	f.Add([]byte("{\"a\": 1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := document.Parse("f.json", data)
		if err != nil {
			return
		}
		var into struct {
			A []int  `json:"a"`
			B string `json:"b"`
		}
		if _, err := v.Decode(&into); err == nil && v.Kind != document.Object && v.Kind != document.Null {
			t.Errorf("Decode() took %s for an object", v.Kind)
		}
	})
}
