package jsvm_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Values that the steps below begin with.
const (
	sparse = `var a = []; a[2000000000] = 1; `
	longs  = `var a = []; a.length = 4294967295; `
	mega   = `var s = "0123456789abcdef"; while (s.length < 1 << 20) { s += s; } `
	wide   = `var s = "\u00e9\u00e901234567"; while (s.length < 1 << 19) { s += s; } `
	many   = `var a = [1]; while (a.length < 50000) { a = a.concat(a); } `
	megas  = mega + `var a = []; for (var i = 0; i < 3000; i++) { a.push(s); } `
	laughs = `var a = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]; for (var i = 0; i < 9; i++) { a = [a, a, a, a, a, a, a, a, a, a]; } `
)

// steps are scripts with one native step, or a few, that would take the memory of
// the machine or go on for minutes after the call. Each has a call of one second
// and a limit of 64 MiB.
var steps = map[string]string{
	"join":                         `new Array(1e9).join("x").length;`,
	"join, below the limit":        `new Array(1e6).join("0123456789abcdef0123456789abcdef0123456789abcdef");`,
	"join, array-like":             `Array.prototype.join.call({length: 4294967295}, "x");`,
	"join, negative length":        `Array.prototype.join.call({length: -1}, "x");`,
	"join, long elements":          megas + `a.join("");`,
	"join, nested":                 laughs + `a.join();`,
	"join, 1e8":                    `new Array(1e8).join("x");`,
	"toString":                     longs + `a.toString();`,
	"toString, nested":             laughs + `String(a);`,
	"sum of an array":              longs + `a + "";`,
	"comparison with an array":     longs + `a == "x";`,
	"array as a key":               longs + `({})[a];`,
	"toLocaleString":               longs + `a.toLocaleString();`,
	"toLocaleString, 3e7":          `new Array(3e7).toLocaleString();`,
	"slice":                        longs + `a.slice(0);`,
	"slice, 3e7":                   `new Array(3e7).slice(0);`,
	"slice, end":                   sparse + `a.slice(5, 1e9);`,
	"slice, many":                  many + strings.Repeat(`a.slice(0);`, 500),
	"slice, kept":                  many + `[` + strings.Repeat(`a.slice(0),`, 500) + `0];`,
	"concat":                       sparse + `a.concat([1]);`,
	"concat, argument":             longs + `[].concat(a);`,
	"concat, many":                 many + `[].concat(` + strings.Repeat("a,", 500) + `a);`,
	"splice":                       longs + `a.splice(0, 4294967295);`,
	"splice, insert":               longs + `a.splice(0, 0, 1);`,
	"sort":                         longs + `a.sort();`,
	"sort, native comparison":      many + `a.sort(isNaN); a.sort(Math.max);`,
	"sort, equal":                  many + `for (;;) { a.sort(); }`,
	"reverse":                      longs + `a.reverse();`,
	"map":                          longs + `a.map(function (v) { return v; });`,
	"map, native":                  longs + `a.map(isNaN);`,
	"filter":                       longs + `a.filter(Boolean);`,
	"forEach":                      sparse + `a.forEach(function () {});`,
	"some":                         longs + `a.some(isNaN);`,
	"every":                        longs + `a.every(isNaN);`,
	"reduce":                       longs + `a.reduce(Math.max, 0);`,
	"reduce, no value":             longs + `a.reduce(Math.max);`,
	"reduceRight":                  longs + `a.reduceRight(Math.max, 0);`,
	"indexOf":                      longs + `a.indexOf(1);`,
	"lastIndexOf":                  longs + `a.lastIndexOf(1);`,
	"unshift":                      longs + `a.unshift(1);`,
	"shift":                        longs + `a.shift();`,
	"length reduced":               longs + `a.length = 0;`,
	"length reduced, computed":     longs + `var k = "length"; a[k] = 0;`,
	"length reduced, literal":      longs + `a["length"] = 0;`,
	"length reduced, operator":     longs + `a.length -= 4294967295;`,
	"length reduced by for-in":     longs + `for (a.length in {0: 1}) {}`,
	"length reduced, defined":      longs + `Object.defineProperty(a, "length", {value: 0});`,
	"length reduced, definitions":  longs + `Object.defineProperties(a, {length: {value: 0}});`,
	"length reduced in made code":  `var a = []; with (a) { eval("length = 4294967295"); eval("length = 0"); }`,
	"length reduced by call":       longs + `(function () { return a; })().length = 0;`,
	"apply":                        `Math.max.apply(null, {length: 4294967295});`,
	"apply, 3e7":                   `Array.apply(null, new Array(3e7));`,
	"fromCharCode":                 `String.fromCharCode.apply(null, {length: 1e9});`,
	"push.apply":                   `[].push.apply([], {length: 1e9});`,
	"bound apply":                  `Function.prototype.apply.bind(Math.max)(null, {length: 1e9});`,
	"concat of strings":            mega + `"".concat(` + strings.Repeat("s,", 2000) + `s);`,
	"concat by apply":              megas + `"".concat.apply("", a);`,
	"replace, all":                 mega + `s.replace(/0/g, s);`,
	"replace, the rest":            mega + "s.replace(/0/g, \"$`$'\");",
	"replace, text":                mega + `s.replace("0", Array(100).join("$'"));`,
	"replace, native":              mega + `s.replace(/0/g, String.prototype.valueOf.bind(s));`,
	"replace, function":            mega + `s.replace(/0/g, function () { return s; });`,
	"replace, nothing":             mega + `while (true) { s.replace(/(?:)/g, "x"); }`,
	"match, global":                mega + `s.match(/(((((((((((((((((.)))))))))))))))))/g);`,
	"match, kept":                  mega + `[` + strings.Repeat(`s.match(/./g),`, 50) + `0];`,
	"match, quadratic":             `var s = "a"; while (s.length < 1 << 20) { s += s; } s.match(/a*b|a/g);`,
	"split":                        mega + `s.split("");`,
	"split, pattern":               mega + `s.split(/(0)/);`,
	"split, long":                  mega + `[` + strings.Repeat(`s.split("1"),`, 50) + `0];`,
	"pattern, slow":                mega + `/(a?b?c?d?e?f?g?h?){100}$/.test(s);`,
	"pattern, search":              mega + `s.search(/(x+x+)+y|([^z]{50}){15}z/);`,
	"pattern, exec":                mega + `/(\w{100}){9}-/.exec(s);`,
	"upper case, kept":             mega + `[` + strings.Repeat(`s.toUpperCase(),`, 500) + `0];`,
	"lower case, kept":             mega + `[` + strings.Repeat(`(s + 1).toLowerCase(),`, 500) + `0];`,
	"substring, kept":              mega + `[` + strings.Repeat(`s.substring(1),`, 500) + `0];`,
	"slice of a string, kept":      mega + `[` + strings.Repeat(`s.slice(1),`, 500) + `0];`,
	"escape":                       wide + `escape(s + s + s + s);`,
	"encodeURIComponent":           wide + `encodeURIComponent(s + s + s + s);`,
	"base64, kept":                 mega + `[` + strings.Repeat(`b64enc(s),`, 500) + `0];`,
	"wide text as an array":        wide + `Array.prototype.join.call(s, "");`,
	"wide text, map":               wide + `[].map.call(s, isNaN);`,
	"keys of a text":               mega + `Object.keys(new String(s + s + s));`,
	"names of a text":              mega + `Object.getOwnPropertyNames(new String(s + s + s));`,
	"keys, kept":                   many + `[` + strings.Repeat(`Object.keys(a),`, 500) + `0];`,
	"freeze a wide text":           wide + `Object.freeze(new String(s));`,
	"stringify, sparse":            longs + `JSON.stringify(a);`,
	"stringify, sparse, inside":    longs + `JSON.stringify({a: [a]});`,
	"stringify, 3e7":               `JSON.stringify(new Array(3e7));`,
	"stringify, many times":        laughs + `JSON.stringify(a);`,
	"stringify, toJSON":            laughs + `JSON.stringify({toJSON: function () { return a; }});`,
	"stringify, long":              megas + `JSON.stringify(a);`,
	"stringify, indent":            laughs + `JSON.stringify(a, null, "          ");`,
	"stringify, replacer":          laughs + `JSON.stringify(a, function (k, v) { return v; });`,
	"stringify, names, sparse":     longs + `JSON.stringify({}, a);`,
	"the result":                   laughs + `request.Body = a; return m.ReturnData(request, {});`,
	"parse":                        `var s = "[],"; while (s.length < 3 << 20) { s += s; } JSON.parse("[" + s + "1]");`,
	"toPrecision":                  `(1).toPrecision(1e9);`,
	"toExponential":                `(1).toExponential(1e9);`,
	"doubling":                     `var s = "0123456789abcdef"; ` + strings.Repeat(`s += s; `, 40),
	"doubling, sum":                `var s = "0123456789abcdef"; ` + strings.Repeat(`s = s + s; `, 40),
	"doubling, one expression":     `var s = "0123456789abcdef"; (` + strings.Repeat(`s += s, `, 40) + `s);`,
	"doubling, members":            `var o = {s: "0123456789abcdef"}; ` + strings.Repeat(`o.s += o.s; `, 40),
	"doubling, array":              `var o = ["0123456789abcdef"]; ` + strings.Repeat(`o[0] += o[0]; `, 40),
	"sums, kept":                   mega + `[` + strings.Repeat(`s + 1,`, 500) + `0];`,
	"sums of literals, kept":       mega + `[` + strings.Repeat(`"x" + s + "y",`, 500) + `0];`,
	"one long sum":                 mega + `"" + ` + strings.Repeat(`s + `, 500) + `s;`,
	"doubling in eval":             `var s = "0123456789abcdef"; eval("` + strings.Repeat(`s += s; `, 40) + `");`,
	"doubling by underscore":       mega + `_.times(100, function () { s += s; });`,
	"copy by underscore, sparse":   longs + `_.extend(a, {length: 0});`,
	"size of a function's source":  `var s = "a,"; while (s.length < 1 << 17) { s += s; } Function(s + "a", "");`,
	"RegExp of a joined array":     longs + `new RegExp(a);`,
	"hidden originals":             `var g = this; Object.getOwnPropertyNames(g).forEach(function (n) { if (n.indexOf("sallyport") === 0) { var f = g[n]; if (typeof f === "function") { try { for (var i = 0; i < 60; i++) { f(i, [], []).call(new Array(1e9), "x"); } } catch (e) {} } } }); new Array(1e9).join("x");`,
	"apply replaced, then a join":  `Function.prototype.apply = function () { return this; }; var j = [].join(); new Array(1e9).join("x");`,
	"numbers in a pattern":         mega + `new RegExp("(" + s.substring(0, 10000) + "){1,1000}").test(s);`,
	"host text, joined":            `var s = b64dec(b64enc(Array(200000).join("x"))); var a = []; for (var i = 0; i < 4000; i++) { a.push(s); } a.join();`,
	"deferred garbage":             mega + `for (;;) { [s].concat([s]).join(s); }`,
	"decodeURIComponent":           mega + `for (;;) { decodeURIComponent(s); }`,
	"concat of wide and long ones": wide + mega + `for (;;) { s = s.concat(s, s); }`,
}

var inResult = regexp.MustCompile(`^(\w+) after \S+, resident memory grew by (-?\d+) MiB, gone after (\S+):`)

func TestNativeStepsAreBounded(t *testing.T) {
	if raced {
		t.Skip("the race detector needs more address space than these processes have; they run without it")
	}
	for _, name := range slices.Sorted(maps.Keys(steps)) {
		t.Run(name, func(t *testing.T) {
			got := inProcess(t, stepPrefix+name)
			t.Log(got)
			match := inResult.FindStringSubmatch(got)
			if match == nil {
				t.Fatalf("%s, want an outcome", got)
			}
			if kind := match[1]; kind != "trap" && kind != "limit" && kind != "timeout" || kind == "trap" && !strings.Contains(got, "Error") {
				t.Errorf("%s, want a RangeError, a limit or a timeout", got)
			}
			if grown, _ := strconv.Atoi(match[2]); grown > 300 {
				t.Errorf("resident memory grew by %d MiB, want 300 at most", grown)
			}
			// How long the goroutine outlives the call is logged above. A native step
			// without a bound would go on until the process is killed.
		})
	}
}

// stepPrefix tells a step from other scenarios of the same name.
const stepPrefix = "step: "

// stepScenario returns the scenario of one of the steps.
func stepScenario(name string) (scenario, bool) {
	body, ok := steps[strings.TrimPrefix(name, stepPrefix)]
	ok = ok && strings.HasPrefix(name, stepPrefix)
	return scenario{body: body, bounded: true}, ok
}

// said formats what a scenario has done.
func said(kind string, after, gone fmt.Stringer, grown int, why string) string {
	return fmt.Sprintf("RESULT %s after %v, resident memory grew by %d MiB, gone after %v: %s\n", kind, after, grown, gone, why)
}
