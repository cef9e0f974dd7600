package jsvm_test

import (
	"testing"

	"github.com/c386954a/sallyport/abi"
)

func TestCodeMadeAtRunTime(t *testing.T) {
	for _, c := range []struct{ name, expr, want string }{
		{"eval sees local variables", `(function () { var local = "l"; return eval("local + 1"); })()`, "l1"},
		{"eval defines local variables", `(function () { eval("var made = 'm'"); return made; })()`, "m"},
		{"eval of an object", `eval("(" + '{"a": "b"}' + ")").a`, "b"},
		{"eval of no text", `String(eval(7))`, "7"},
		{"eval through another name", `(function () { var e = eval; return e("typeof request"); })()`, "undefined"},
		{"eval in eval", `eval("eval('1 + 1')") + ""`, "2"},
		{"syntax error", `(function () { try { eval("a b"); } catch (e) { return e.name; } })()`, "SyntaxError"},
		{"error keeps its name", `(function () { try { eval("nope"); } catch (e) { return e.name + (e instanceof ReferenceError); } })()`, "ReferenceErrortrue"},
		{"value keeps its identity", `(function () { var o = {}; try { eval("throw o"); } catch (e) { return String(e === o); } })()`, "true"},
		{"too long", `(function () { var s = "("; while (s.length < 1e5) { s += s; } try { eval(s); } catch (e) { return e.name; } })()`, "RangeError"},
		{"function", `new Function("a", "b", "return a + b")("x", "y")`, "xy"},
		{"function without new", `Function("return 'z'")()`, "z"},
		{"function sees globals only", `(function () { var local; return new Function("return typeof local")(); })()`, "undefined"},
		{"functions are Functions", `String(new Function("") instanceof Function && (function () {}).constructor === Function)`, "true"},
		{"template", `_.template("a<%= b %>")({b: "c"})`, "ac"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := load(t, handler(`request.SetHeaders["X-Result"] = `+c.expr+`; return m.ReturnData(request, {});`))
			x := exchange()
			must(t, p, x, abi.Pre)
			if got := field(x.Request.Header, "X-Result"); got != c.want {
				t.Errorf("%s = %q, want %q", c.expr, got, c.want)
			}
		})
	}
}
