package script_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/internal/longtest"
	"github.com/c386954a/sallyport/internal/tyk/script"
)

// A test that is not bounded runs into the time limit of go test, or ends the
// process: no clock is looked at here.

func TestDeepNestingIsRefused(t *testing.T) {
	const n = 60000
	for name, source := range map[string]string{
		"brackets":     strings.Repeat("(", n) + "1" + strings.Repeat(")", n),
		"arrays":       "a=" + strings.Repeat("[", n),
		"objects":      "a=" + strings.Repeat("{a:", n),
		"functions":    strings.Repeat("function(){", n/10),
		"not":          strings.Repeat("!", n) + "1",
		"plus":         strings.Repeat("+ ", n) + "1",
		"sum":          "a" + strings.Repeat("+a", n),
		"assignment":   strings.Repeat("a=", n) + "1",
		"members":      "a" + strings.Repeat(".a", n),
		"calls":        "a" + strings.Repeat("()", n),
		"ternary":      strings.Repeat("a?b:", n) + "1",
		"if":           strings.Repeat("if(a)", n/2) + ";",
		"else if":      strings.Repeat("if(a);else ", n/4) + ";",
		"new":          strings.Repeat("new ", n) + "a",
		"templates":    strings.Repeat("`${", n),
		"groups":       "/" + strings.Repeat("(", n) + "/",
		"made pattern": "new RegExp('" + strings.Repeat("(", n) + "')",
		"closed only":  strings.Repeat(")", n),
		"bytes":        strings.Repeat("\xff", n),
	} {
		t.Run(name, func(t *testing.T) {
			r := analyze(source)
			if r.Parses() && name != "made pattern" {
				t.Errorf("parses")
			}
		})
	}
}

func TestLongScriptsThatAreNotDeepAreTaken(t *testing.T) {
	const n = 12000
	for name, source := range map[string]string{
		"statements":           strings.Repeat("a.b(c);\n", n),
		"no semicolons":        strings.Repeat("a.b(c)\n", n),
		"functions":            strings.Repeat("function f(a) { if (a) { return a + 1 } else { return 2 } }\n", n/4),
		"list":                 "var a = [" + strings.Repeat("1 + 2, ", n) + "];",
		"object":               "var a = {" + strings.Repeat("a: -1 * 2,\n", n) + "};",
		"ifs":                  strings.Repeat("if (a) b()\n", n),
		"variables":            strings.Repeat("var a = b\n", n),
		"in one function":      "(function () {\n" + strings.Repeat("var a = {b: function () { return 1; }};\n", n/2) + "}());",
		"a long sum":           "var a = 'x'" + strings.Repeat(" +\n'x'", 5000) + ";",
		"without commas":       "var a = {" + strings.Repeat("a: 1\n", n) + "};",
		"mistakes at the end":  strings.Repeat("a.b(c);\n", n) + "f(;",
		"a modern end":         strings.Repeat("a.b(c);\n", n) + "let x = 1;",
		"comments and strings": strings.Repeat("// ((((\n'((((';/* (((( */\n", n),
	} {
		t.Run(name, func(t *testing.T) {
			r := analyze(source)
			bad := strings.Contains(name, "end")
			if r.Parses() == bad {
				t.Fatalf("Syntax = %+v", r.Syntax)
			}
			if bad && r.Syntax.Line != n+1 {
				t.Errorf("Syntax = %+v, want line %d", r.Syntax, n+1)
			}
		})
	}
}

func TestMistakesWithoutEndDoNotTakeForEver(t *testing.T) {
	size := script.MaxBytes / 4
	if longtest.Enabled() {
		size = script.MaxBytes
	}
	half := strings.Repeat("a.b(c);\n", size/64)
	for name, mistake := range map[string]string{
		"operands": "1 1 ", "patterns": "/(?=)/;", "reserved": "let x;",
	} {
		t.Run(name, func(t *testing.T) {
			r := analyze(half + strings.Repeat(mistake, size/8/len(mistake)))
			if r.Parses() {
				t.Error("parses")
			}
		})
	}
}

func TestFindingsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, "v%d = JSON.stringify(1);\n", i)
	}
	r := analyze(b.String())
	if len(r.Findings) > 501 {
		t.Errorf("%d findings", len(r.Findings))
	}
	for _, f := range r.Findings {
		if len(f.Lines) > 100 {
			t.Errorf("%s has %d lines", f.Kind, len(f.Lines))
		}
	}
}

func TestScriptThatIsTooLargeIsSaidSo(t *testing.T) {
	r := analyze(strings.Repeat(" ", script.MaxBytes+1))
	if r.Parses() || len(r.Findings) != 1 || r.Findings[0].Kind != "too-large" {
		t.Errorf("Analyze() = %+v", r)
	}
}

func FuzzAnalyze(f *testing.F) {
	for _, source := range []string{
		"var a = new TykJS.TykMiddleware.NewMiddleware({}); a.NewProcessRequest(function(r){ log(r) });",
		"var x = {a: 1 b: 2}; try { /a\\s/ } catch (e) { e.message }",
		"let f = async (a = `x${1}`) => a?.b ?? 1;", "if (a) /b/ / c; else { d }", "'use strict'; a = 010; with (a) b",
		"//# sourceMappingURL=data:application/json;base64,e30=", "({get a() {}, set b(c) {}})", "`${`${", "/[/]/g", "\u2028\ufeff",
		"a: for (var i in b) continue a; switch (a) { case 1: default: }",
	} {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		r := analyze(source)
		for _, finding := range r.Findings {
			if len(finding.Lines) == 0 || finding.Lines[0] < 1 || finding.Lines[len(finding.Lines)-1] > r.Lines {
				t.Errorf("%+v of %d lines", finding, r.Lines)
			}
		}
	})
}
