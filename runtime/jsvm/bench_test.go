package jsvm_test

import (
	"encoding/base64"
	"os"
	"strings"
	"testing"

	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/abi/tykjs"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

// uses is how scripts use underscore: a few of its functions.
const uses = `
function used(list) { return _.contains(_.map(list, function (s) { return s.length; }), 3); }
headers.NewProcessRequest((function (inner) {
	return function (request, session, spec) { used(["a", "abc"]); return inner.call(this, request, session, spec); };
})(headers.ProcessRequest));`

// BenchmarkHeaderHook is the header hook with everything a request costs on
// the processor, making the copy of its VM included.
func BenchmarkHeaderHook(b *testing.B) {
	script, err := os.ReadFile(headersJS)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct{ name, extra string }{
		{"without underscore", ""},
		{"with underscore", uses},
		{"with all of underscore", uses + "\nvar kept = _;"},
	} {
		b.Run(c.name, func(b *testing.B) {
			p := loadSpec(b, jsvm.Config{}, abi.Spec{Entry: "headers"}, string(script)+c.extra)
			x := exchange()
			x.Request.Header = append(x.Request.Header, abi.Field{Name: []byte("Authorization"), Value: []byte("Bearer acme.s")})
			b.ReportAllocs()
			for b.Loop() {
				must(b, p, x, abi.Pre)
			}
		})
	}
}

// jsonBody edits a body of JSON.
const jsonBody = `
	var data = JSON.parse(request.Body);
	data.seen = data.items.length;
	request.Body = JSON.stringify(data);
	return m.ReturnData(request, {});`

// kilobyte is a JSON body of about 1 KB.
var kilobyte = []byte(`{"items":[` + strings.Repeat(`{"id":12345,"name":"a name","tags":["x","y"]},`, 20) + `null]}`)

// BenchmarkBodyHook is a hook that edits a JSON body of 1 KB.
func BenchmarkBodyHook(b *testing.B) {
	p := load(b, handler(jsonBody))
	b.ReportAllocs()
	for b.Loop() {
		x := exchange()
		x.Request.Body = kilobyte
		must(b, p, x, abi.Pre)
	}
}

// BenchmarkOldWay is what the hooks are compared with: a copy for every
// request of a VM that has underscore, and the hook as source text.
func BenchmarkOldWay(b *testing.B) {
	for _, c := range []struct{ name, hook string }{
		{"copy only", ""},
		{"header hook", `request.SetHeaders["X-Tenant"] = "acme"; request.DeleteHeaders.push("X-Debug"); return m.ReturnData(request, {});`},
		{"body hook", jsonBody},
	} {
		b.Run(c.name, func(b *testing.B) {
			vm := oldWay(b, c.hook)
			body := base64.StdEncoding.EncodeToString(kilobyte)
			b.ReportAllocs()
			for b.Loop() {
				vm := vm.Copy()
				if c.hook == "" {
					continue
				}
				if _, err := vm.Run(`m.DoProcessRequest({"Headers":{"Accept":["a","b"],"User-Agent":["curl/8"]},"SetHeaders":{},"DeleteHeaders":[],` +
					`"Body":"` + body + `","ReturnOverrides":{}}, {"meta_data":null}, {"config_data":{}});`); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// oldWay is a VM as gateways of old make it.
func oldWay(b *testing.B, hook string) *otto.Otto {
	b.Helper()
	vm := otto.New()
	for name, f := range map[string]func(string) string{
		"b64dec": func(s string) string { out, _ := base64.StdEncoding.DecodeString(s); return string(out) },
		"b64enc": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	} {
		if err := vm.Set(name, f); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := vm.Run(tykjs.Underscore() + `;
		function Middleware() {}
		Middleware.prototype.ReturnData = function (request, meta) { return {Request: request, SessionMeta: meta}; };
		Middleware.prototype.DoProcessRequest = function (request, session, spec) {
			request.Body = b64dec(request.Body);
			var result = this.ProcessRequest(request, session, spec);
			result.Request.Headers = {};
			result.Request.Body = b64enc(result.Request.Body);
			return JSON.stringify(result);
		};
		var m = new Middleware();
		m.ProcessRequest = function (request, session, spec) {` + hook + `};`); err != nil {
		b.Fatal(err)
	}
	return vm
}
