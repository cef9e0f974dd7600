package jsvm_test

import (
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

// quirks are what scripts rely on of the interpreter itself, where it differs
// from others. Each expression is one test.
var quirks = []struct{ topic, expression, want string }{
	{"lenient parser", `(function () { var o = {a: 1 b: 2}; return o.a + o.b; })()`, "3"},
	{"lenient parser", `[1, 2,].length`, "2"},
	{"lenient parser", `0777`, "511"},

	{"absent", `["Promise", "Map", "Set", "Symbol", "Proxy", "Uint8Array", "ArrayBuffer", "globalThis", "setTimeout", "require", "btoa", "process", "fetch"]
		.filter(function (name) { return name in (function () { return this; })(); }).join()`, ""},
	{"absent", `[Object.assign, Object.entries, Array.from, [].find, [].includes, [].fill, "".includes, "".endsWith, "".repeat, "".padStart, Number.isInteger]
		.filter(function (f) { return f !== undefined; }).length`, "0"},

	{"present", `"abc".startsWith("ab")`, "true"},
	{"present", `["|", " x ".trimLeft(), "|", " x ".trimRight(), "|", " x ".trimStart(), "|", " x ".trimEnd(), "|"].join("")`, "|x | x|x | x|"},
	{"present", `Object.values({a: 1, b: 2}).join()`, "1,2"},
	{"present", `[Number.isNaN(NaN), Math.trunc(1.7), Math.log2(8), Math.log10(100), Math.cbrt(27), Math.sinh(0), Math.cosh(0), Math.tanh(0)].join()`, "true,1,3,2,3,0,1,0"},
	{"present", `[new Date(0).getYear(), escape("ä b"), unescape("%E4")].join()`, "70,%E4%20b,ä"},

	{"regular expressions", `(function () { try { return new RegExp("(?=a)"); } catch (e) { return e.name; } })()`, "TypeError"},
	{"regular expressions", `(function () { try { return new RegExp("(a)\\1"); } catch (e) { return e.name; } })()`, "TypeError"},
	{"regular expressions", `/\s/.test("\u00a0")`, "false"},
	{"regular expressions", `/^(a+)+$/.test(Array(30000).join("a") + "b")`, "false"}, // in linear time

	{"use strict", `(function () { "use strict"; strictGlobal = 1; return typeof strictGlobal; })()`, "number"},
	{"use strict", `(function () { "use strict"; return this === (function () { return this; })(); })()`, "true"},

	{"key order", `JSON.stringify({b: 1, a: {z: 1, y: [2]}, B: 3, 2: 1, 10: 1})`, `{"10":1,"2":1,"B":3,"a":{"y":[2],"z":1},"b":1}`},
	{"key order", `Object.keys({b: 1, 2: 1, a: 1, 1: 1}).join()`, "b,2,a,1"},
	{"key order", `(function () { var keys = ""; for (var k in {z: 1, 7: 1, a: 1}) { keys += k; } return keys; })()`, "z7a"},

	{"error texts", `(function () { try { var a; a.x; } catch (e) { return e.message; } })()`, `Cannot access member "x" of undefined`},
	{"error texts", `(function () { try { absent(); } catch (e) { return e.message; } })()`, `'absent' is not defined`},
	{"error texts", `(function () { try { throw "s"; } catch (e) { return typeof e + e; } })()`, "strings"},

	{"dates", `String(new Date(0))`, time.Unix(0, 0).Format(time.RFC1123)},
	{"dates", `new Date(0).toLocaleString()`, time.Unix(0, 0).Format(time.DateTime)},
	{"dates", `isNaN(new Date("2020-01-02 03:04:05").getTime())`, "true"},
	{"dates", `new Date("2020-01-02T03:04:05Z").toISOString()`, "2020-01-02T03:04:05.000Z"},
	{"numbers", `(1234567.891).toLocaleString()`, "1,234,567.891"},

	{"bytes", `b64enc(b64dec("/wD+").split("").join("").replace("x", "y").trim() + "!")`, "/wD+IQ=="},
	{"bytes", `b64enc(b64dec("/w==").toUpperCase())`, "77+9"},
	{"bytes", `b64enc(b64dec("/2E=").substring(0, 1))`, "77+9"},
	{"bytes", `b64enc(JSON.parse(JSON.stringify(b64dec("/w=="))))`, "77+9"},
	{"bytes", `encodeURIComponent(b64dec("/w=="))`, "%EF%BF%BD"},

	{"lists", `request.Headers["User-Agent"] == "curl/8"`, "true"},
	{"lists", `String(request.Headers["Accept"])`, "a,b"},
}

func TestQuirksOfOttoStay(t *testing.T) {
	var script strings.Builder
	for _, q := range quirks {
		script.WriteString("say(function () { return " + q.expression + "; });\n")
	}
	p := load(t, handler(`
		var said = [];
		function say(f) { var v; try { v = String(f()); } catch (e) { v = "thrown: " + e; } said.push(b64enc(v)); }
		`+script.String()+`
		request.Body = said.map(function (s) { return b64dec(s); }).join("\u0000");
		return m.ReturnData(request, {});`))
	got := strings.Split(body(t, p), "\x00")
	if len(got) != len(quirks) {
		t.Fatalf("%d results, want %d", len(got), len(quirks))
	}
	for i, q := range quirks {
		if got[i] != q.want {
			t.Errorf("%s: %s = %q, want %q", q.topic, q.expression, got[i], q.want)
		}
	}
}

func TestModernSyntaxIsRefusedWithItsPosition(t *testing.T) {
	for _, c := range []struct{ name, line string }{
		{"let", `let a = 1;`},
		{"const", `const a = 1;`},
		{"arrow", `var f = () => 1;`},
		{"class", `class A {}`},
		{"template", "var s = `x`;"},
		{"destructuring", `var {a} = {};`},
		{"default argument", `function f(a = 1) {}`},
		{"shorthand", `var a = 1, o = {a};`},
		{"for-of", `for (var v of [1]) {}`},
		{"async", `async function f() {}`},
		{"power", `var p = 2 ** 3;`},
		{"optional chaining", `var c = {}?.a;`},
		{"missing comma in a list", `var l = [1 2];`},
		{"look-ahead", `var r = /(?=a)/;`},
		{"look-behind", `var r = /(?<=a)/;`},
		{"back-reference", `var r = /(a)\1/;`},
		{"any character", `var r = /[^]/;`},
	} {
		got := loadError(t, jsvm.Config{}, abi.Spec{Entry: "m"}, "function m() {}\n"+c.line)
		if !strings.HasPrefix(got, "refused: script.js:2:") || !strings.Contains(got, "SyntaxError") {
			t.Errorf("%s: Load() = %q, want a syntax error in line 2", c.name, got)
		}
	}
}
