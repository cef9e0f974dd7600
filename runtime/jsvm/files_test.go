package jsvm_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

// folder writes scripts to a folder and returns the paths in their order.
func folder(tb testing.TB, texts ...string) (paths []string) {
	tb.Helper()
	dir := tb.TempDir()
	for i, text := range texts {
		path := filepath.Join(dir, string(rune('a'+i))+".js")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// several loads a plugin and closes it at the end of the test.
func several(tb testing.TB, r *jsvm.Runtime, s abi.Spec) (abi.Plugin, error) {
	tb.Helper()
	if s.Entry == "" {
		s.Entry = "m"
	}
	if len(s.Sources) > 0 {
		s.Source = s.Sources[0]
	}
	p, err := r.Load(tb.Context(), s)
	if err == nil {
		tb.Cleanup(func() {
			if err := p.Close(context.Background()); err != nil {
				tb.Errorf("Close() = %v", err)
			}
		})
	}
	return p, err
}

// body runs a request hook and returns the body that it leaves.
func body(tb testing.TB, p abi.Plugin) string {
	tb.Helper()
	x := exchange()
	must(tb, p, x, abi.Pre)
	return string(x.Request.Body)
}

func TestFilesRunInOrderInOneNamespace(t *testing.T) {
	f := folder(t,
		`var trace = ["a"]; function name() { return "first"; }`,
		`trace.push("b"); function name() { return "second"; }`,
		handler(`request.Body = name() + trace.join(""); return m.ReturnData(request, {});`),
		`trace.push("d");`)
	p, err := several(t, jsvm.New(jsvm.Config{}), abi.Spec{Sources: f})
	if err != nil {
		t.Fatal(err)
	}
	if got := body(t, p); got != "secondabd" {
		t.Errorf("body = %q, want secondabd", got)
	}
}

func TestAFileListedTwiceRunsTwice(t *testing.T) {
	f := folder(t, `var runs = (typeof runs === "undefined" ? 0 : runs) + 1;`,
		handler(`request.Body = String(runs); return m.ReturnData(request, {});`))
	p, err := several(t, jsvm.New(jsvm.Config{}), abi.Spec{Sources: []string{f[0], f[1], f[0]}})
	if err != nil {
		t.Fatal(err)
	}
	if got := body(t, p); got != "2" {
		t.Errorf("runs = %q, want 2", got)
	}
}

func TestPreloadRunsBeforeTheHostFunctions(t *testing.T) {
	f := folder(t, `
		var seen = [typeof TykJS, typeof _, typeof console, typeof log, typeof TykMakeHttpRequest, typeof TykJsResponse].join();
		var helper = "from preload";
		function b64enc() { return "replaced"; }
		var kept = b64enc("x");
		TykJS.TykMiddleware.NewMiddleware.prototype.ReturnData = function (request, meta) { request.Body += "!"; return {Request: request, SessionMeta: meta}; };`,
		handler(`request.Body = [seen, helper, b64enc("x"), kept].join("|"); return m.ReturnData(request, {});`))
	p, err := several(t, jsvm.New(jsvm.Config{}), abi.Spec{Preload: f[0], Source: f[1]})
	if err != nil {
		t.Fatal(err)
	}
	want := "object,function,object,undefined,undefined,undefined|from preload|eA==|replaced!"
	if got := body(t, p); got != want {
		t.Errorf("body = %q, want %q", got, want)
	}
}

func TestPluginFilesMayReplaceHostFunctions(t *testing.T) {
	f := folder(t, `var b64dec = function (s) { return "mine:" + s; };`, handler(`return m.ReturnData(request, {});`))
	p, err := several(t, jsvm.New(jsvm.Config{}), abi.Spec{Sources: f})
	if err != nil {
		t.Fatal(err)
	}
	x := exchange()
	x.Request.Body = []byte("x")
	must(t, p, x, abi.Pre)
	if got := string(x.Request.Body); got != "mine:eA==" {
		t.Errorf("body = %q: DoProcessRequest has not used the script's own b64dec", got)
	}
}

func TestErrorsNameTheFileTheyAreIn(t *testing.T) {
	good := handler(`return m.ReturnData(request, {});`)
	for _, c := range []struct {
		name, preload string
		files         []string
		want          string
	}{
		{"syntax in the second", "", []string{good, "var a;\nvar b = ;"}, "b.js:2:9: SyntaxError: Unexpected token ;"},
		{"throw in the third", "", []string{good, good, "\n\n  throw new Error('no');"}, "c.js:3:13: Error: no"},
		{"preload", "\nmissing();", []string{good}, "a.js:2:1: ReferenceError: 'missing' is not defined"},
		{"preload has no host functions", "log('x');", []string{good}, "a.js:1:1: ReferenceError: 'log' is not defined"},
		{"no such file", "", []string{good, ""}, "gone.js"},
		{"no entry", "", []string{"var a;", "function b() {}"}, "The script defines a, b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := abi.Spec{}
			texts := c.files
			if c.preload != "" {
				texts = append([]string{c.preload}, texts...)
			}
			s.Sources = folder(t, texts...)
			if c.preload != "" {
				s.Preload, s.Sources = s.Sources[0], s.Sources[1:]
			}
			if c.name == "no such file" {
				s.Sources[1] = filepath.Join(filepath.Dir(s.Sources[0]), "gone.js")
			}
			_, err := several(t, jsvm.New(jsvm.Config{}), s)
			if abi.KindOf(err) != abi.Refused || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Load() = %v, want refused: …%s", err, c.want)
			}
		})
	}
}

func TestFaultsNameTheFileTheyAreIn(t *testing.T) {
	f := folder(t, "function helper() {\n  throw new Error('deep');\n}", handler(`helper();`))
	p, err := several(t, jsvm.New(jsvm.Config{}), abi.Spec{Sources: f})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := call(t, p, exchange(), abi.Pre); err == nil || !strings.Contains(err.Error(), "a.js:2:13: Error: deep") {
		t.Errorf("Call() = %v, want the position in a.js", err)
	}
}

func TestADigestIsForOneFileOnly(t *testing.T) {
	f := folder(t, "var a;", "function m() {}")
	if _, err := several(t, jsvm.New(jsvm.Config{}), abi.Spec{Sources: f, SHA256: "00"}); err == nil || !strings.Contains(err.Error(), "one file") {
		t.Errorf("Load() = %v, want it refused", err)
	}
}

func TestPluginsOfTheSameFilesRunThemOnce(t *testing.T) {
	var out lines
	logger := out.logger()
	r := jsvm.New(jsvm.Config{Logger: &logger})
	f := folder(t, `log("runs");
		var one = new TykJS.TykMiddleware.NewMiddleware({}), two = new TykJS.TykMiddleware.NewMiddleware({});
		one.NewProcessRequest(function (r) { r.Body = "one"; log("call"); return one.ReturnData(r, {}); });
		two.NewProcessResponse(function (r) { r.Body = "two"; log("call"); return two.ReturnResponseData(r, {}); });`)
	one, err1 := several(t, r, abi.Spec{Name: "p1", Source: f[0], Entry: "one", Hooks: abi.SetOf(abi.Pre)})
	two, err2 := several(t, r, abi.Spec{Name: "p2", Source: f[0], Entry: "two", Hooks: abi.SetOf(abi.Response)})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if got := out.count(`"message":"runs"`); got != 1 {
		t.Errorf("the files ran %d times, want once", got)
	}
	if one.Declares().Hooks.Has(abi.Response) || two.Declares().Hooks.Has(abi.Pre) {
		t.Errorf("hooks = %v and %v, want those of each entry", one.Declares().Hooks, two.Declares().Hooks)
	}
	x := replied("up")
	must(t, two, x, abi.Response)
	if got := body(t, one) + string(x.Reply.Body); got != "onetwo" {
		t.Errorf("bodies = %q, want onetwo", got)
	}
	if out.count(`"plugin":"p1","api_id"`) != 1 || out.count(`"plugin":"p2","api_id"`) != 1 {
		t.Errorf("log lines name the wrong plugins:\n%s", out.String())
	}
	if err := one.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	must(t, two, replied("up"), abi.Response) // the files are still there
}

func TestChangedFilesAreRunAgain(t *testing.T) {
	r := jsvm.New(jsvm.Config{})
	text := `function m() { return TykJsResponse({Code: 200, Body: "old"}, {}); }`
	path := folder(t, text)[0]
	answer := func() string {
		p, err := several(t, r, abi.Spec{Source: path})
		if err != nil {
			t.Fatal(err)
		}
		x := exchange()
		must(t, p, x, abi.Virtual)
		return string(x.Reply.Body)
	}
	before := answer()
	if err := os.WriteFile(path, []byte(strings.Replace(text, "old", "new", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := before + answer(); got != "oldnew" {
		t.Errorf("answers = %q, want oldnew", got)
	}
}
