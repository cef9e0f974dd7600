package jsvm_test

import (
	"encoding/base64"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dop251/goja"
	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/jsapi"
	"github.com/c386954a/sallyport/internal/tyk/object"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

// Scripts that use underscore, added to a hook whose object is named m.
const (
	someUnderscore = `
m.NewProcessRequest((function (inner) {
	return function (request, session, spec) {
		_.contains(_.map(["a", "abc"], function (s) { return s.length; }), 3);
		return inner.call(this, request, session, spec);
	};
})(m.ProcessRequest));`
	allUnderscore = someUnderscore + "\nvar kept = _;"
)

// jsonBody edits a body of JSON.
var jsonBody = handler(`
	var data = JSON.parse(request.Body);
	data.seen = data.items.length;
	request.Body = JSON.stringify(data);
	request.SetHeaders["X-Seen"] = String(data.seen);
	request.SetHeaders["X-Kind"] = "json";
	return m.ReturnData(request, {});`)

// kilobyte is a JSON body of about 1 KB.
var kilobyte = []byte(`{"items":[` + strings.Repeat(`{"id":12345,"name":"a name","tags":["x","y"]},`, 20) + `null]}`)

// work is a hook and the request that it gets.
type work struct {
	name, script string
	body         []byte
}

func works(tb testing.TB) []work {
	tb.Helper()
	script, err := os.ReadFile(headersJS)
	if err != nil {
		tb.Fatal(err)
	}
	return []work{
		{"header hook", strings.ReplaceAll(string(script), "headers", "m"), nil},
		{"body hook", jsonBody, kilobyte},
	}
}

// exchange is a request with ten header fields.
func (w *work) exchange() *abi.Exchange {
	x := exchange()
	for _, f := range [][2]string{
		{"Authorization", "Bearer acme.s"},
		{"Accept-Encoding", "gzip, br"},
		{"Accept-Language", "en"},
		{"Cache-Control", "no-cache"},
		{"Content-Type", "application/json"},
		{"X-Request-Id", "0123456789abcdef"},
	} {
		x.Request.Header = append(x.Request.Header, abi.Field{Name: []byte(f[0]), Value: []byte(f[1])})
	}
	x.Request.Body = w.body
	return x
}

// BenchmarkHooks compares what a request costs: the old way, ours, and a fresh
// runtime of another interpreter. See README.md, which has the figures.
func BenchmarkHooks(b *testing.B) {
	for _, w := range works(b) {
		for _, c := range []struct {
			name string
			call func() func()
		}{
			{"old way", func() func() { return w.oldWay(b) }},
			{"jsvm", func() func() { return w.ours(b, "") }},
			{"jsvm, some underscore", func() func() { return w.ours(b, someUnderscore) }},
			{"jsvm, all underscore", func() func() { return w.ours(b, allUnderscore) }},
			{"goja, fresh runtime", func() func() { return w.fresh(b) }},
		} {
			b.Run(w.name+"/"+c.name, func(b *testing.B) { measure(b, c.call()) })
		}
	}
}

// BenchmarkCopies compares requests with copies of what they use and with otto's
// own copies, by kind of script. See README.md.
func BenchmarkCopies(b *testing.B) {
	ten := works(b)[0]
	unused := ten.script + "\nvar kept = function () { return _; };"
	thousand := ten.script + strings.Repeat("\nfunction helper(a, b) {\n\tvar c = a || {};\n\tc.b = b;\n\treturn c;\n}", 166)
	for i := range 166 {
		thousand = strings.Replace(thousand, "function helper(", "function helper"+strconv.Itoa(i)+"(", 1)
	}
	for _, c := range []struct{ name, script string }{
		{"ten lines", ten.script},
		{"underscore, unused", unused},
		{"underscore, used", ten.script + allUnderscore},
		{"thousand lines", thousand},
	} {
		w := work{name: c.name, script: c.script}
		b.Run(c.name+"/lazy", func(b *testing.B) { measure(b, w.ours(b, "")) })
		b.Run(c.name+"/complete", func(b *testing.B) {
			defer jsvm.CopyCompletely()()
			measure(b, w.ours(b, ""))
		})
	}
}

// measure reports the processor time of the whole process beside the time, so
// that what is done ahead of a request and the collection of garbage count.
func measure(b *testing.B, call func()) {
	b.Helper()
	b.ReportAllocs()
	begun := processorTime()
	n := 0
	for b.Loop() {
		call()
		n++
	}
	b.ReportMetric(float64(processorTime()-begun)/float64(time.Microsecond)/float64(n), "cpu-µs/op")
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// ours is a call as the chain makes it.
func (w *work) ours(b *testing.B, extra string) func() {
	b.Helper()
	p := loadSpec(b, jsvm.Config{}, abi.Spec{Entry: "m", Hooks: abi.SetOf(abi.Pre), APIs: []*abi.API{benchAPI}}, w.script+extra)
	x := w.exchange()
	x.API = benchAPI
	uri, body := x.Request.URI, x.Request.Body
	return func() {
		must(b, p, x, abi.Pre)
		if field(x.Request.Header, "X-Tenant") == "" && field(x.Request.Header, "X-Seen") == "" {
			b.Fatal("the hook has not run")
		}
		y := w.exchange()
		x.Request.Header, x.Request.URI, x.Request.Body = y.Request.Header, uri, body
	}
}

var benchAPI = &abi.API{ID: "orders", Name: "orders", OrgID: "acme", Config: []byte(`{"tenant":"blue"}`)}

// arguments are the objects of the request as JSON.
func (w *work) arguments() string {
	x := w.exchange()
	return string(object.AppendRequest(nil, x)) + "," + string(object.AppendSession(nil, nil)) + "," +
		string(object.AppendSpec(nil, x.API, abi.Pre, nil))
}

// oldWay copies a VM with all of underscore for every request, and hands it
// the request as source text.
func (w *work) oldWay(b *testing.B) func() {
	b.Helper()
	vm := otto.New()
	for name, f := range plainFunctions {
		if err := vm.Set(name, f); err != nil {
			b.Fatal(err)
		}
	}
	for _, text := range []string{jsapi.Underscore(), bareCore, w.script} {
		if _, err := vm.Run(text); err != nil {
			b.Fatal(err)
		}
	}
	return func() {
		v, err := vm.Copy().Run("m.DoProcessRequest(" + w.arguments() + ")")
		if err != nil || !v.IsString() {
			b.Fatal(v, err)
		}
		decoded(b, v.String())
	}
}

// fresh makes a new runtime of goja for every request, without underscore.
func (w *work) fresh(b *testing.B) func() {
	b.Helper()
	var programs []*goja.Program
	for _, text := range []string{bareCore, w.script} {
		p, err := goja.Compile("script.js", text, false)
		if err != nil {
			b.Fatal(err)
		}
		programs = append(programs, p)
	}
	return func() {
		vm := goja.New()
		for name, f := range plainFunctions {
			if err := vm.Set(name, f); err != nil {
				b.Fatal(err)
			}
		}
		for _, p := range programs {
			if _, err := vm.RunProgram(p); err != nil {
				b.Fatal(err)
			}
		}
		v, err := vm.RunString("m.DoProcessRequest(" + w.arguments() + ")")
		if err != nil {
			b.Fatal(err)
		}
		decoded(b, v.String())
	}
}

// bareCore is our own TykJS, with nothing to do for the host.
var bareCore = "(" + jsapi.Core() + ")(this, {keepBytes: function () {}});"

// plainFunctions are what both need of a host.
var plainFunctions = map[string]func(string) string{
	"log":    func(string) string { return "" },
	"b64dec": func(s string) string { out, _ := base64.StdEncoding.DecodeString(s); return string(out) },
	"b64enc": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
}

func decoded(b *testing.B, result string) {
	b.Helper()
	if _, err := object.ParseRequest([]byte(result)); err != nil {
		b.Fatal(err)
	}
}
