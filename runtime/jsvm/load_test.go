package jsvm_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

func TestLoadErrorsNameFileLineAndReason(t *testing.T) {
	for _, c := range []struct{ name, script, entry, want string }{
		{"syntax", "var a = 1;\nvar b = = 2;\n", "a", "refused: script.js:2:9: SyntaxError: Unexpected token ="},
		{"arrow", "var m = () => 1;", "m", "refused: script.js:1:10: SyntaxError: Unexpected token )"},
		{"look-behind", `var m = /(?<=a)b/;`, "m", "refused: script.js:1:9: SyntaxError: Invalid regular expression: invalid named capture"},
		{"throw", "\nthrow new Error('no');", "m", "refused: script.js:2:11: Error: no"},
		{"throw text", "\n  throw 'no';", "m", "refused: script.js:2:3: uncaught no"},
		{
			"missing entry", "var a = {}, b; function c() {}", "m",
			"refused: script.js: no object or function named m. The script defines a, b, c",
		},
		{"entry is text", "var m = 'text';", "m", "refused: script.js: no object or function named m. The script defines m"},
		{
			"no handler", "var m = new TykJS.TykMiddleware.NewMiddleware({});", "m",
			"refused: script.js: m has no handler. Give it one with NewProcessRequest or NewProcessResponse",
		},
		{"entry is code", "", "m()", `refused: script.js: entry "m()" is not the name of a JavaScript variable`},
		{"broken eval", "eval = 5; function m() {}", "m", "refused: script.js: panic in the engine"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := loadError(t, jsvm.Config{}, abi.Spec{Entry: c.entry}, c.script)
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("Load() = %q\nwant     %q", got, c.want)
			}
		})
	}
}

func TestLoadRefusesWhatNeverEnds(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"loop", "for (;;) {}", "still running at the deadline: it must end in time"},
		{"native call", stuck, "when it is loaded"},
		{"parser", strings.Repeat("a:{", 800), "hangs when it is loaded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := loadError(t, jsvm.Config{LoadTimeout: short, Raw: hung{}}, abi.Spec{Entry: "m"}, c.script)
			if !strings.Contains(got, c.want) {
				t.Errorf("Load() = %q, want %q", got, c.want)
			}
		})
	}
}

func TestLoadChecksFileAndDigest(t *testing.T) {
	r := jsvm.New(jsvm.Config{})
	if _, err := r.Load(t.Context(), abi.Spec{Source: "no/such.js", Entry: "m"}); err == nil || !strings.Contains(err.Error(), "no/such.js") {
		t.Errorf("missing file: Load() = %v", err)
	}
	if got := loadError(t, jsvm.Config{}, abi.Spec{Entry: "m", SHA256: "00"}, "x"); !strings.Contains(got, "want 00") {
		t.Errorf("wrong digest: Load() = %v", got)
	}
	if got := loadError(t, jsvm.Config{MaxSource: 4}, abi.Spec{Entry: "m"}, "12345"); !strings.Contains(got, "larger than 4 bytes") {
		t.Errorf("large file: Load() = %v", got)
	}
	if got := loadError(t, jsvm.Config{}, abi.Spec{Entry: "m", Instances: abi.Instances{Mode: abi.Pooled}}, "x"); !strings.Contains(got, "fresh") {
		t.Errorf("pooled: Load() = %v", got)
	}
}

func TestDeclaresFollowsTheHandlers(t *testing.T) {
	request := abi.SetOf(abi.Pre, abi.Auth, abi.PostKeyAuth, abi.RateLimit, abi.Post)
	for _, c := range []struct {
		name, script string
		want         abi.HookSet
	}{
		{"request", handler(""), request},
		{"response", responder(""), abi.SetOf(abi.Response)},
		{"both", handler("") + "m.NewProcessResponse(function () {});", request | abi.SetOf(abi.Response)},
		{"assigned", "var m = new TykJS.TykMiddleware.NewMiddleware({}); m.ProcessRequest = function () {};", request},
		{"function", "function m() {}", abi.SetOf(abi.Virtual)},
		{"event", "var m = new TykJS.TykEventHandlers.NewEventHandler({}); m.NewHandler(function () {});", abi.SetOf(abi.Event)},
		{"function with methods", "function m() {} m.DoProcessRequest = m; m.DoProcessResponse = m;", request | abi.SetOf(abi.Virtual, abi.Response)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := load(t, c.script).Declares().Hooks; got != c.want {
				t.Errorf("Hooks = %v, want %v", got, c.want)
			}
		})
	}
}

func TestMissingCommaInAnObjectLiteralIsAccepted(t *testing.T) {
	p := load(t, handler(`var o = {a: "1" b: "2"}; request.SetHeaders = o; return m.ReturnData(request, {});`))
	x := exchange()
	must(t, p, x, abi.Pre)
	if got := field(x.Request.Header, "a") + field(x.Request.Header, "b"); got != "12" {
		t.Errorf("a, b = %q, want 12", got)
	}
}

func TestUnderscoreIsThereHoweverItIsReached(t *testing.T) {
	for _, c := range []struct{ name, expr string }{
		{"by name", `typeof _`},
		{"by a computed name", `typeof (function () { return this; })()[["_"].join("") || String.fromCharCode(95)]`},
		{"from made code", `new Function("return typeof " + String.fromCharCode(95))()`},
		{"by use", `typeof (function () { return this; })()[String.fromCharCode(95)].map`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := load(t, handler(`request.SetHeaders.X = `+c.expr+`; return m.ReturnData(request, {});`))
			x := exchange()
			must(t, p, x, abi.Pre)
			if got := field(x.Request.Header, "X"); got != "function" {
				t.Errorf("typeof _ = %q, want function", got)
			}
		})
	}
}

func TestLogLinesGoToThePluginLog(t *testing.T) {
	var out, raw bytes.Buffer
	logger := zerolog.New(&out)
	p := loadSpec(t, jsvm.Config{Logger: &logger, Raw: &raw}, abi.Spec{Name: "p", Entry: "m"}, handler(`
		log("foo", "bar"); log({a: 1}); rawlog('{"x": 1}');
		console.warn("a", 1, [2, 3]); console.assert(false, "odd"); console.time("t"); console.timeEnd("t");
		return m.ReturnData(request, {});`))
	must(t, p, exchange(), abi.Pre)
	fields := `"plugin":"p","api_id":"orders","org_id":"acme","request_id":"r1","message":`
	for _, want := range []string{
		`{"level":"info","prefix":"jsvm","type":"log-msg",` + fields + `"foo"}`,
		`"type":"log-msg",` + fields + `"[object Object]"}`,
		`{"level":"warn","prefix":"jsvm","type":"console",` + fields + `"a 1 2,3"}`,
		`"assertion failed: odd"`, `"t: `,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("log has no %s:\n%s", want, out.String())
		}
	}
	if got, want := raw.String(), "{\"x\": 1}\n"; got != want {
		t.Errorf("raw log = %q, want %q", got, want)
	}
}

func TestLogFloodIsCut(t *testing.T) {
	var out bytes.Buffer
	logger := zerolog.New(&out)
	p := loadSpec(t, jsvm.Config{Logger: &logger}, abi.Spec{Entry: "m"}, handler(`
		var s = "x"; while (s.length < 200000) { s += s; }
		for (var i = 0; i < 100; i++) { log(s); }
		return m.ReturnData(request, {});`))
	must(t, p, exchange(), abi.Pre)
	if out.Len() > 512<<10 {
		t.Errorf("the log has %d bytes", out.Len())
	}
	if !strings.Contains(out.String(), "log-limit") {
		t.Error("nothing says that lines were dropped")
	}
}

func TestCallWithoutADeadlineHasOne(t *testing.T) {
	p := loadSpec(t, jsvm.Config{CallTimeout: short}, abi.Spec{Entry: "m"}, handler(`for (;;) {}`))
	x := exchange()
	x.Begin(abi.Pre, time.Time{})
	if _, err := p.Call(x); abi.KindOf(err) != abi.Timeout {
		t.Errorf("Call() = %v, want timeout", err)
	}
}
