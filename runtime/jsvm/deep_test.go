package jsvm_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

// chain makes a deep object in a script.
const chain = `var o = {}; for (var i = 0; i < 400000; i++) { o = {o: o}; } `

// groups makes a pattern of groups that no pattern ends.
const groups = `var s = "("; while (s.length < 8000000) { s += s; } `

// brackets overflow the stack unless something sees them.
func brackets() string { return strings.Repeat("(", 1e6) }

func repeated(before string, n int, inside, after string) string {
	return strings.Repeat(before, n) + inside + strings.Repeat(after, n)
}

// deep are scripts that could overflow the stack of Go, which nothing can
// recover from: it ends the process.
var deep = map[string]scenario{
	"brackets":           {script: func() string { return repeated("(", 1e6, "1", ")") }, want: []string{"refused"}},
	"lists":              {script: func() string { return repeated("[", 1e6, "1", "]") }, want: []string{"refused"}},
	"lists with commas":  {script: func() string { return repeated("[1,", 1e6, "1", "]") }, want: []string{"refused"}},
	"objects":            {script: func() string { return "a=" + repeated("{a:", 1e6, "1", "}") }, want: []string{"refused"}},
	"blocks":             {script: func() string { return repeated("{", 1e6, "", "}") }, want: []string{"refused"}},
	"functions":          {script: func() string { return repeated("function f(){", 2e5, "", "}") }, want: []string{"refused"}},
	"functions in calls": {script: func() string { return repeated("f(a,function(){", 2e5, "", "})") }, want: []string{"refused"}},
	"statements":         {script: func() string { return strings.Repeat("if(1)", 7e5) + "a" }, want: []string{"refused"}},
	"statements, lines":  {script: func() string { return strings.Repeat("if(1)\n", 6e5) + "a" }, want: []string{"refused"}},
	"else":               {script: func() string { return strings.Repeat("if(1)a;else ", 3e5) + "a" }, want: []string{"refused"}},
	"else, blocks":       {script: func() string { return strings.Repeat("if(1){a}else ", 3e5) + "a" }, want: []string{"refused"}},
	"do":                 {script: func() string { return repeated("do ", 3e5, "a", ";while(1)") }, want: []string{"refused"}},
	"not":                {script: func() string { return strings.Repeat("!", 4e6) + "1" }, want: []string{"refused"}},
	"typeof":             {script: func() string { return strings.Repeat("typeof ", 5e5) + "1" }, want: []string{"refused"}},
	"sum":                {script: func() string { return "1" + strings.Repeat("+1", 2e6) }, want: []string{"refused"}},
	"sum of 10,000":      {script: func() string { return "1" + strings.Repeat("+1", 1e4) }, want: []string{"refused"}},
	"members":            {script: func() string { return "a" + strings.Repeat(".a", 2e6) }, want: []string{"refused"}},
	"calls":              {script: func() string { return "a" + strings.Repeat("()", 2e6) }, want: []string{"refused"}},
	"assignments":        {script: func() string { return strings.Repeat("a=", 2e6) + "1" }, want: []string{"refused"}},
	"conditions":         {script: func() string { return strings.Repeat("a?a:", 1e6) + "1" }, want: []string{"refused"}},
	"labels":             {script: func() string { return strings.Repeat("a:\n", 1e6) + "1" }, want: []string{"refused"}},
	"new":                {script: func() string { return strings.Repeat("new ", 1e6) + "a" }, want: []string{"refused"}},

	"objects left by the script": {script: func() string { return chain + handler("") }, memory: 2048, want: []string{"refused"}},
	"closures left by the script": {script: func() string {
		return `var f = function () {}; for (var i = 0; i < 60000; i++) { f = (function (g) { return function () { return g; }; })(f); }` + handler("")
	}, memory: 8192, want: []string{"refused"}},

	"stringify":               {body: chain + `JSON.stringify(o);`, memory: 4096, want: []string{"trap"}},
	"stringify with replacer": {body: chain + `JSON.stringify(o, function (k, v) { return v; });`, memory: 4096, want: []string{"trap"}},
	"stringify with names":    {body: chain + `JSON.stringify(o, ["o"]);`, memory: 4096, want: []string{"trap"}},
	"the result":              {body: chain + `request.o = o; return m.ReturnData(request, {});`, memory: 4096, want: []string{"trap"}},
	"stringify in toJSON":     {body: `var t = {toJSON: function () { ` + chain + ` return o; }}; JSON.stringify(t);`, memory: 4096, want: []string{"trap"}},
	"stringify in stringify": {body: `var d = 0, o = {toJSON: function () { return JSON.stringify(p); }}, p = o;
		for (var i = 0; i < 9000; i++) { p = {p: p}; } JSON.stringify(p);`, memory: 4096, want: []string{"trap"}},
	"parse":              {body: `JSON.parse(Array(200001).join("[") + Array(200001).join("]"));`, memory: 4096, want: []string{"trap"}},
	"reviver":            {body: `JSON.parse("[1,2]", function (k, v) { if (k === "0") { ` + chain + ` this[1] = o; } return v; });`, memory: 4096, want: []string{"trap"}},
	"join":               {body: `var a = []; for (var i = 0; i < 300000; i++) { a = [a]; } String(a);`, memory: 4096, want: []string{"trap"}},
	"prototypes":         {body: `function F() {} var o = {}; for (var i = 0; i < 500000; i++) { F.prototype = o; o = new F(); } o.x; return m.ReturnData(request, {});`, memory: 4096, want: []string{"done", "timeout"}},
	"bound functions":    {body: `var f = function () {}; for (var i = 0; i < 10000; i++) { f = f.bind(null); } f(); return m.ReturnData(request, {});`, memory: 4096, want: []string{"done", "limit"}},
	"deep eval":          {body: `eval(Array(30000).join("(") + "1" + Array(30000).join(")"));`, memory: 4096, want: []string{"trap"}},
	"deep eval, recurse": {body: `function f() { f(eval(Array(250).join("-(") + "f()" + Array(250).join(")"))); } f();`, memory: 4096, want: []string{"trap"}},
	"heavy recursion":    {body: `function f() { return ` + repeated("1+(", 500, "f()", ")") + `; } f();`, memory: 4096, want: []string{"trap"}},

	"pattern":             {body: groups + `new RegExp(s);`, memory: 4096, want: []string{"trap"}},
	"pattern without new": {body: groups + `RegExp(s);`, memory: 4096, want: []string{"trap"}},
	"pattern, object":     {body: groups + `new RegExp({toString: function () { return s; }});`, memory: 4096, want: []string{"trap"}},
	"pattern, bound":      {body: groups + `RegExp.bind(null, s)();`, memory: 4096, want: []string{"trap"}},
	"pattern, inherited":  {body: groups + `new /x/.constructor(s);`, memory: 4096, want: []string{"trap"}},
	"match":               {body: groups + `"x".match(s);`, memory: 4096, want: []string{"trap"}},
	"search":              {body: groups + `"x".search(s);`, memory: 4096, want: []string{"trap"}},
	"replace":             {body: groups + `"x".replace(s, "");`, memory: 4096, want: []string{"trap"}},
	"split":               {body: groups + `"x".split(s); return m.ReturnData(request, {});`, memory: 4096, want: []string{"done"}},
	"pattern in eval":     {body: `eval("/" + Array(60000).join("(") + "/");`, memory: 4096, want: []string{"trap"}},
	"pattern in Function": {body: `new Function("/" + Array(60000).join("(") + "/");`, memory: 4096, want: []string{"trap"}},
	"literal":             {script: func() string { return "x = /" + strings.Repeat("(", 4e6) + "/" }, want: []string{"refused"}},
	"literal, closed":     {script: func() string { return "x = /" + repeated("(", 2e6, "", ")") + "/" }, want: []string{"refused"}},
	"literal, no end":     {script: func() string { return "x = /" + strings.Repeat("(", 4e6) }, want: []string{"refused"}},
	"literal, behind }":   {script: func() string { return "{}/" + strings.Repeat("(", 4e6) + "/" }, want: []string{"refused"}},

	// Brackets that a wrong idea of what is a string, a comment or a pattern
	// would hide.
	"comment that ends":   {script: func() string { return "//\r" + brackets() }, want: []string{"refused"}},
	"comment, separator":  {script: func() string { return "//\u2028" + brackets() }, want: []string{"refused"}},
	"string that ends":    {script: func() string { return "'\r" + brackets() }, want: []string{"refused"}},
	"odd space, pattern":  {script: func() string { return "x =\u00a0/\"/;" + brackets() }, want: []string{"refused"}},
	"block, pattern":      {script: func() string { return "{}/\"/;" + brackets() }, want: []string{"refused"}},
	"label, pattern":      {script: func() string { return "a:{}/\"/;" + brackets() }, want: []string{"refused"}},
	"if, pattern":         {script: func() string { return "if(1){}/\"/;" + brackets() }, want: []string{"refused"}},
	"else, pattern":       {script: func() string { return "if(1){}else{}/\"/;" + brackets() }, want: []string{"refused"}},
	"function, pattern":   {script: func() string { return "function f(){}/\"/;" + brackets() }, want: []string{"refused"}},
	"function, division":  {script: func() string { return "x=function(){}/\"/1;/*\";" + brackets() }, want: []string{"refused"}},
	"object, division":    {script: func() string { return "x={}/\"/1;/*\";" + brackets() }, want: []string{"refused"}},
	"increment, division": {script: func() string { return "x++ /\"/1;/*\";" + brackets() }, want: []string{"refused"}},
	"break, pattern":      {script: func() string { return "while(1){break\n/\"/;" + brackets() }, want: []string{"refused"}},
	"return, block":       {script: func() string { return "function f(){return\n{}/\"/;" + brackets() }, want: []string{"refused"}},
}

func TestDepthEndsNoProcess(t *testing.T) {
	if raced && testing.Short() {
		t.Skip("each script has a process of its own, which starts slowly with -race; they run without it")
	}
	for _, name := range slices.Sorted(maps.Keys(deep)) {
		t.Run(name, func(t *testing.T) {
			got := inProcess(t, name)
			t.Log(got)
			if kind, _, _ := strings.Cut(strings.ReplaceAll(got, ":", " "), " "); !slices.Contains(deep[name].want, kind) {
				t.Errorf("%s, want %v", got, deep[name].want)
			}
		})
	}
}

func TestLongScriptsAreNotTakenForDeepOnes(t *testing.T) {
	for name, script := range map[string]string{
		"statements":       strings.Repeat("x = f(1, [2]) ? {a: 1} : !3;\n", 3e4),
		"no semicolons":    strings.Repeat("x = f(1, [2]) ? {a: 1} : !3\n", 3e4),
		"one line":         strings.Repeat("if(x){x=-1}x++;", 3e4),
		"blocks":           strings.Repeat("if (x) { x = -1 }\n", 3e4),
		"list":             "var l = [" + strings.Repeat(`{"a": -1, b: "it's"},`+"\n", 2e4) + "];",
		"comments":         strings.Repeat("// it's (((((\n/* ((((( */ x = 1;\n", 2e4),
		"patterns":         strings.Repeat("{ x = {} } /[\"(]/.test('') && x++ / 2 / f() ; x = {} / 2;\n", 1e4),
		"function bodies":  strings.Repeat("x = function () { return 1 } / 2; function h() {}\n/[\"(]/.test('');\n", 1e4),
		"regular":          strings.Repeat("x = /[/(]+(?:')/.test('(((') / 2;\n", 1e4),
		"functions":        strings.Repeat("function g(a, b) { return a.b.c(d)[0] + -b; }\n", 1e4),
		"strings together": `x = "a"` + strings.Repeat(" +\n \"b\"", 3000) + ";",
	} {
		t.Run(name, func(t *testing.T) {
			loadSpec(t, jsvm.Config{LoadTimeout: time.Minute}, abi.Spec{Entry: "m"}, "var x = 0; function f() { return 0; }\n"+handler("return m.ReturnData(request, {});")+"if (x) {\n"+script+"\n}")
		})
	}
}

func TestGuardedStringifyIsTheSame(t *testing.T) {
	const steps = `for (var i = 0; i < 5000; i++) {} `
	data := `{b: [1, "é<", null, undefined, function () {}, {c: new Date(0)}], a: {toJSON: function (k) { return "json " + k; }}, n: NaN, s: new String("s"), e: [], o: {}, t: [[], [[]]]}`
	for _, args := range []string{
		data, data + `, null, 2`, data + `, ["b", "c", 0]`, data + `, function (k, v) { return k === "b" ? 7 : v; }`,
		data + `, function (k, v) { return v instanceof Array ? v.length + k : v; }, "--"`, `undefined`, `"text"`, `[undefined]`,
	} {
		want := says(t, jsvm.Config{}, "", `JSON.stringify(`+args+`)`)
		if got := says(t, jsvm.Config{}, "", `(function () { `+steps+`return JSON.stringify(`+args+`); })()`); got != want {
			t.Errorf("JSON.stringify(%s) = %q once guarded, want %q", args, got, want)
		}
	}
	if got := says(t, jsvm.Config{}, "", `JSON.stringify(JSON.parse('{"a":[1,2,{"b":3}],"c":4}', function (k, v) { return k === "c" ? undefined : typeof v === "number" ? v * 2 : v; }))`); got != `{"a":[2,4,{"b":6}]}` {
		t.Errorf("reviver gives %q", got)
	}
	if got := says(t, jsvm.Config{}, "", `(function () { `+steps+`try { var o = {}; o.o = o; JSON.stringify(o); } catch (e) { return e instanceof TypeError; } })()`); got != "true" {
		t.Errorf("a circle is a TypeError: %q", got)
	}
}
