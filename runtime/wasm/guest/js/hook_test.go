package js_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
)

// says returns what a handler of this body puts into the variable said.
func says(t *testing.T, s abi.Spec, config wasm.Config) string {
	t.Helper()
	x := exchange()
	if _, err := call(loadIn(t, newRuntime(t, config), s), x, abi.Pre, long); err != nil {
		t.Fatal(err)
	}
	return header(x, "X-Said")
}

// saying is a script whose handler says the value of an expression.
func saying(expression string) string {
	return handler(`request.SetHeaders["X-Said"] = String(` + expression + `);`)
}

func TestTheExampleForOttoRunsUnchanged(t *testing.T) {
	w := works(t)[0]
	s := script(t, w.text)
	s.Entry = w.entry
	p := loadIn(t, newRuntime(t, wasm.Config{}), s)
	x := exchange()
	if v, err := call(p, x, abi.Pre, long); v != abi.Continue || err != nil {
		t.Fatalf("Call() = %v, %v", v, err)
	}
	if header(x, "X-Tenant") != "acme" || header(x, "X-Agent") != "curl/8" || header(x, "X-Debug") != "(none)" {
		t.Errorf("header = %q", x.Request.Header)
	}
	x = exchange()
	x.Request.Header = nil
	if v, err := call(p, x, abi.Pre, long); v != abi.Respond || err != nil || x.Reply.Status != 401 {
		t.Errorf("Call() = %v, %v, status %d, want an answer 401", v, err, x.Reply.Status)
	}
}

func TestBodiesOfAnyBytesPassThroughAScript(t *testing.T) {
	p := load(t, handler(`request.Body = request.Body + "é appended";`))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 500 {
		body := make([]byte, i%200)
		for j := range body {
			body[j] = byte(random.Uint32())
		}
		x := exchange()
		x.Request.Body = bytes.Clone(body)
		if _, err := call(p, x, abi.Pre, long); err != nil {
			t.Fatal(err)
		}
		if want := string(body) + "é appended"; string(x.Request.Body) != want {
			t.Fatalf("body = %q, want %q", x.Request.Body, want)
		}
	}
}

func TestRepliesOfAnyBytesPassThroughAScript(t *testing.T) {
	p := load(t, `var mw = new TykJS.TykMiddleware.NewMiddleware({});
		mw.NewProcessResponse(function (response, request, session, spec) {
			response.Body = response.Body + "!";
			return mw.ReturnResponseData(response, {});
		});
		mw.virtual = function () {};`)
	x := exchange()
	x.Reply = abi.Reply{Status: 200, Body: []byte("a\xff\x00\xed\xa0\x80b")}
	if _, err := call(p, x, abi.Response, long); err != nil {
		t.Fatal(err)
	}
	if got := string(x.Reply.Body); got != "a\xff\x00\xed\xa0\x80b!" {
		t.Errorf("body = %q", got)
	}
}

func TestVirtualEndpointsAnswerWithAnyBytes(t *testing.T) {
	p := load(t, `function mw(request, session, spec) {
		return TykJsResponse({Body: request.Body + "\u00e9", Headers: {"X-Q": request.Params.x[0]}, Code: 202}, session.meta_data);
	}`)
	x := exchange()
	x.Request.Body = []byte("a\xfe")
	if v, err := call(p, x, abi.Virtual, long); v != abi.Respond || err != nil {
		t.Fatalf("Call() = %v, %v", v, err)
	}
	if x.Reply.Status != 202 || string(x.Reply.Body) != "a\xfe\u00e9" {
		t.Errorf("reply = %d %q", x.Reply.Status, x.Reply.Body)
	}
}

func TestModernJavaScript(t *testing.T) {
	for _, c := range []struct{ name, expression, want string }{
		{"classes and private fields", `new (class A { #x = 1; static y = 2; get sum() { return this.#x + A.y; } })().sum`, "3"},
		{"spread, defaults, nullish", `((a = 1, ...rest) => (rest[0]?.x ?? a) + [...rest].length)()`, "1"},
		{"template and destructuring", "(({a: [b]}) => `<${b}>`)({a: [7]})", "<7>"},
		{"look-around and named groups", `/(?<=\$)(?<n>\d+)/.exec("cost $42").groups.n`, "42"},
		{"map, set, symbol", `[...new Map([["a", 1]])].length + new Set([1, 1]).size + typeof Symbol()`, "2symbol"},
		{"big integers", `2n ** 70n`, "1180591620717411303424"},
		{"generators", `[...(function* () { yield 1; yield 2; })()].join()`, "1,2"},
		{"sorted, at, entries", `Object.entries({a: 1}).at(-1).join() + [3, 1].toSorted().join()`, "a,11,3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := says(t, script(t, saying(c.expression)), wasm.Config{}); got != c.want {
				t.Errorf("%s = %q, want %q", c.expression, got, c.want)
			}
		})
	}
}

func TestUnderscoreIsThere(t *testing.T) {
	if got := says(t, script(t, saying(`_.VERSION + _.chain([3, 1]).sortBy(_.identity).first().value()`)), wasm.Config{}); got != "1.13.71" {
		t.Errorf("got %q", got)
	}
}

func TestHandlersMayBeAsynchronous(t *testing.T) {
	p := load(t, `const mw = new TykJS.TykMiddleware.NewMiddleware({});
		mw.NewProcessRequest(async (request, session, spec) => {
			await null;
			for await (const v of [Promise.resolve("a"), "b"]) { request.SetHeaders["X-Said"] = v; }
			request.Body = request.Body + "!";
			return mw.ReturnData(request, {});
		});
		mw.NewProcessResponse(async (response) => { response.Body = "new"; return {Response: response}; });`)
	x := exchange()
	x.Request.Body = []byte("body")
	if _, err := call(p, x, abi.Pre, long); err != nil {
		t.Fatal(err)
	}
	if header(x, "X-Said") != "b" || string(x.Request.Body) != "body!" {
		t.Errorf("said %q, body %q", header(x, "X-Said"), x.Request.Body)
	}
	x.Reply.Status = 200
	if _, err := call(p, x, abi.Response, long); err != nil || string(x.Reply.Body) != "new" {
		t.Errorf("Call() = %v, body %q", err, x.Reply.Body)
	}
}

func TestVirtualEndpointsMayBeAsynchronous(t *testing.T) {
	p := load(t, `async function mw() { await 1; return TykJsResponse({Body: "later", Code: 200}, {}); }`)
	x := exchange()
	if v, err := call(p, x, abi.Virtual, long); v != abi.Respond || err != nil || string(x.Reply.Body) != "later" {
		t.Errorf("Call() = %v, %v, body %q", v, err, x.Reply.Body)
	}
}

func TestAModuleThatWasBundledIntoOneFile(t *testing.T) {
	s := script(t, `"use strict";
		const tenant = (value) => value.split(".")[0];
		const mw = new TykJS.TykMiddleware.NewMiddleware({});
		mw.NewProcessRequest((request) => { request.SetHeaders["X-Said"] = tenant("acme.1"); return mw.ReturnData(request, {}); });
		await null;
		export { mw as handler, mw as default };`)
	for _, entry := range []string{"handler", "default"} {
		s.Entry = entry
		if got := says(t, s, wasm.Config{}); got != "acme" {
			t.Errorf("entry %s said %q", entry, got)
		}
	}
}

func TestEventHandlers(t *testing.T) {
	var log strings.Builder
	s := script(t, `var mw = new TykJS.TykEventHandlers.NewEventHandler({});
		mw.NewHandler(async function (event, context) { await null; log(event.Type + " " + event.Meta.Path + " " + context.APIID); });`)
	p := loadIn(t, newRuntime(t, wasm.Config{Logger: logger(&log)}), s)
	x := exchange()
	x.Notice = abi.Notice{Name: []byte("AuthFailure"), Data: []byte(`{"Path":"/x"}`)}
	if _, err := call(p, x, abi.Event, long); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "AuthFailure /x a1") {
		t.Errorf("log = %s", log.String())
	}
}

func TestASessionIsGivenOnlyIfAskedFor(t *testing.T) {
	for _, c := range []struct{ config, want string }{
		{``, "null/"},
		{`{"require_session":true}`, "gold/k1"},
	} {
		s := script(t, handler(`request.SetHeaders["X-Said"] = (session.meta_data ? session.meta_data.tier : "null") + "/" + (session.key_id || "");
			session.meta_data = {left: "behind"};`))
		s.Config = []byte(c.config)
		p := loadIn(t, newRuntime(t, wasm.Config{}), s)
		for range 2 {
			x := exchange()
			x.Session = &abi.Session{KeyID: "k1", Metadata: map[string]any{"tier": "gold"}}
			if _, err := call(p, x, abi.Post, long); err != nil || header(x, "X-Said") != c.want {
				t.Errorf("config %s: %v, said %q, want %q", c.config, err, header(x, "X-Said"), c.want)
			}
		}
	}
}

func TestFilesRunInOrderAfterThePreload(t *testing.T) {
	s := script(t, `order.push("first", typeof log); var mw = null;`)
	second := script(t, `order.push("second"); var mw = new TykJS.TykMiddleware.NewMiddleware({});
		mw.NewProcessRequest(function (request) { request.SetHeaders["X-Said"] = order.join(); return mw.ReturnData(request, {}); });`)
	preload := script(t, `var order = ["preload", typeof log, typeof TykJS, typeof _, typeof TykJsResponse];`)
	s.Sources, s.Preload = []string{s.Source, second.Source, second.Source}, preload.Source
	want := "preload,undefined,object,function,undefined,first,function,second,second"
	if got := says(t, s, wasm.Config{}); got != want {
		t.Errorf("said %q, want %q", got, want)
	}
}

func TestRandomNumbersAndClocksAreLive(t *testing.T) {
	p := load(t, saying(`Math.random() + " " + Date.now()`))
	seen := map[string]bool{}
	for range 10 {
		x := exchange()
		if _, err := call(p, x, abi.Pre, long); err != nil {
			t.Fatal(err)
		}
		seen[header(x, "X-Said")] = true
	}
	if len(seen) != 10 {
		t.Errorf("saw %v", seen)
	}
}
