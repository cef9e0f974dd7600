package jsvm_test

import (
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

// replied is an exchange in the response hook.
func replied(body string) *abi.Exchange {
	x := exchange()
	x.Reply.Status = 200
	x.Reply.Header = abi.Header{{Name: []byte("Content-Type"), Value: []byte("text/plain")}, {Name: []byte("X-Up"), Value: []byte("1")}}
	x.Reply.Body = []byte(body)
	return x
}

func TestResponseHookEditsTheReply(t *testing.T) {
	p := load(t, responder(`
		response.StatusCode = 201; response.Body += " and " + request.URL + String(request.Body);
		response.SetHeaders.X = response.Headers["X-Up"][0]; response.DeleteHeaders.push("Content-Type");
		response.AddHeaders = {"Set-Cookie": ["a", "b"]};
		return m.ReturnResponseData(response, {ignored: {}});`))
	x := replied("old")
	must(t, p, x, abi.Response)
	got := field(x.Reply.Header, "X") + field(x.Reply.Header, "Content-Type") + field(x.Reply.Header, "Set-Cookie") + " " + string(x.Reply.Body)
	if want := "1a|b old and /orders/7?b=1&c=2null"; got != want || x.Reply.Status != 201 {
		t.Errorf("reply = %d %q, want 201 %q", x.Reply.Status, got, want)
	}
}

func TestBinaryReplyKeepsItsBytes(t *testing.T) {
	const body = "\x89PNG\xff\x00\xfe"
	for _, c := range []struct{ name, edit, want string }{
		{"untouched", ``, body},
		{"appended", `response.Body += "x";`, body + "x"},
		{"shown as text", `response.Body = JSON.parse(JSON.stringify(response.Body));`, body},
		{"emptied", `delete response.Body;`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := load(t, responder(`response.SetHeaders.X = "1";`+c.edit+` return m.ReturnResponseData(response);`))
			x := replied(body)
			must(t, p, x, abi.Response)
			if got := string(x.Reply.Body); got != c.want {
				t.Errorf("body = %q, want %q", got, c.want)
			}
		})
	}
}

func TestVirtualEndpointAnswers(t *testing.T) {
	p := loadSpec(t, jsvm.Config{}, abi.Spec{Entry: "m", Config: []byte(`{"use_session": true}`)}, `function m(request, session, spec) {
		return TykJsResponse({body: request.Body + request.Params.b + typeof request.Method, code: 202, headers: {"X-A": session.alias}},
			{a: {nested: 1}});
	}`)
	x := exchange()
	x.Request.Body = []byte("in")
	x.Session = &abi.Session{Alias: "ann"}
	if v := must(t, p, x, abi.Virtual); v != abi.Respond || x.Reply.Status != 202 {
		t.Errorf("verdict = %v with status %d, want respond with 202", v, x.Reply.Status)
	}
	if got := string(x.Reply.Body) + field(x.Reply.Header, "X-A"); got != "in1undefinedann" {
		t.Errorf("reply = %q", got)
	}
	if _, ok := x.Session.Metadata["a"].(map[string]any); !ok {
		t.Errorf("metadata = %v, want the nested value", x.Session.Metadata)
	}
}

func TestVirtualEndpointMergesForms(t *testing.T) {
	p := load(t, `function m(r) { return TykJsResponse({Body: JSON.stringify(r.Params), Code: 200}, {}); }`)
	x := exchange()
	x.Request.Header = append(x.Request.Header, abi.Field{
		Name: []byte("content-type"), Value: []byte("application/x-www-form-urlencoded; charset=utf-8"),
	})
	x.Request.Body = []byte("b=9&z=1")
	must(t, p, x, abi.Virtual)
	if got, want := string(x.Reply.Body), `{"b":["9","1"],"c":["2"],"z":["1"]}`; got != want {
		t.Errorf("Params = %s, want %s", got, want)
	}
}

func TestVirtualEndpointMustAnswer(t *testing.T) {
	for _, c := range []struct{ name, script string }{
		{"nothing", `function m() {}`},
		{"object", `function m() { return {Response: {Code: 200}}; }`},
		{"text", `function m() { return "ok"; }`},
		{"no code", `function m() { return TykJsResponse({Body: "x"}, {}); }`},
		{"header number", `function m() { return TykJsResponse({Code: 200, Headers: {a: 1}}, {}); }`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := call(t, load(t, c.script), exchange(), abi.Virtual); abi.KindOf(err) != abi.Protocol {
				t.Errorf("Call() = %v, want protocol", err)
			}
		})
	}
}

func TestEventHandlerIsCalled(t *testing.T) {
	p := load(t, `var m = new TykJS.TykEventHandlers.NewEventHandler({});
		m.NewHandler(function (event, context) {
			if (event.Type !== "AuthFailure" || event.Meta.Path !== "/x" || context.APIID !== "orders") { throw "wrong"; }
		});`)
	x := exchange()
	x.Notice = abi.Notice{Name: []byte("AuthFailure"), Data: []byte(`{"Path":"/x"}`)}
	must(t, p, x, abi.Event)
	x.Notice.Name = []byte("Other")
	if _, err := call(t, p, x, abi.Event); abi.KindOf(err) != abi.Trap {
		t.Errorf("Call() = %v, want trap", err)
	}
}
