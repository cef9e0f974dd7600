package jsvm_test

import (
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm"
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

func TestUntouchedRequestStaysAsItIs(t *testing.T) {
	p := load(t, handler(`return m.ReturnData(request, {});`))
	x := exchange()
	x.Request.URI = []byte("/a%2F%2Fb+c/%C3%A9/%zz?q=%20+%E4&&x;\xff")
	x.Request.Body = []byte("a\xff\x00b")
	must(t, p, x, abi.Pre)
	if x.Edited(abi.RequestURI | abi.RequestBody | abi.RequestHeader | abi.RequestMethod | abi.SessionPart | abi.MetaPart) {
		t.Error("the request was edited")
	}
}

func TestBinaryBodySurvivesAnEdit(t *testing.T) {
	p := load(t, handler(`request.Body += " appended"; return m.ReturnData(request, {});`))
	x := exchange()
	body := "caf\u00e9 \uffff \x00 \u2028 \xff."
	x.Request.Body = []byte(body)
	must(t, p, x, abi.Pre)
	must(t, p, x, abi.Post)
	if got, want := string(x.Request.Body), body+" appended appended"; got != want {
		t.Errorf("body = %q, want %q", got, want)
	}
}

func TestBodyOfTheRequest(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"undefined", `request.Body = undefined;`, ""},
		{"null", `request.Body = null;`, ""},
		{"deleted", `delete request.Body;`, ""},
		{"number", `request.Body = 7;`, "7"},
		{"ignored", `request.Body = "new"; request.IgnoreBody = true;`, "old"},
		{"empty", `request.Body = "";`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := load(t, handler(c.body+`return m.ReturnData(request, {});`))
			x := exchange()
			x.Request.Body = []byte("old")
			must(t, p, x, abi.Pre)
			if got := string(x.Request.Body); got != c.want {
				t.Errorf("body = %q, want %q", got, c.want)
			}
		})
	}
}

func TestURLOfTheRequest(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"path", `request.URL = "/new";`, "/new"},
		{"absolute", `request.URL = "https://other.example.com/a?b#c";`, "/a?b"},
		{"empty", `request.URL = "";`, "/"},
		{"missing", `delete request.URL;`, "/"},
		{"relative", `request.URL = "a/b";`, "/a/b"},
		{"escapes stay", `request.URL = "/a%2Fb/%C3%A9?x=%20+%E4&&y";`, "/a%2Fb/%C3%A9?x=%20+%E4&&y"},
		{"unsafe bytes", `request.URL = "/a b/\u00e9?c d=\u00e9";`, "/a%20b/%C3%A9?c%20d=%C3%A9"},
		{"query of the new URL", `request.URL = "/n?z=1"; request.AddParams.a = "x y";`, "/n?a=x+y&z=1"},
		{"same parameters", `request.AddParams.b = "1"; request.DeleteParams = ["nope"];`, "/orders/7?b=1&c=2"},
		{"all parameters gone", `request.DeleteParams = ["b", "c"];`, "/orders/7"},
		{"list", `request.ExtendedParams.b = ["2", "3"];`, "/orders/7?b=1&b=2&b=3&c=2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := load(t, handler(c.body+`return m.ReturnData(request, {});`))
			x := exchange()
			must(t, p, x, abi.Pre)
			if got := string(x.Request.URI); got != c.want {
				t.Errorf("URI = %q, want %q", got, c.want)
			}
		})
	}
}

func TestReturnOverrides(t *testing.T) {
	for _, c := range []struct {
		name, body, content string
		status              int
		want, kind          string
	}{
		{"forced", `o.ResponseCode = 202; o.ResponseBody = "ok";`, "", 202, "ok", ""},
		{"error replaces body", `o.ResponseCode = 200; o.ResponseBody = "a"; o.ResponseError = "b";`, "", 200, "b", ""},
		{"error reply", `o.ResponseCode = 400; o.ResponseBody = "a \"<b>\"\n";`, "", 400, "{\n    \"error\": \"a \\\"<b>\\\"\\n\"\n}", "application/json"},
		{"scripted type", `o.ResponseCode = 400; o.ResponseHeaders["content-type"] = "text/x";`, "", 400, "{\n    \"error\": \"\"\n}", "application/json"},
		{
			"error reply in XML", `o.ResponseCode = 500; o.ResponseError = "<a>";`, "text/xml; charset=utf-8", 500,
			"<?xml version = \"1.0\" encoding = \"UTF-8\"?>\n<error>&lt;a&gt;</error>\n", "text/xml",
		},
		{"override", `o.ResponseCode = 401; o.ResponseBody = "a"; o.OverrideError = true;`, "", 401, "a", ""},
		{"binary", `o.ResponseCode = 200; o.ResponseBody = b64dec("/wA=");`, "", 200, "\xff\x00", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := load(t, handler(`var o = request.ReturnOverrides; o.ResponseHeaders = {"X-Foo": "Bar"};`+c.body+`
				return m.ReturnData(request, {});`))
			x := exchange()
			if c.content != "" {
				x.Request.Header = append(x.Request.Header, abi.Field{Name: []byte("Content-Type"), Value: []byte(c.content)})
			}
			if v := must(t, p, x, abi.Pre); v != abi.Respond || x.Reply.Status != c.status {
				t.Errorf("verdict = %v with status %d, want respond with %d", v, x.Reply.Status, c.status)
			}
			if got := string(x.Reply.Body); got != c.want {
				t.Errorf("body = %q, want %q", got, c.want)
			}
			if got := field(x.Reply.Header, "Content-Type"); got != c.kind {
				t.Errorf("Content-Type = %q, want %q", got, c.kind)
			}
			if got := field(x.Reply.Header, "X-Foo"); got != "Bar" {
				t.Errorf("X-Foo = %q, want Bar", got)
			}
		})
	}
}

func TestAuthSetsTheSession(t *testing.T) {
	p := load(t, handler(`
		return {Request: request, AuthValue: "k1", Session: {
			rate: 100, per: 60.5, alias: "ann", org_id: "o", is_inactive: false, tags: ["t"], meta_data: {plan: "gold", n: {a: 1}},
			access_rights: {}, unknown: 1
		}};`))
	x := exchange()
	must(t, p, x, abi.Auth)
	s := x.Session
	if s == nil || s.KeyID != "k1" || s.Rate != 100 || s.Per != 60.5 || s.Alias != "ann" || s.Metadata["plan"] != "gold" || s.Tags[0] != "t" {
		t.Errorf("session = %+v", s)
	}
}

func TestSessionIsZeroBeforeAuth(t *testing.T) {
	p := load(t, handler(`
		request.SetHeaders.X = [session.meta_data, session.basic_auth_data.password, session.monitor.trigger_limits, session.rate].join();
		request.SetHeaders.Keys = Object.keys(session).length;
		request.SetHeaders.Keys = String(request.SetHeaders.Keys);
		return m.ReturnData(request, {gone: "1"});`))
	for _, h := range []abi.Hook{abi.Pre, abi.Auth, abi.Post} {
		x := exchange()
		if h != abi.Post {
			x.Session = &abi.Session{Rate: 7}
		}
		must(t, p, x, h)
		if got := field(x.Request.Header, "X"); got != ",,,0" {
			t.Errorf("%v: session = %q, want the zero form", h, got)
		}
		if got := field(x.Request.Header, "Keys"); got != "38" {
			t.Errorf("%v: the session has %s keys, want 38", h, got)
		}
	}
}

func TestSessionMetaReplacesTheMetadata(t *testing.T) {
	p := loadSpec(t, jsvm.Config{}, abi.Spec{Entry: "m", Config: []byte(`{"require_session": true}`)}, handler(`
		request.SetHeaders.X = session.meta_data.old + session.key_id + session.rate;
		return m.ReturnData(request, {same: session.meta_data.same, updated: "new"});`))
	x := exchange()
	before := &abi.Session{KeyID: "k", Rate: 5, Metadata: map[string]any{"same": "s", "updated": "old", "old": "o"}}
	x.Session = before
	must(t, p, x, abi.Post)
	if got := field(x.Request.Header, "X"); got != "ok5" {
		t.Errorf("X = %q, want ok5", got)
	}
	if m := x.Session.Metadata; len(m) != 2 || m["same"] != "s" || m["updated"] != "new" {
		t.Errorf("metadata = %v", m)
	}
	if len(before.Metadata) != 3 {
		t.Error("the shared session was changed")
	}
}

func TestMetaReachesLaterPlugins(t *testing.T) {
	p := load(t, handler(`
		var r = m.ReturnData(request, {});
		request.SetHeaders["X-Seen"] = String(request.Meta.hop);
		r.Meta = {hop: String((+request.Meta.hop || 0) + 1)};
		return r;`))
	x := exchange()
	must(t, p, x, abi.Pre)
	must(t, p, x, abi.Post)
	if got := field(x.Request.Header, "X-Seen"); got != "1" {
		t.Errorf("X-Seen = %q, want 1", got)
	}
}

func TestKeysOfTwoSpellingsAreBothApplied(t *testing.T) {
	p := load(t, handler(`
		request.setheaders = {B: "2"}; request.SetHeaders = {A: "1"}; request.url = "/low"; request.URL = "/high";
		return {request: request, Request: request};`))
	x := exchange()
	must(t, p, x, abi.Pre)
	if got := field(x.Request.Header, "A") + field(x.Request.Header, "B") + string(x.Request.URI); got != "12/low" {
		t.Errorf("A, B, URI = %q, want 12/low", got)
	}
}

func TestNullIsZero(t *testing.T) {
	p := load(t, handler(`
		request.ReturnOverrides.ResponseCode = parseInt("x", 10); request.SetHeaders = null; request.DeleteHeaders = null;
		return {Request: request, SessionMeta: null, Session: null, AuthValue: null};`))
	if v := must(t, p, exchange(), abi.Pre); v != abi.Continue {
		t.Errorf("verdict = %v, want continue", v)
	}
}

func TestJavaScriptOfTyk(t *testing.T) {
	for _, c := range []struct{ name, expr, want string }{
		{"stringify sorts keys", `JSON.stringify({b: 1, a: {d: 1, c: 2}})`, `{"a":{"c":2,"d":1},"b":1}`},
		{"keys keep their order", `Object.keys({b: 1, 2: 1, a: 1, 1: 1}).join()`, "b,2,a,1"},
		{"headers come in byte order", `Object.keys(request.Headers).join()`, "Accept,Host,User-Agent,X-Debug"},
		{"parameters come in byte order", `JSON.stringify(request.Params)`, `{"b":["1"],"c":["2"]}`},
		{"a single value compares", `String(request.Headers["User-Agent"] == "curl/8")`, "true"},
		{"b64enc", `b64enc("teststring")`, "dGVzdHN0cmluZw=="},
		{"b64dec", `b64dec("dGVzdHN0cmluZw==")`, "teststring"},
		{"b64dec without padding", `b64dec("eyJhIjoxfQ")`, `{"a":1}`},
		{"b64dec of junk", `typeof b64dec("a-_!")`, "undefined"},
		{"rawb64enc", `rawb64enc("teststring")`, "dGVzdHN0cmluZw"},
		{"rawb64dec", `rawb64dec("dGVzdHN0cmluZw")`, "teststring"},
		{"rawb64dec with padding", `typeof rawb64dec("dGVzdHN0cmluZw==")`, "undefined"},
		{"spec", `spec.APIID + spec.OrgID + JSON.stringify(spec.config_data)`, `ordersacme{"tenant":"blue"}`},
		{"TykJsResponse", `TykJsResponse({Code: 1}, {a: 1})`, `{"Response":{"Code":1},"SessionMeta":{"a":1}}`},
		{"configuration", `new TykJS.TykMiddleware.NewMiddleware({a: "b"}).configuration.a`, "b"},
		{"this", `String(this === m)`, "true"},
		{"thrown values are not changed", `(function () { var o = {}; try { throw o; } catch (e) { return String(e === o); } })()`, "true"},
		{"functions print as written", `(function (a) { return a; }).toString()`, "function (a) { return a; }"},
		{"Function is its own kind", `String((function () {}) instanceof Function && (function () {}).constructor === Function)`, "true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := load(t, handler(`request.SetHeaders["X-Result"] = `+c.expr+`; return m.ReturnData(request, {});`))
			x := exchange()
			must(t, p, x, abi.Pre)
			if got := field(x.Request.Header, "X-Result"); got != c.want {
				t.Errorf("%s = %q, want %q", c.expr, got, c.want)
			}
		})
	}
}
