package jsvm_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

// short is the deadline of scripts that never end.
const short = 50 * time.Millisecond

func TestThrowIsATrapThatNamesItsPosition(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"error", `throw new Error("boom");`, "script.js:3:11: Error: boom"},
		{"string", `throw "boom";`, "script.js:3:1: uncaught boom"},
		{"number", `throw 42;`, "script.js:3:1: uncaught 42"},
		{"object", `throw {code: 1};`, "script.js:3:1: uncaught [object Object]"},
		{"undefined", `throw undefined;`, "script.js:3:1: uncaught undefined"},
		{"null", `throw null;`, "script.js:3:1: uncaught null"},
		{"reference", `missing();`, "script.js:3:1: ReferenceError: 'missing' is not defined"},
		{"member", `var a; a.b;`, `script.js:3:8: TypeError: Cannot access member "b" of undefined`},
		{"own type", `throw new RangeError("far");`, "script.js:3:11: RangeError: far"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := call(t, load(t, handler(c.body)), exchange(), abi.Pre)
			if abi.KindOf(err) != abi.Trap || !strings.HasSuffix(err.Error(), c.want) {
				t.Errorf("Call() = %v, want trap: …%s", err, c.want)
			}
		})
	}
}

func TestEndlessScriptsAreTimeouts(t *testing.T) {
	for _, c := range []struct{ name, body string }{
		{"for", `for (;;) {}`},
		{"for without a body", `for (;;);`},
		{"while", `while (true) {}`},
		{"do", `do {} while (true);`},
		{"labels", `a: for (;;) { for (;;) { continue a; } }`},
		{"catch", `for (;;) { try { for (;;) {} } catch (e) {} }`},
		{"finally", `function f() { try { for (;;) {} } finally { f(); } } f();`},
		{"calls", `function f(n) { return n < 2 ? 1 : f(n - 1) + f(n - 2); } f(90);`},
		{"getter", `var o = {get x() { for (;;) {} }}; o.x;`},
		{"callback", `[1, 2].map(function () { for (;;) {} });`},
		{"eval", `eval("for (;;) {}");`},
		{"eval, caught", `for (;;) { eval("try { for (;;) {} } catch (e) {}"); }`},
		{"indirect eval", `eval.call(null, "for (;;) {}");`},
		{"hidden eval", `(function () { return this; })()["ev" + "al"]("for (;;) {}");`},
		{"function", `new Function("for (;;) {}")();`},
		{"constructor", `(function () {}).constructor("for (;;) {}")();`},
		{"hidden constructor", `var c = "const" + "ructor"; "x"[c][c]("for (;;) {}")();`},
		{"underscore", `_.each([1], function () { for (;;) {} });`},
		{"memory", `var a = []; while (true) { a.push(1); }`},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := exchange()
			_, err := callWithin(load(t, handler(c.body)), x, abi.Pre, short)
			if abi.KindOf(err) != abi.Timeout {
				t.Errorf("Call() = %v, want timeout", err)
			}
		})
	}
}

func TestClientThatLeavesStopsTheScript(t *testing.T) {
	x, gone := exchange(), make(chan struct{})
	x.Gone = gone
	time.AfterFunc(short, func() { close(gone) })
	_, err := callWithin(load(t, handler(`for (;;) {}`)), x, abi.Pre, time.Minute)
	if abi.KindOf(err) != abi.Cancelled {
		t.Errorf("Call() = %v, want cancelled", err)
	}
}

func TestTimeoutNamesTheLastCall(t *testing.T) {
	p := load(t, handler("b64enc('x');\nfor (;;) {}"))
	for range 50 {
		_, err := callWithin(p, exchange(), abi.Pre, 4*short)
		switch {
		case err == nil:
			t.Fatal("Call() = nil, want a timeout")
		case strings.Contains(err.Error(), "script.js:3:1: the script was still running"):
			return
		case abi.KindOf(err) == abi.Busy, !strings.Contains(err.Error(), "script.js:3"):
			// On a busy machine the script may not have come that far, or may
			// not have noticed in time that it is to end.
			t.Log(err)
		default:
			t.Fatalf("Call() = %v, want the position of the last call", err)
		}
	}
	t.Error("no timeout has named the position of the last call")
}

func TestEndlessRecursionIsARangeError(t *testing.T) {
	p := loadSpec(t, jsvm.Config{}, abi.Spec{Entry: "m", Instances: abi.Instances{Max: 50}},
		handler(`function f() { f(); } f();`))
	var calls sync.WaitGroup
	for range 50 {
		calls.Go(func() {
			_, err := callWithin(p, exchange(), abi.Pre, 20*time.Second)
			if abi.KindOf(err) != abi.Trap || !strings.Contains(err.Error(), "RangeError: Maximum call stack size exceeded") {
				t.Errorf("Call() = %v, want a RangeError", err)
			}
		})
	}
	calls.Wait()
}

func TestScriptMayCatchARangeError(t *testing.T) {
	p := load(t, handler(`
		function f() { f(); }
		try { f(); } catch (e) { request.SetHeaders["X-Caught"] = e.name; }
		return m.ReturnData(request, {});`))
	x := exchange()
	must(t, p, x, abi.Pre)
	if got := field(x.Request.Header, "X-Caught"); got != "RangeError" {
		t.Errorf("X-Caught = %q, want RangeError", got)
	}
}

func TestResultsThatAreNotValidAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, body string
		kind       abi.Kind
		want       string
	}{
		{"undefined", ``, abi.Protocol, "no result"},
		{"null", `return null;`, abi.Protocol, "no result"},
		{"no request", `return {};`, abi.Trap, "TypeError"},
		{"number", `return 7;`, abi.Trap, "TypeError"},
		{"header number", `request.SetHeaders.X = 1; return m.ReturnData(request, {});`, abi.Protocol, "SetHeaders"},
		{"header list", `request.SetHeaders.X = ["a"]; return m.ReturnData(request, {});`, abi.Protocol, "SetHeaders"},
		{"header map", `request.SetHeaders = []; return m.ReturnData(request, {});`, abi.Protocol, "SetHeaders"},
		{"delete", `request.DeleteHeaders = "X"; return m.ReturnData(request, {});`, abi.Protocol, "DeleteHeaders"},
		{"code text", `request.ReturnOverrides.ResponseCode = "401"; return m.ReturnData(request, {});`, abi.Protocol, "ResponseCode"},
		{"code fraction", `request.ReturnOverrides.ResponseCode = 401.5; return m.ReturnData(request, {});`, abi.Protocol, "ResponseCode"},
		{"meta nested", `return m.ReturnData(request, {a: {}});`, abi.Protocol, "SessionMeta"},
		{"session text", `return {Request: request, Session: "text"};`, abi.Protocol, "Session"},
		{"session rate", `return {Request: request, Session: {rate: "1"}};`, abi.Protocol, "rate"},
		{"CR LF", `request.SetHeaders.X = "a\r\nY: b"; return m.ReturnData(request, {});`, abi.Protocol, "header value"},
		{"CR LF in Host", `request.SetHeaders.Host = "a\r\nY: b"; return m.ReturnData(request, {});`, abi.Protocol, "header value"},
		{"header name", `request.SetHeaders["X Y"] = "a"; return m.ReturnData(request, {});`, abi.Protocol, "header name"},
		{"URL", `request.Body = "new"; request.URL = "http://[::1"; return m.ReturnData(request, {});`, abi.Protocol, "URL"},
		{"code too small", `request.ReturnOverrides.ResponseCode = 42; return m.ReturnData(request, {});`, abi.Protocol, "status"},
		{"code too large", `request.ReturnOverrides.ResponseCode = 1000; return m.ReturnData(request, {});`, abi.Protocol, "status"},
		{"code negative", `request.ReturnOverrides.ResponseCode = -1; return m.ReturnData(request, {});`, abi.Protocol, "status"},
		{"circle", `var r = m.ReturnData(request, {}); r.r = r; return r;`, abi.Trap, "circular"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := exchange()
			_, err := call(t, load(t, handler(c.body)), x, abi.Pre)
			if abi.KindOf(err) != c.kind || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Call() = %v, want %v with %q", err, c.kind, c.want)
			}
			if string(x.Request.Body) != "" || string(x.Request.URI) != "/orders/7?b=1&c=2" || len(x.Request.Header) != 4 {
				t.Errorf("the request was changed: %q %q", x.Request.URI, x.Request.Body)
			}
		})
	}
}

// stuck is one step that nothing can interrupt: it writes to a hung log. The
// natives of otto are bounded, so that none takes as long.
const stuck = `rawlog("stuck");`

// hung is a log that takes long for every line.
type hung struct{}

// Write implements io.Writer.
func (hung) Write(b []byte) (int, error) {
	<-time.After(10 * short)
	return len(b), nil
}

func TestStuckNativeCallIsAbandonedOnTime(t *testing.T) {
	p := loadSpec(t, jsvm.Config{Raw: hung{}}, abi.Spec{Entry: "m"}, handler(stuck+`return m.ReturnData(request, {});`))
	_, err := callWithin(p, exchange(), abi.Pre, short)
	if abi.KindOf(err) != abi.Timeout || !strings.Contains(err.Error(), "abandoned") {
		t.Errorf("Call() = %v, want an abandoned VM", err)
	}
}

func TestTooManyStuckVMsMakeThePluginBusy(t *testing.T) {
	p := loadSpec(t, jsvm.Config{Raw: hung{}}, abi.Spec{Entry: "m", Instances: abi.Instances{Max: 1}}, handler(stuck))
	if _, err := callWithin(p, exchange(), abi.Pre, short); abi.KindOf(err) != abi.Timeout {
		t.Fatalf("first Call() = %v, want timeout", err)
	}
	if _, err := callWithin(p, exchange(), abi.Pre, short); abi.KindOf(err) != abi.Busy {
		t.Errorf("second Call() = %v, want busy", err)
	}
}

func TestNoFreeVMInTimeIsBusy(t *testing.T) {
	p := loadSpec(t, jsvm.Config{}, abi.Spec{Entry: "m", Instances: abi.Instances{Max: 1}}, handler(`for (;;) {}`))
	var first sync.WaitGroup
	begun := make(chan struct{})
	first.Go(func() {
		close(begun)
		_, _ = callWithin(p, exchange(), abi.Pre, 10*short)
	})
	<-begun
	kinds := map[abi.Kind]bool{}
	for range 3 {
		_, err := callWithin(p, exchange(), abi.Pre, short)
		kinds[abi.KindOf(err)] = true
	}
	first.Wait()
	if !kinds[abi.Busy] {
		t.Errorf("kinds = %v, want busy among them", kinds)
	}
}

func TestCloseWaitsForCallsInFlight(t *testing.T) {
	r := jsvm.New(jsvm.Config{})
	p, err := r.Load(t.Context(), abi.Spec{Source: write(t, handler(`for (;;) {}`)), Entry: "m"})
	if err != nil {
		t.Fatal(err)
	}
	var calls sync.WaitGroup
	begun := make(chan struct{}, 4)
	for range 4 {
		calls.Go(func() {
			begun <- struct{}{}
			if _, err := callWithin(p, exchange(), abi.Pre, 4*short); abi.KindOf(err) != abi.Timeout {
				t.Errorf("Call() = %v, want timeout", err)
			}
		})
	}
	for range 4 {
		<-begun
	}
	calls.Wait()
	if err := p.Close(context.Background()); err != nil {
		t.Errorf("Close() = %v", err)
	}
}

func TestCloseGivesUpWhenItsContextEnds(t *testing.T) {
	r := jsvm.New(jsvm.Config{Raw: hung{}})
	p, err := r.Load(t.Context(), abi.Spec{Source: write(t, handler(stuck)), Entry: "m"})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = callWithin(p, exchange(), abi.Pre, short)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.Close(ctx); err == nil {
		t.Error("Close() = nil, want an error: a VM is still running")
	}
	if err := p.Close(context.Background()); err != nil {
		t.Errorf("second Close() = %v", err)
	}
}

func TestGlobalsDoNotLeakBetweenCalls(t *testing.T) {
	p := load(t, "var n = 0, list = [];\n"+handler(`
		n++; list.push(n); undeclared = (typeof undeclared === "undefined") ? 1 : 2;
		TykJS.seen = (TykJS.seen || 0) + 1; String.prototype.seen = (String.prototype.seen || 0) + 1;
		request.SetHeaders["X-N"] = [n, list.length, undeclared, TykJS.seen, "".seen].join(" ");
		return m.ReturnData(request, {});`))
	for range 3 {
		x := exchange()
		must(t, p, x, abi.Pre)
		if got := field(x.Request.Header, "X-N"); got != "1 1 1 1 1" {
			t.Errorf("X-N = %q, want all ones", got)
		}
	}
}
