package script_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/internal/tyk/script"
)

func analyze(source string) script.SourceReport { return script.Analyze("a.js", []byte(source)) }

// kinds lists what was found as kind@line[,line…] verdict/verdict.
func kinds(r script.SourceReport) []string {
	var out []string
	for _, f := range r.Findings {
		lines, _ := json.Marshal(f.Lines)
		out = append(out, f.Kind+strings.ReplaceAll(string(lines), " ", "")+" "+string(f.JSVM)+"/"+string(f.Sandbox))
	}
	return out
}

func TestSurfaceOfAScriptIsReported(t *testing.T) {
	r := analyze(`var pre = new TykJS.TykMiddleware.NewMiddleware({});
pre.NewProcessRequest(function (request, session, spec) {
	log("a"); rawlog(b64dec("eA=="));
	var r = JSON.parse(TykMakeHttpRequest("{}")), it = {log: 1};
	log(_.isEmpty(r) || it.log);
	request.URL = "tyk://self/x";
	return pre.ReturnData(request, {});
});
both = new TykJS.TykMiddleware.NewMiddleware({});
both.ProcessRequest = function (r) { return r; };
both.NewProcessResponse(function (r) { return r; });
var ev = new TykJS.TykEventHandlers.NewEventHandler({});
ev.NewHandler(function (e, c) {});
var idle = new TykJS.TykMiddleware.NewMiddleware({});
function virt(request, session, config) { function inner() {} return TykJsResponse({}, {}); }
var other = function () {};
var notMine = new Date();
`)
	wantObjects := []script.Object{
		{Name: "pre", Kind: "middleware", Line: 1, Handles: []string{"request"}},
		{Name: "both", Kind: "middleware", Line: 9, Handles: []string{"request", "response"}},
		{Name: "ev", Kind: "event handler", Line: 12, Handles: []string{"event"}},
		{Name: "idle", Kind: "middleware", Line: 14},
	}
	if diff := cmp.Diff(wantObjects, r.Objects); diff != "" {
		t.Error(diff)
	}
	wantFunctions := []script.Place{{Text: "virt", Line: 15, Column: 10}, {Text: "other", Line: 16, Column: 5}}
	if diff := cmp.Diff(wantFunctions, r.Functions); diff != "" {
		t.Error(diff)
	}
	wantUses := []script.Use{
		{Name: "TykJsResponse", Lines: []int{15}},
		{Name: "TykMakeHttpRequest", Lines: []int{4}},
		{Name: "b64dec", Lines: []int{3}},
		{Name: "log", Lines: []int{3, 5}},
		{Name: "rawlog", Lines: []int{3}},
	}
	if diff := cmp.Diff(wantUses, r.Uses); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{5}, r.Underscore); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{6}, r.Loops); diff != "" {
		t.Error(diff)
	}
	if r.Storage || !r.Parses() || r.JSVM != script.Runs || r.Lines != 18 {
		t.Errorf("Analyze() = %+v", r)
	}
}

func TestNamesTheScriptDeclaresAreItsOwn(t *testing.T) {
	r := analyze("function log(x) {}\nvar _ = {}, fetch = 1;\nvar Map;\nlog(_.a + fetch + new Map());")
	if len(r.Uses) > 0 || len(r.Underscore) > 0 || len(r.Findings) > 0 {
		t.Errorf("Analyze() = %+v", r)
	}
}

func TestWhatDiffersBetweenTheEnginesIsFound(t *testing.T) {
	for _, test := range []struct {
		name, source string
		want         []string
	}{
		{"nothing", "var a = {b: 1, c: [2, 3]};\nif (a) { a.b = /x+/.test(a.c) / 2 / 1; }", nil},
		{"missing comma", "var a = {b: 1\n c: (2)\n, d: 3 e: 4};", []string{"missing-comma[2,3] runs as is/fails"}},
		{"commas that are there", "var a = {b: ((1)), c: f(2) /* , */ , d: {e: 1,},};", nil},
		{"number as a key", `var a = {"10": 1, b: 2};`, []string{"key-order[1] runs as is/check"}},
		{"stringify", "var a = JSON.stringify({});\nlog(JSON.stringify(a));\nTykMakeHttpRequest(JSON.stringify(a));", []string{"json-order[1] runs as is/check"}},
		{"undeclared", "function f(p) { var a; a = 1; p = 2; b = 3; }\nb = 4; for (i in {}) {}", []string{"undeclared[1,2] runs as is/check", "undeclared[2] runs as is/check"}},
		{"declared", "var b; function f(p) { b = p; f = 1; try {} catch (e) { e = 1; } }\nvar g = function h() { h = 1; };", nil},
		{"strict", "function f() {\n'use strict';\nb = 1; delete b; with (f) { c = 010; } }\nb = 2;", []string{
			"strict[2] runs as is/check", "strict[3] runs as is/fails", "strict[3] runs as is/fails", "strict[3] runs as is/fails", "strict[3] runs as is/fails", "undeclared[4] runs as is/check",
		}},
		{"look-around by new", `new RegExp("a(?!b)"); RegExp("(a)\\1");`, []string{"regexp[1] check/runs as is", "regexp[1] check/runs as is"}},
		{"pattern from data", "new RegExp(x); new RegExp(/a/);", []string{"regexp-made[1] check/check"}},
		{"blanks", `/a\s/; /\\s/; /\S/;`, []string{"regexp-space[1] runs as is/check"}},
		{"nested repeats", "/^(a+)+$/;\n/(a*b)*/;\n/(ab)+c*/;", []string{"regexp-nested[1,2] runs as is/check"}},
		{"syntax of Go", `/(?i)a/; /(?P<n>a)/; /[[:alpha:]]/;`, []string{"regexp-syntax[1] runs as is/fails", "regexp-syntax[1] runs as is/fails", "regexp-syntax[1] runs as is/check"}},
		{"date as text", "var d = new Date(), e;\ne = '' + d;\nString(d);\nd.toString();\nDate();\ne = d + 1;", []string{"date-text[2] runs as is/check", "date-text[3] runs as is/check", "date-text[4] runs as is/check", "date-text[5] runs as is/check"}},
		{"date from text", "new Date('2020-01-02 03:04:05');\nnew Date('2020-01-02T03:04:05Z'); new Date(5); new Date(a * 1000); new Date(2020, 1);\nDate.parse(x);\nnew Date(a + 'Z');", []string{"date-parse[1,3,4] runs as is/check"}},
		{"locale", "(5).toLocaleString();", []string{"locale[1] runs as is/check"}},
		{"error text", "try {} catch (e) { log(e.message); log('' + e);\nString(e); e.name; }", []string{"error-text[1,2] runs as is/check"}},
		{"made code", "eval('1'); new Function('a'); Function('b');", []string{"made-code[1] check/check", "made-code[1] check/check", "made-code[1] check/check"}},
		{"headers of overrides", "request.ReturnOverrides.headers = {};\nvar r = {ReturnOverrides: {headers: 1}};\nr.headers = 1;\nrequest.ReturnOverrides = {ResponseCode: 1, headers: {}};", []string{"return-overrides[1,2,4] check/check"}},
		{"not offered", "setTimeout(f, 1); var r = require('x'); if (typeof fetch == 'undefined') {} a.process.b;", []string{"not-offered[1] check/check", "not-offered[1] check/check"}},
		{"absent", "Object.assign({}, a); 'a'.includes('b');\nvar p = new Promise(f); _.find([1]); typeof Symbol; a.Map;", []string{"absent[1] check/runs as is", "absent[1] check/runs as is", "absent[2] check/runs as is"}},
		{"polyfill", "Array.prototype.includes = function (x) {}; [].includes(1);", nil},
		{"storage", "TykStorageGet('a');\nTykStorageSet('a', 'b');", []string{"storage[1,2] runs as is/runs as is"}},
		{"loop", "var u = 'tyk://x/y';", []string{"tyk-url[1] runs as is/runs as is"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := analyze(test.source)
			if !r.Parses() {
				t.Fatalf("does not parse: %+v", r.Syntax)
			}
			if diff := cmp.Diff(test.want, kinds(r)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVerdictIsTheWorstOfAll(t *testing.T) {
	r := analyze("var a = {b: 1 c: 2}; eval('1');")
	if r.JSVM != script.Check || r.Sandbox != script.Fails || !r.Stays() {
		t.Errorf("verdicts = %s, %s", r.JSVM, r.Sandbox)
	}
	if r := analyze("var a;"); r.JSVM != script.Runs || r.Sandbox != script.Runs || r.Stays() {
		t.Errorf("verdicts = %s, %s", r.JSVM, r.Sandbox)
	}
}

func TestModernSyntaxIsNamedWithItsLine(t *testing.T) {
	for _, test := range []struct{ source, want string }{
		{"let a = 1;", "let"},
		{"\nconst a = 1;", "const"},
		{"f(() => 1);", "arrow function"},
		{"class A {}", "class"},
		{"var a = `x`;", "template literal"},
		{"var {a} = b;", "destructuring"},
		{"function f({a}) {}", "destructuring"},
		{"function f(a = 1) {}", "default argument"},
		{"f(...a);", "spread or rest"},
		{"var o = {a};", "shorthand property"},
		{"var o = {a: 1, b() {}};", "shorthand method"},
		{"var o = {[a]: 1};", "computed property name"},
		{"for (var a of b) {}", "for-of"},
		{"async function f() {}", "async function"},
		{"function* f() {}", "generator function"},
		{"a = b ** 2;", "exponent (**)"},
		{"a = b?.c;", "optional chaining (?.)"},
		{"a = b ?? c;", "nullish coalescing (??)"},
		{"a ||= b;", "logical assignment"},
		{"import a from 'b';", "import"},
		{"export default 1;", "export"},
		{"try {} catch {}", "catch without a variable"},
		{"a = 0b1;", "binary or octal number (0b, 0o)"},
		{"a = 1_000;", "underscore in a number"},
		{"a = 10n;", "BigInt"},
	} {
		t.Run(test.source, func(t *testing.T) {
			r := analyze(test.source)
			if r.Parses() || r.Modern == nil {
				t.Fatalf("Analyze() = %+v", r)
			}
			if line := 1 + strings.Count(test.source[:strings.IndexFunc(test.source, func(r rune) bool { return r != '\n' })], "\n"); r.Modern.Text != test.want || r.Modern.Line != line {
				t.Errorf("Modern = %+v, want %s", r.Modern, test.want)
			}
			if r.JSVM != script.Fails || r.Sandbox != script.Runs || r.Stays() {
				t.Errorf("verdicts = %s, %s", r.JSVM, r.Sandbox)
			}
		})
	}
}

func TestScriptThatOttoCannotParseHasItsSurfaceReported(t *testing.T) {
	source, err := os.ReadFile("testdata/modern.js")
	if err != nil {
		t.Fatal(err)
	}
	r := script.Analyze("modern.js", source)
	if diff := cmp.Diff([]script.Object{{Name: "m", Kind: "middleware", Line: 1, Handles: []string{"request"}}}, r.Objects); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]script.Use{{Name: "log", Lines: []int{5}}}, r.Uses); diff != "" {
		t.Error(diff)
	}
	if r.Modern == nil || r.Modern.Text != "arrow function" || r.Modern.Line != 2 {
		t.Errorf("Modern = %+v", r.Modern)
	}
}

func TestWordsThatOnlyLookModernAreNot(t *testing.T) {
	r := analyze("var of = 1, async = f(of), o = {let: 1, class: 2, get: 3, get a() { return 1; }, of: 5};\n" +
		"a.const = o.class ? o.let : {b: 1}; a = b ? .5 : 1; a = b / c / d; // => `\n" +
		"if (a) /=>/.test(b); var s = '=> `x`', t = [1, 2,];\nlabel: for (;;) { break label; }")
	if !r.Parses() || r.Modern != nil {
		t.Errorf("Analyze() = %+v, %+v", r.Syntax, r.Modern)
	}
}

func TestMistakesAreNamedWithTheirLine(t *testing.T) {
	for _, test := range []struct {
		name, source, kind, text string
		line                     int
	}{
		{"brackets", "var a = 1;\nf(;", "syntax", "Unexpected token ;", 2},
		{"a bracket too many", "f();\n}", "syntax", "a bracket is closed that was not opened", 2},
		{"end", "f(", "syntax", "Unexpected end of input", 1},
		{"look-ahead", "a;\n/a(?=b)/;", "regexp-literal", "Invalid regular expression: re2: Invalid (?=) <lookahead>", 2},
		{"back-reference", `/(a)\1/;`, "regexp-literal", `Invalid regular expression: re2: Invalid \1 <backreference>`, 1},
		{"not UTF-8", "a;\nb = '\xff';", "syntax", "the script is not UTF-8", 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := analyze(test.source)
			if r.Parses() || r.Syntax.Text != test.text || r.Syntax.Line != test.line {
				t.Fatalf("Syntax = %+v", r.Syntax)
			}
			if len(r.Findings) != 1 || r.Findings[0].Kind != test.kind || r.JSVM != script.Fails {
				t.Errorf("Findings = %+v", r.Findings)
			}
		})
	}
}

func TestMarkAndSourceMapAreNoMatter(t *testing.T) {
	r := analyze("\ufeffvar a;\n//# sourceMappingURL=data:application/json;base64,e30=")
	if !r.Parses() || len(r.Findings) > 0 {
		t.Errorf("Analyze() = %+v", r)
	}
}

func TestReportIsTheSameEveryTime(t *testing.T) {
	source, err := os.ReadFile("testdata/modern.js")
	if err != nil {
		t.Fatal(err)
	}
	first := script.Analyze("a", source)
	for range 20 {
		if diff := cmp.Diff(first, script.Analyze("a", source)); diff != "" {
			t.Fatal(diff)
		}
	}
}
