package js_test

import (
	"encoding/base64"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dop251/goja"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/jsapi"
	"github.com/c386954a/sallyport/internal/tyk/object"
	"github.com/c386954a/sallyport/runtime/wasm"
)

// headersJS is the header hook of the examples.
const headersJS = "../../../../examples/jsvm-headers/headers.js"

// jsonBody edits a body of JSON.
const jsonBody = `
	var data = JSON.parse(request.Body);
	data.seen = data.items.length;
	request.Body = JSON.stringify(data);`

// kilobyte is a JSON body of about 1 KB.
var kilobyte = []byte(`{"items":[` + strings.Repeat(`{"id":12345,"name":"a name","tags":["x","y"]},`, 20) + `null]}`)

// work is a script and a request for it.
type work struct {
	name, text, entry string
	body              []byte
}

func works(tb testing.TB) []work {
	tb.Helper()
	text, err := os.ReadFile(headersJS)
	if err != nil {
		tb.Fatal(err)
	}
	return []work{
		{"header hook", string(text), "headers", nil},
		{"body hook", handler(jsonBody), "mw", kilobyte},
	}
}

// BenchmarkHook is one call of a hook, reset included.
func BenchmarkHook(b *testing.B) {
	for _, w := range works(b) {
		for _, c := range []struct {
			name, config string
			mode         abi.Mode
		}{
			{"fresh", "", abi.Fresh},
			{"fresh, compat otto", `{"compat":"otto"}`, abi.Fresh},
			{"pooled", "", abi.Pooled},
		} {
			b.Run(w.name+"/"+c.name, func(b *testing.B) {
				s := script(b, w.text)
				s.Entry, s.Config, s.Instances.Mode = w.entry, []byte(c.config), c.mode
				p := loadIn(b, newRuntime(b, wasm.Config{}), s)
				x := exchange()
				deadline := time.Now().Add(time.Hour)
				b.ReportAllocs()
				begin := cpu(b)
				for b.Loop() {
					x.Request.Body = w.body
					x.Begin(abi.Pre, deadline)
					if _, err := p.Call(x); err != nil {
						b.Fatal(err)
					}
					x.Discard()
				}
				b.ReportMetric((cpu(b)-begin)/float64(b.N), "cpu-ns/op")
			})
		}
	}
}

// BenchmarkGoja is what the hooks are compared with: the same script on goja,
// in a runtime that is made for each request out of compiled programs.
func BenchmarkGoja(b *testing.B) {
	for _, w := range works(b) {
		for _, c := range []struct {
			name       string
			underscore bool
		}{{"fresh", false}, {"fresh with underscore", true}} {
			b.Run(w.name+"/"+c.name, func(b *testing.B) {
				g := newReference(b, w, c.underscore)
				x := exchange()
				x.Hook, x.Request.Body = abi.Pre, w.body
				b.ReportAllocs()
				begin := cpu(b)
				for b.Loop() {
					g.call(b, x)
				}
				b.ReportMetric((cpu(b)-begin)/float64(b.N), "cpu-ns/op")
			})
		}
	}
}

// reference runs a script on goja.
type reference struct {
	programs []*goja.Program
	entry    string
	session  string
}

func newReference(tb testing.TB, w work, underscore bool) *reference {
	tb.Helper()
	g := &reference{entry: w.entry, session: string(object.AppendSession(nil, nil))}
	texts := []string{jsapi.Core() + "(this, {keepBytes: function () {}})", w.text}
	if underscore {
		texts = append([]string{jsapi.Underscore()}, texts...)
	}
	for _, text := range texts {
		p, err := goja.Compile("", text, false)
		if err != nil {
			tb.Fatal(err)
		}
		g.programs = append(g.programs, p)
	}
	return g
}

func (g *reference) call(tb testing.TB, x *abi.Exchange) {
	vm := goja.New()
	for name, f := range map[string]any{
		"b64dec": func(s string) string { out, _ := base64.StdEncoding.DecodeString(s); return string(out) },
		"b64enc": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"log":    func(string) {},
	} {
		if err := vm.Set(name, f); err != nil {
			tb.Fatal(err)
		}
	}
	for _, p := range g.programs {
		if _, err := vm.RunProgram(p); err != nil {
			tb.Fatal(err)
		}
	}
	v, err := vm.RunString(g.entry + ".DoProcessRequest(" + string(object.AppendRequest(nil, x)) + "," + g.session + "," +
		string(object.AppendSpec(nil, x.API, x.Hook, nil)) + ")")
	if err != nil {
		tb.Fatal(err)
	}
	r, err := object.ParseRequest([]byte(v.String()))
	if err != nil {
		tb.Fatal(err)
	}
	x.Begin(abi.Pre, time.Time{})
	if _, err := r.Apply(x); err != nil {
		tb.Fatal(err)
	}
	x.Discard()
}
