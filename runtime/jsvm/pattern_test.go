package jsvm_test

import (
	"strings"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

// thrownBy is an expression for what a statement throws.
func thrownBy(statement string) string {
	return `(function () { try { ` + statement + ` } catch (e) { return (e instanceof SyntaxError) + ": " + e.message; } return "nothing"; })()`
}

const longPattern = `var s = Array(33000).join("a"); `

func TestALongPatternIsASyntaxError(t *testing.T) {
	for _, statement := range []string{
		`new RegExp(s);`, `RegExp(s, "g");`, `"x".match(s);`, `"x".search(s);`, `"x".replace(s, "");`,
		`new RegExp({toString: function () { return s; }});`, `new RegExp(new String(s));`,
	} {
		t.Run(statement, func(t *testing.T) {
			want := "true: a regular expression is longer than 32768 bytes"
			if got := says(t, jsvm.Config{}, "", thrownBy(longPattern+statement)); got != want {
				t.Errorf("throws %q, want %q", got, want)
			}
		})
	}
}

func TestPatternsAreTakenAsBefore(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{`new RegExp("b+", "g").source`, "b+"},
		{`"abbc".match("b+").index + ""`, "1"},
		{`"abbc".match(/b/g).join()`, "b,b"},
		{`"abbc".search("bc") + ""`, "2"},
		{`"a.c.".replace(".", "-")`, "a-c."},
		{`"a.c.".replace(/\./g, function (all, at) { return at; })`, "a1c3"},
		{`"abc".replace({toString: function () { return "b"; }}, "x")`, "axc"},
		{`"a,b".split(",").length + ""`, "2"},
		{`String("undefined".match(undefined) !== null && "null".match(null)[0])`, "null"},
		{`/x(.)/.test("xy") + RegExp.$1`, "truey"},
		{`String(RegExp(/x/g)) + (/x/ instanceof RegExp) + (/x/.constructor === RegExp)`, "/x/gtruetrue"},
		{`String("".match("b"))`, "null"},
		{`"aéb".search(String.fromCharCode(98)) + ""`, "2"}, // in UTF-16, where otto counts bytes
		{`"é;x".search(/;/) + ""`, "1"},
		{`"é;x".search(/y/) + "" + ";".search(/;/)`, "-10"},
		{`(function () { var o = {}; try { "x".match({toString: function () { throw o; }}); } catch (e) { return String(e === o); } })()`, "true"},
		{`(function () { try { new RegExp("("); } catch (e) { return e.name; } })()`, "TypeError"},
		{`(function () { try { new RegExp("*"); } catch (e) { return e.name; } })()`, "SyntaxError"},
		{`"" + RegExp.length + "".match.name + "".match.length`, "2match1"},
		{`String(new RegExp(/x/g)) + (new RegExp(/x/) instanceof RegExp)`, "/x/gtrue"},
		{`String(new RegExp()) + RegExp()`, "//" + "//"},
		{`String(RegExp.bind(null, "a")())`, "/a/"},
		{`(function () { var r = /x/; return String(RegExp(r) === r) + (new RegExp(r) === r); })()`, "truefalse"},
		{`RegExp.name + Object.getOwnPropertyNames(this).indexOf("x") + "".replace.name + "".replace.length + "".search.length`, "RegExp-1replace21"},
		{`(function () { var names = ""; for (var k in String.prototype) { names += k; } for (var k in RegExp) { names += k; } return names; })()`, ""},
		{`JSON.stringify(Object.getOwnPropertyDescriptor(String.prototype, "match"), ["writable", "enumerable", "configurable"])`, `{"configurable":true,"enumerable":false,"writable":true}`},
		{`(function () { Function.prototype.apply = function () { return "seen"; }; return "abbc".match("b+")[0]; })()`, "bb"},
	} {
		if got := says(t, jsvm.Config{}, "", c.expr); got != c.want {
			t.Errorf("%s = %q, want %q", c.expr, got, c.want)
		}
	}
}

func TestALongLiteralIsRefusedWithItsLine(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"pattern": {"var a;\n\nvar x = /" + strings.Repeat("a", 33000) + "/;", "refused: script.js:3: SyntaxError: a regular expression is longer than 32768 bytes"},
		"groups":  {"var a;\nf" + strings.Repeat("()", 1<<20) + "(/", "refused: script.js:2: SyntaxError: the script is nested too deeply"},
		"length":  {"var a = []; with (a) { length = 4294967295; length = 0; }", "refused: script.js: SyntaxError: a with statement must not change length"},
		"in with": {"var a = []; with (a) { var length = 1; }", "refused: script.js: SyntaxError: a with statement must not change length"},
		"slash":   {"var a;\nb: {}\n/x/.test(a);", "refused: script.js:3: SyntaxError: it is not clear whether this slash divides: put a semicolon or brackets before it"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := loadError(t, jsvm.Config{}, abi.Spec{Entry: "m"}, c.script); !strings.HasPrefix(got, c.want) {
				t.Errorf("Load() = %s, want %s", got, c.want)
			}
		})
	}
}

func TestPositionsCountInUTF16(t *testing.T) {
	const smile = "\U0001f60b"
	for _, c := range []struct{ expr, want string }{
		{`(function () { var s = "a` + smile + `b;c"; return s.slice(s.indexOf(";") + 1); })()`, "c"},
		{`(function () { var s = "a` + smile + `b;c"; return s.substring(s.indexOf(";"), 3); })()`, "b"},
		{`"a` + smile + `b".slice(1, 3)`, smile},
		{`"a` + smile + `b".slice(-3)`, smile + "b"},
		{`"a` + smile + `b".slice(-3, -1)`, smile},
		{`"a` + smile + `b".substring(-3, 1)`, "a"},
		{`"a` + smile + `b".slice(1)`, smile + "b"},
		{`"aéb".slice(1, 2) + "aéb".substring(2) + "abc".slice(-1) + "abc".substring(1, 0)`, "ébca"},
		{`"a` + smile + `b".slice(undefined, 1e9)`, "a" + smile + "b"},
	} {
		if got := says(t, jsvm.Config{}, "", c.expr); got != c.want {
			t.Errorf("%s = %q, want %q", c.expr, got, c.want)
		}
	}
}
