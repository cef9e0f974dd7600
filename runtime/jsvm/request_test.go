package jsvm_test

import (
	"testing"

	"github.com/c386954a/sallyport/abi"
)

func TestRequestHookEditsTheRequest(t *testing.T) {
	p := load(t, handler(`
		request.SetHeaders["x-agent"] = request.Headers["User-Agent"][0];
		request.SetHeaders["X-Accept"] = request.Headers["Accept"].join("+");
		request.SetHeaders["X-Host"] = request.Headers.Host[0];
		request.SetHeaders["X-Tenant"] = spec.config_data.tenant;
		request.AddHeaders["X-More"] = ["1", "2"];
		request.DeleteHeaders.push("X-Debug");
		request.AddParams["d"] = "4";
		request.DeleteParams.push("b");
		request.SetMethod = "PUT";
		request.SetHost = "other.example.com";
		request.Body = "new";
		return m.ReturnData(request, {});`))
	x := exchange()
	if v := must(t, p, x, abi.Pre); v != abi.Continue {
		t.Fatalf("verdict = %v, want continue", v)
	}
	for _, c := range []struct{ what, got, want string }{
		{"X-Agent", field(x.Request.Header, "X-Agent"), "curl/8"},
		{"X-Accept", field(x.Request.Header, "X-Accept"), "a+b"},
		{"X-Host", field(x.Request.Header, "X-Host"), "api.example.com"},
		{"X-Tenant", field(x.Request.Header, "X-Tenant"), "blue"},
		{"X-More", field(x.Request.Header, "X-More"), "1|2"},
		{"X-Debug", field(x.Request.Header, "X-Debug"), ""},
		{"URI", string(x.Request.URI), "/orders/7?c=2&d=4"},
		{"method", string(x.Request.Method), "PUT"},
		{"host", string(x.Request.Host), "other.example.com"},
		{"body", string(x.Request.Body), "new"},
	} {
		if c.got != c.want {
			t.Errorf("%s = %q, want %q", c.what, c.got, c.want)
		}
	}
}
