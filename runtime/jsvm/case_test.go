package jsvm_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

// TestAcceptanceCases plays what the acceptance cases of Tyk's compatibility
// target ask of the engine, by their names. The same cases go through a whole
// gateway elsewhere.
func TestAcceptanceCases(t *testing.T) {
	for _, c := range []struct {
		id   string
		play func(*testing.T)
	}{
		{"J1 missing object", caseMissingObject},
		{"J2 session of a wrong type", caseSessionText},
		{"J3 endless loop", caseEndlessLoop},
		{"J4 log lines", caseLogLines},
		{"J5 bytes of the body", caseBodyBytes},
		{"J6 metadata", caseMetadata},
		{"J7 session of auth_check", caseAuthSession},
		{"J8 config_data", caseConfigData},
		{"J9 header case", caseHeaderCase},
		{"J10 preload", casePreload},
		{"J11 literal request", caseLiteralRequest},
		{"J12 request to a server", caseRequest},
		{"J13 path stays", casePath},
		{"J14 base64", caseBase64},
		{"J16 query", caseQuery},
		{"J18 keyless API", caseKeyless},
		{"O1-O8 overrides", caseOverrides},
		{"G1 throw", caseThrow},
		{"G3 underscore", caseUnderscore},
		{"G4 globals", caseGlobals},
		{"G5 metadata is handed on", caseHandOn},
		{"G6 last definition", caseLastDefinition},
		{"G10 bad arguments", caseBadArguments},
		{"V1 virtual endpoint", caseVirtual},
		{"V2 no function", caseNoFunction},
		{"V3 nested metadata", caseNestedMetadata},
		{"V6 batch", caseBatch},
		{"V7 redirect", caseRedirect},
		{"R1-R5 response hook", caseResponse},
		{"X1 recursion", caseRecursion},
		{"X2 server that never answers", caseSlowServer},
		{"X3 endless load", caseEndlessLoad},
		{"X4 bad results change nothing", caseBadResults},
		{"X5 binary response", caseBinaryResponse},
		{"X6 events of two APIs", caseEvents},
		{"X7 zero session", caseZeroSession},
		{"X8 no AuthValue", caseNoAuthValue},
		{"X10 storage", caseStorage},
	} {
		t.Run(c.id, c.play)
	}
}

// fails runs a hook that has to fail, and returns the error.
func fails(t *testing.T, p abi.Plugin, x *abi.Exchange, h abi.Hook, kind abi.Kind) error {
	t.Helper()
	_, err := call(t, p, x, h)
	if abi.KindOf(err) != kind {
		t.Errorf("Call() = %v, want %v", err, kind)
	}
	return err
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s = %q, want %q", what, got, want)
	}
}

func caseMissingObject(t *testing.T) {
	if got := loadError(t, jsvm.Config{}, abi.Spec{Entry: "absent"}, "var a;"); !strings.Contains(got, "no object or function named absent") {
		t.Errorf("Load() = %s", got)
	}
	fails(t, load(t, handler(`m = undefined; undefinedThing.x; `)), exchange(), abi.Pre, abi.Trap)
}

func caseSessionText(t *testing.T) {
	fails(t, load(t, handler(`return {Request: request, Session: "text"};`)), exchange(), abi.Pre, abi.Protocol)
}

func caseEndlessLoop(t *testing.T) {
	p := load(t, handler(`for (;;) {}`))
	for _, d := range []time.Duration{time.Millisecond, short} {
		if _, err := callWithin(p, exchange(), abi.Pre, d); abi.KindOf(err) != abi.Timeout {
			t.Errorf("Call() = %v, want timeout", err)
		}
	}
}

func caseLogLines(t *testing.T) {
	var out, raw lines
	logger := out.logger()
	p := loadSpec(t, jsvm.Config{Logger: &logger, Raw: &raw}, abi.Spec{Entry: "m"},
		handler(`var j = JSON.stringify({x: "y"}); log("foo"); log(j); rawlog("foo"); rawlog(j); return m.ReturnData(request, {});`))
	must(t, p, exchange(), abi.Pre)
	if n := out.count(`{"level":"info","prefix":"jsvm","type":"log-msg","plugin":"","api_id":"orders","org_id":"acme"`); n != 2 {
		t.Errorf("%d lines of log, want 2:\n%s", n, out.String())
	}
	want(t, "raw lines", raw.String(), "foo\n{\"x\":\"y\"}\n")
}

func caseBodyBytes(t *testing.T) {
	p := load(t, handler(`request.Body += " appended"; return m.ReturnData(request, {});`))
	x, given := exchange(), "caf\u00e9 \uffff \x00 \xff end"
	x.Request.Body = []byte(given)
	must(t, p, x, abi.Pre)
	must(t, p, x, abi.Post)
	want(t, "body", string(x.Request.Body), given+" appended appended")
}

// withSession is a plugin that is given the session.
func withSession(t *testing.T, script string) abi.Plugin {
	t.Helper()
	return loadSpec(t, jsvm.Config{}, abi.Spec{Entry: "m", Config: []byte(`{"require_session": true}`)}, script)
}

func caseMetadata(t *testing.T) {
	p := withSession(t, handler(`return m.ReturnData(request, {same: session.meta_data.same, updated: "new"});`))
	x := exchange()
	x.Session = &abi.Session{Metadata: map[string]any{"same": "s", "updated": "old", "removed": "r"}}
	must(t, p, x, abi.Post)
	if diff := cmp.Diff(map[string]any{"same": "s", "updated": "new"}, x.Session.Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

func caseAuthSession(t *testing.T) {
	p := load(t, handler(`return {Request: request, Session: {rate: 100, meta_data: {m: "m1"}, certificate: "c"}, AuthValue: "id"};`))
	x := exchange()
	must(t, p, x, abi.Auth)
	wanted := &abi.Session{KeyID: "id", Rate: 100, Metadata: map[string]any{"m": "m1"}, Extra: []byte(`{"certificate":"c"}`)}
	if diff := cmp.Diff(wanted, x.Session); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
}

func caseConfigData(t *testing.T) {
	script := handler(`request.SetHeaders.X = spec.config_data.tenant; return m.ReturnData(request, {});`)
	x := exchange()
	must(t, load(t, script), x, abi.Pre)
	want(t, "header", field(x.Request.Header, "X"), "blue")

	hidden := loadSpec(t, jsvm.Config{}, abi.Spec{Entry: "m", Config: []byte(`{"hide_config": true}`)}, script)
	fails(t, hidden, exchange(), abi.Pre, abi.Trap)
	shows := handler(`request.Body = [typeof spec.config_data, "config_data" in spec].join(); return m.ReturnData(request, {});`)
	want(t, "hidden", body(t, loadSpec(t, jsvm.Config{}, abi.Spec{Entry: "m", Config: []byte(`{"hide_config": true}`)}, shows)), "undefined,false")
	none := exchange()
	none.API = &abi.API{ID: "none"}
	must(t, load(t, shows), none, abi.Pre)
	want(t, "none", string(none.Request.Body), "object,true")
}

func caseHeaderCase(t *testing.T) {
	script := handler(`request.SetHeaders["X-CertificateOuid"] = "1"; request.DeleteHeaders.push("x-DEBUG"); return m.ReturnData(request, {});`)
	for config, name := range map[string]string{"": "X-Certificateouid", `{"keep_header_case": true}`: "X-CertificateOuid"} {
		x := exchange()
		must(t, loadSpec(t, jsvm.Config{}, abi.Spec{Entry: "m", Config: []byte(config)}, script), x, abi.Pre)
		last := x.Request.Header[len(x.Request.Header)-1]
		want(t, "name", string(last.Name), name)
		want(t, "deleted", field(x.Request.Header, "X-Debug"), "")
	}
}

func casePreload(t *testing.T) {
	f := folder(t, `var shared = "value";`, handler(`request.SetHeaders.X = shared; return m.ReturnData(request, {});`))
	p, err := several(t, jsvm.New(jsvm.Config{}), abi.Spec{Preload: f[0], Source: f[1]})
	if err != nil {
		t.Fatal(err)
	}
	x := exchange()
	must(t, p, x, abi.Pre)
	want(t, "header", field(x.Request.Header, "X"), "value")
}

func caseLiteralRequest(t *testing.T) {
	p := load(t, handler(`return m.ReturnData({Body: request.Scheme + " appended", Code: 200}, {});`))
	x := exchange()
	must(t, p, x, abi.Pre)
	want(t, "body", string(x.Request.Body), "http appended")
	want(t, "target", string(x.Request.URI), "/")
}

func caseRequest(t *testing.T) {
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("param1") != "dummy" || r.URL.Path != "/api/get" {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	script := handler(`
		var reply = JSON.parse(TykMakeHttpRequest(JSON.stringify({Method: "GET", Domain: spec.config_data.base_url, Resource: spec.config_data.path})));
		if (reply.Code > 400) { request.ReturnOverrides.ResponseCode = reply.code; request.ReturnOverrides.ResponseError = "not found there"; }
		return m.ReturnData(request, {});`)
	for path, verdict := range map[string]abi.Verdict{"/api/get?param1=dummy": abi.Continue, "/other": abi.Respond} {
		x := exchange()
		x.API = &abi.API{Config: fmt.Appendf(nil, `{"base_url":%q,"path":%q}`, s, path)}
		if v := must(t, load(t, script), x, abi.Pre); v != verdict || (v == abi.Respond && x.Reply.Status != http.StatusNotFound) {
			t.Errorf("%s: verdict %v with status %d", path, v, x.Reply.Status)
		}
	}
}

func casePath(t *testing.T) {
	p := load(t, handler(`return m.ReturnData(request, {});`))
	x := exchange()
	x.Request.URI = []byte("/a%2F%2Fb+c/%C3%A9")
	must(t, p, x, abi.Pre)
	want(t, "target", string(x.Request.URI), "/a%2F%2Fb+c/%C3%A9")
}

func caseBase64(t *testing.T) {
	claims := `{"sub":"1234567890","name":"John Doe"}`
	unpadded := strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(claims)), "=")
	for script, wanted := range map[string]string{
		`b64enc("teststring")`:          "dGVzdHN0cmluZw==",
		`b64dec("dGVzdHN0cmluZw==")`:    "teststring",
		`rawb64enc("teststring")`:       "dGVzdHN0cmluZw",
		`rawb64dec("dGVzdHN0cmluZw")`:   "teststring",
		`b64dec("` + unpadded + `")`:    claims,
		`rawb64dec("` + unpadded + `")`: claims,
		`typeof b64dec("%%%")`:          "undefined",
		`typeof b64dec("_-8")`:          "undefined", // not the alphabet of URLs
		`typeof rawb64dec("dGVzdA==")`:  "undefined",
		`typeof rawb64dec("!")`:         "undefined",
	} {
		want(t, script, says(t, jsvm.Config{}, "", script), wanted)
	}
}

func caseQuery(t *testing.T) {
	for edit, wanted := range map[string]string{
		``: "/p?b=1&c=2&a=3",
		`request.AddParams.d = "4"; request.DeleteParams.push("b");`: "/p?a=3&c=2&d=4",
		`request.AddParams.b = "1";`:                                 "/p?b=1&c=2&a=3",
	} {
		x := exchange()
		x.Request.URI = []byte("/p?b=1&c=2&a=3")
		must(t, load(t, handler(edit+`return m.ReturnData(request, {});`)), x, abi.Pre)
		want(t, edit, string(x.Request.URI), wanted)
	}
}

func caseKeyless(t *testing.T) {
	p := withSession(t, handler(`request.Body = String(session.meta_data) + session.org_id; return m.ReturnData(request, {a: "b"});`))
	x := exchange()
	must(t, p, x, abi.Post)
	want(t, "body", string(x.Request.Body), "null")
	if x.Session != nil {
		t.Errorf("session = %+v, want none", x.Session)
	}
}

func caseOverrides(t *testing.T) {
	const message = `{"foo": "bar"}`
	p := load(t, handler(`
		var o = request.ReturnOverrides, q = request.Params;
		o.ResponseCode = parseInt(q.status[0], 10);
		if (q.response_body) { o.ResponseBody = "foobar"; } else { o.ResponseError = '`+message+`'; }
		o.OverrideError = !!q.override;
		o.ResponseHeaders = {"X-Foo": "Bar"};
		return m.ReturnData(request, {});`))
	wrapped := func(s string) string { return "{\n    \"error\": \"" + s + "\"\n}" }
	for query, wanted := range map[string]string{
		"status=200":                               message,
		"status=200&response_body=true":            "foobar",
		"status=400":                               wrapped(`{\"foo\": \"bar\"}`),
		"status=400&response_body=true":            wrapped("foobar"),
		"status=401":                               wrapped(`{\"foo\": \"bar\"}`),
		"status=400&override=1":                    message,
		"status=400&override=1&response_body=true": "foobar",
		"status=401&override=1":                    message,
	} {
		x := exchange()
		x.Request.URI = []byte("/p?" + query)
		v := must(t, p, x, abi.Pre)
		want(t, query, string(x.Reply.Body), wanted)
		want(t, query+" X-Foo", field(x.Reply.Header, "X-Foo"), "Bar")
		if status := fmt.Sprint(x.Reply.Status); v != abi.Respond || !strings.Contains(query, "status="+status) {
			t.Errorf("%s: verdict %v with status %s", query, v, status)
		}
	}
}

func caseThrow(t *testing.T) {
	err := fails(t, load(t, handler(`throw new Error("no");`)), exchange(), abi.Pre, abi.Trap)
	if !strings.Contains(err.Error(), "script.js:3:11: Error: no") {
		t.Errorf("Call() = %v", err)
	}
}

func caseUnderscore(t *testing.T) {
	want(t, "typeof _", says(t, jsvm.Config{}, "", `typeof _`), "function")
}

func caseGlobals(t *testing.T) {
	p := load(t, handler(`var g = (function () { return this; })(); g.n = (g.n || 0) + 1; request.Body = String(g.n); return m.ReturnData(request, {});`))
	want(t, "first and second", body(t, p)+body(t, p), "11")
}

func caseHandOn(t *testing.T) {
	first := withSession(t, handler(`return m.ReturnData(request, {handoff: "h"});`))
	second := withSession(t, handler(`request.Body = session.meta_data.handoff; return m.ReturnData(request, session.meta_data);`))
	x := exchange()
	x.Session = &abi.Session{KeyID: "k"}
	must(t, first, x, abi.Post)
	must(t, second, x, abi.Post)
	want(t, "body", string(x.Request.Body), "h")
}

func caseLastDefinition(t *testing.T) {
	f := folder(t, handler(`request.Body = "first"; return m.ReturnData(request, {});`), handler(`request.Body = "last"; return m.ReturnData(request, {});`))
	p, err := several(t, jsvm.New(jsvm.Config{}), abi.Spec{Sources: f})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "body", body(t, p), "last")
}

func caseBadArguments(t *testing.T) {
	for _, script := range []string{
		`b64dec()`, `b64dec({})`, `rawb64dec("a")`, `TykMakeHttpRequest()`, `TykMakeHttpRequest("{")`, `TykMakeHttpRequest("{\"Domain\":\"x\"}")`,
		`TykBatchRequest()`, `TykBatchRequest("[]")`, `TykSetKeyData()`, `TykSetKeyData("k", "{", "1")`,
	} {
		want(t, script, says(t, jsvm.Config{}, "", "typeof "+script), "undefined")
	}
	want(t, "TykGetKeyData", says(t, jsvm.Config{}, "", `JSON.parse(TykGetKeyData("unknown", "orders")).status + typeof TykGetKeyData()`), "errorstring")
}
