package jsvm_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

func caseVirtual(t *testing.T) {
	p := load(t, `function m(request, session, config) {
		return TykJsResponse({Body: "virtual", Headers: {"data-string": config.config_data.text, "data-number": config.config_data.number.toString()}, Code: 202},
			session.meta_data);
	}`)
	x := exchange()
	x.API = &abi.API{Config: []byte(`{"text":"t","number":3}`)}
	v := must(t, p, x, abi.Virtual)
	got := fmt.Sprint(v, " ", x.Reply.Status, " ", string(x.Reply.Body), field(x.Reply.Header, "Data-String"), field(x.Reply.Header, "Data-Number"))
	want(t, "reply", got, "respond 202 virtualt3")
}

func caseNoFunction(t *testing.T) {
	if got := loadError(t, jsvm.Config{}, abi.Spec{Entry: "m"}, "abc"); !strings.Contains(got, "script.js:1:1: ReferenceError: 'abc' is not defined") {
		t.Errorf("Load() = %s", got)
	}
}

func caseNestedMetadata(t *testing.T) {
	p := withSession(t, `function m(request, session) { return TykJsResponse({Body: "x", Code: 202}, session.meta_data); }`)
	x := exchange()
	given := map[string]any{"nested": map[string]any{"a": []any{1.0, "b", nil}}, "n": 2.5}
	x.Session = &abi.Session{KeyID: "k", Metadata: given}
	must(t, p, x, abi.Virtual)
	if diff := cmp.Diff(given, x.Session.Metadata); diff != "" || x.Edited(abi.SessionPart) {
		t.Errorf("metadata changed (-want +got):\n%s", diff)
	}
}

func caseBatch(t *testing.T) {
	p := load(t, `function m(request, session, spec) {
		var replies = JSON.parse(TykBatchRequest(JSON.stringify({requests: [
			{method: "GET", relative_url: spec.config_data.up + "/echo"}, {method: "GET", relative_url: "http://127.0.0.1:1/"}]})));
		return TykJsResponse({Code: replies[1].code === 0 ? 500 : 200, Body: replies[0].code + replies[0].relative_url + JSON.stringify(replies[1])}, {});
	}`)
	x, up := exchange(), site(t)
	x.API = &abi.API{Config: fmt.Appendf(nil, `{"up":%q}`, up)}
	must(t, p, x, abi.Virtual)
	want(t, "reply", fmt.Sprint(x.Reply.Status, string(x.Reply.Body)),
		"500202"+up+`/echo{"body":"","code":0,"headers":null,"relative_url":""}`)
}

func caseRedirect(t *testing.T) {
	x := exchange()
	must(t, load(t, `function m() { return TykJsResponse({Code: 302, Headers: {location: "tyk://self/get_action?method=GET"}}, {}); }`), x, abi.Virtual)
	r := x.Redirected()
	want(t, "target", fmt.Sprintf("tyk://self%s%s?method=%s", r.API, r.URI, r.Method), "tyk://self/get_action?method=GET")
	x = exchange()
	must(t, load(t, handler(`request.URL = "tyk://other/x?a=1"; return m.ReturnData(request, {});`)), x, abi.Post)
	r = x.Redirected()
	want(t, "target", fmt.Sprintf("tyk://%s%s", r.API, r.URI), "tyk://other/x?a=1")
}

func caseResponse(t *testing.T) {
	for edit, wanted := range map[string]string{
		`response.SetHeaders["X-New"] = "1";`:           "200|up|text/plain|1",
		`response.Body = "changed";`:                    "200|changed|text/plain|",
		`response.StatusCode = 201;`:                    "201|up|text/plain|",
		`response.DeleteHeaders.push("content-type");`:  "200|up||",
		`response.StatusCode = 0; delete response.Body`: "200||text/plain|",
	} {
		x := replied("up")
		must(t, load(t, responder(edit+`; return m.ReturnResponseData(response, {});`)), x, abi.Response)
		got := strings.Join([]string{fmt.Sprint(x.Reply.Status), string(x.Reply.Body), field(x.Reply.Header, "Content-Type"), field(x.Reply.Header, "X-New")}, "|")
		want(t, edit, got, wanted)
	}
	fails(t, load(t, responder(`throw "no";`)), replied("up"), abi.Response, abi.Trap)
	fails(t, load(t, responder(``)), replied("up"), abi.Response, abi.Protocol)
}

func caseRecursion(t *testing.T) {
	p := loadSpec(t, jsvm.Config{}, abi.Spec{Entry: "m", Instances: abi.Instances{Max: 50}}, handler(`function f() { f(); } f();`))
	var calls sync.WaitGroup
	for range 50 {
		calls.Go(func() {
			if _, err := callWithin(p, exchange(), abi.Pre, time.Minute); abi.KindOf(err) != abi.Trap {
				t.Errorf("Call() = %v, want trap", err)
			}
		})
	}
	calls.Wait()
}

func caseSlowServer(t *testing.T) {
	url, closed := silence(t)
	p := load(t, handler(`TykMakeHttpRequest(JSON.stringify({Domain: "`+url+`"})); return m.ReturnData(request, {});`))
	if _, err := callWithin(p, exchange(), abi.Pre, short); abi.KindOf(err) != abi.Timeout {
		t.Errorf("Call() = %v, want timeout", err)
	}
	<-closed // the connection
}

func caseEndlessLoad(t *testing.T) {
	r := jsvm.New(jsvm.Config{LoadTimeout: time.Second})
	f := folder(t, handler(`return m.ReturnData(request, {});`), `for (;;) {}`)
	p, err := several(t, r, abi.Spec{Source: f[0]})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := several(t, r, abi.Spec{Sources: f}); abi.KindOf(err) != abi.Refused || !strings.Contains(err.Error(), "b.js: the script was still running") {
		t.Errorf("Load() = %v, want it refused", err)
	}
	must(t, p, exchange(), abi.Pre) // what runs goes on
}

func caseBadResults(t *testing.T) {
	for _, edit := range []string{`request.URL = "http://[::1";`, `request.SetHeaders.X = "a\nb";`, `request.SetHeaders["X\r\n"] = "a";`, `request.ReturnOverrides.ResponseCode = 7;`} {
		x := exchange()
		fails(t, load(t, handler(`request.Body = "new"; `+edit+` return m.ReturnData(request, {});`)), x, abi.Pre, abi.Protocol)
		if x.Edited(abi.RequestURI | abi.RequestBody | abi.RequestHeader) {
			t.Errorf("%s: the request was changed", edit)
		}
	}
}

func caseBinaryResponse(t *testing.T) {
	x := replied("\x89PNG\xff\x00\xfe")
	must(t, load(t, responder(`response.SetHeaders.X = "1"; return m.ReturnResponseData(response, {});`)), x, abi.Response)
	want(t, "body", string(x.Reply.Body), "\x89PNG\xff\x00\xfe")
}

func caseEvents(t *testing.T) {
	var out lines
	logger := out.logger()
	r := jsvm.New(jsvm.Config{Logger: &logger})
	var running sync.WaitGroup
	for _, api := range []string{"one", "two"} {
		f := folder(t, `var m = new TykJS.TykEventHandlers.NewEventHandler({}), calls = 0;
			m.NewHandler(function (event, context) { calls++; log("`+api+` got " + context.APIID + context.OrgID + event.Type + event.Meta.Path + calls + typeof event.TimeStamp + event.EventType); });`)
		p, err := several(t, r, abi.Spec{Source: f[0], Hooks: abi.SetOf(abi.Event)})
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			running.Go(func() {
				x := exchange()
				x.API = &abi.API{ID: api, OrgID: "o"}
				x.Notice = abi.Notice{Name: []byte("AuthFailure"), Data: []byte(`{"Path":"/p"}`)}
				if _, err := callWithin(p, x, abi.Event, time.Minute); err != nil {
					t.Errorf("Call() = %v", err)
				}
			})
		}
	}
	running.Wait()
	for _, api := range []string{"one", "two"} {
		if n := out.count(`"` + api + " got " + api + `oAuthFailure/p1stringundefined"`); n != 100 {
			t.Errorf("the handler of %s ran %d times as it should, want 100", api, n)
		}
	}
}

func caseZeroSession(t *testing.T) {
	p := withSession(t, handler(`request.Body = String(session.meta_data) + session.basic_auth_data.password + "|" + session.monitor.trigger_limits + session.date_created;
		return m.ReturnData(request, {});`))
	x := exchange()
	x.Session = &abi.Session{KeyID: "k", Metadata: map[string]any{"a": "b"}}
	must(t, p, x, abi.Pre)
	want(t, "body", string(x.Request.Body), "null|null0001-01-01T00:00:00Z")
}

func caseNoAuthValue(t *testing.T) {
	x := exchange()
	must(t, load(t, handler(`return m.ReturnAuthData(request, {rate: 1, per: 60});`)), x, abi.Auth)
	want(t, "key id", x.Session.KeyID, "")
}

func caseStorage(t *testing.T) {
	got := says(t, jsvm.Config{Values: down{}}, "", `(function () { try { return TykStorageGet("k"); } catch (e) { return "thrown"; } })()`)
	want(t, "store that is down", got, "thrown") // the rest is TestTykStorage
}
