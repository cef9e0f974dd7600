package js_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
)

func TestErrorsNameThePlaceInTheScript(t *testing.T) {
	for _, c := range []struct {
		name, body string
		kind       abi.Kind
		want       string
	}{
		{"throw", `throw new Error("no");`, abi.Trap, "mw.js:3:11: Error: no"},
		{"in a function of underscore", `_.map([1], function () { null.x; });`, abi.Trap, "mw.js:3:26: TypeError: cannot read property 'x' of null"},
		{"no error", `throw "a text";`, abi.Trap, "mw.js: uncaught a text"},
		{"no text", `throw {toString: null};`, abi.Trap, "mw.js: uncaught value that has no text"},
		{"reference", `nothing.at.all;`, abi.Trap, "mw.js:3:1: ReferenceError: nothing is not defined"},
		{"rejected", `return Promise.reject(new TypeError("later"));`, abi.Trap, "mw.js:3:27: TypeError: later"},
		{"never settled", `return new Promise(function () {});`, abi.Trap, "promise never settles"},
		{"nothing returned", `return undefined;`, abi.Protocol, "returned no result"},
		{"wrong type", `request.SetHeaders = 5;`, abi.Protocol, "Request.SetHeaders has the wrong type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := load(t, handler(c.body))
			for range 2 {
				_, err := call(p, exchange(), abi.Pre, long)
				if err == nil || abi.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.want) {
					t.Errorf("Call() = %v, want %v with %q", err, c.kind, c.want)
				}
			}
		})
	}
}

func TestWhatIsRefusedAtLoad(t *testing.T) {
	for _, c := range []struct {
		name, text string
		spec       abi.Spec
		want       string
	}{
		{"syntax", "var a = 1;\nvar b = {a:1 b:2};", abi.Spec{}, "mw.js:2:14: SyntaxError"},
		{"throw", "var a = 1;\n  throw new Error('at load');", abi.Spec{}, "mw.js:2:13: Error: at load"},
		{"endless loop", "for (;;) {}", abi.Spec{}, "mw.js: the script was still running at the deadline: it must end in time when it is loaded"},
		{"no entry", "var other = 1;", abi.Spec{}, "no object or function named mw"},
		{"no handler", "var mw = {};", abi.Spec{}, "mw has no handler"},
		{"wrong entry", "", abi.Spec{Entry: "a b"}, `entry "a b" is not the name of a JavaScript variable`},
		{"wrong hook", handler(""), abi.Spec{Hooks: abi.SetOf(abi.Pre, abi.Response)}, "mw does not implement response"},
		{"wrong digest", handler(""), abi.Spec{SHA256: strings.Repeat("0", 64)}, "sha256 is"},
		{"unknown compat", handler(""), abi.Spec{Config: []byte(`{"compat":"v8"}`)}, `compat: "v8" is not known`},
		{"config of a wrong type", handler(""), abi.Spec{Config: []byte(`{"require_session":"yes"}`)}, "require_session"},
		{"environment", handler(""), abi.Spec{Grants: abi.Grants{Env: []string{"HOME"}}}, "allow: env"},
		{"keys without a store", handler(""), abi.Spec{Grants: abi.Grants{KV: []string{"a*"}}}, "there is no store"},
		{"memory that is too small", handler(""), abi.Spec{Limits: abi.Limits{Memory: 1 << 20}}, "memory"},
		{"too much memory at load", "var a = []; for (;;) a.push({});", abi.Spec{}, "out of memory"},
		{"a module in pieces", "import x from './x.js'; export const mw = x;", abi.Spec{}, "x.js"},
		{"an await that never settles", "await new Promise(() => {}); export const mw = 1;", abi.Spec{}, "never settles"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := script(t, c.text)
			c.spec.Name, c.spec.Source = s.Name, s.Source
			if c.spec.Entry == "" {
				c.spec.Entry = s.Entry
			}
			var config wasm.Config
			if c.name == "endless loop" {
				config.StartTimeout = 10 * short // the engine has to start first
			}
			r := newRuntime(t, config)
			_, err := r.Load(context.Background(), c.spec)
			if err == nil || abi.KindOf(err) != abi.Refused || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Load() = %v, want a refusal with %q", err, c.want)
			}
		})
	}
}

func TestAMissingFileIsNamed(t *testing.T) {
	s := script(t, handler(""))
	missing := filepath.Join(t.TempDir(), "missing.js")
	for _, change := range []func(*abi.Spec){
		func(s *abi.Spec) { s.Source = missing },
		func(s *abi.Spec) { s.Preload = missing },
		func(s *abi.Spec) { s.Sources = []string{s.Source, missing} },
	} {
		broken := s
		change(&broken)
		_, err := newRuntime(t, wasm.Config{}).Load(context.Background(), broken)
		if err == nil || !strings.Contains(err.Error(), missing) {
			t.Errorf("Load() = %v, want an error that names %s", err, missing)
		}
	}
}

func TestAFaultLeavesTheExchangeAlone(t *testing.T) {
	p := load(t, handler(`request.SetHeaders["X-Said"] = "once"; request.URL = "http://[::1";`))
	x := exchange()
	_, err := call(p, x, abi.Pre, long)
	if e, ok := errors.AsType[*abi.Error](err); !ok || e.Kind != abi.Protocol || header(x, "X-Said") != "(none)" {
		t.Errorf("Call() = %v, said %q", err, header(x, "X-Said"))
	}
}
