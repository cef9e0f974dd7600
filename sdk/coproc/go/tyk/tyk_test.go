package tyk_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	sallyport "github.com/c386954a/sallyport/sdk/coproc/go"
	"github.com/c386954a/sallyport/sdk/coproc/go/tyk"
)

// play runs one call of a handler and returns the answer to it. params are
// further params of the call.
func play(t *testing.T, hook sallyport.Hook, params string, dispatch func(*tyk.Object)) string {
	t.Helper()
	h := tyk.Handler("h", hook, func(_ context.Context, o *tyk.Object) (*tyk.Object, error) {
		dispatch(o)
		return o, nil
	})
	frames := fmt.Sprintf(`{"jsonrpc":"2.0","method":"initialized"}
{"jsonrpc":"2.0","id":1,"method":"api/load","params":{"api_id":"a","generation":1,"org_id":"acme","hooks":[],"config_data":{"tier":"gold"}}}
{"jsonrpc":"2.0","id":2,"method":"dispatch","params":{"hook_type":%q,"hook_name":"h","api_id":"a","generation":1,"deadline_ms":60000,%s}}
`, hook, params)
	var out bytes.Buffer
	if err := (sallyport.Plugin{Handlers: []sallyport.Handler{h}}).Play(t.Context(), strings.NewReader(frames), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	return lines[len(lines)-1]
}

const request = `"request":{"method":"GET","url":"/x?a=1&a=2","host":"h","header_list":[["x-one","1"],["X-One","2"]],"body":"b"}`

func want(t *testing.T, got string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(got, part) {
			t.Errorf("answer %s\nlacks %s", got, part)
		}
	}
}

func TestRequestIsSeenAsTykShowsIt(t *testing.T) {
	play(t, sallyport.Pre, request, func(o *tyk.Object) {
		r := o.Request
		if o.HookType != "Pre" || r.Headers["X-One"] != "1" || r.Headers["Host"] != "h" || r.Params["a"] != "1" || string(r.RawBody) != "b" {
			t.Errorf("object is %+v with request %+v", o, r)
		}
		if o.Spec["config_data"] != `{"tier":"gold"}` || o.Spec["OrgID"] != "acme" || o.Session != nil {
			t.Errorf("spec is %v, session %v", o.Spec, o.Session)
		}
	})
}

func TestRequestEditsAreOnlyWhatChanged(t *testing.T) {
	got := play(t, sallyport.Pre, request, func(o *tyk.Object) {
		o.Request.SetHeaders["X-Two"] = "2"
		o.Request.Headers["X-One"] = "not read back"
		o.Request.Body = "not read back"
	})
	want(t, got, `"result":{"action":"continue","request":{"set_headers":{"X-Two":"2"}}}`)
}

func TestOverridesRespond(t *testing.T) {
	got := play(t, sallyport.Pre, request, func(o *tyk.Object) { o.Request.ReturnOverrides.ResponseCode = 402 })
	want(t, got, `"action":"respond"`, `"response_code":402`, `"response_error":"Key not authorised"`)
	got = play(t, sallyport.Pre, request, func(o *tyk.Object) {
		o.Request.ReturnOverrides = sallyport.Overrides{ResponseCode: 200, ResponseBody: "hi"}
	})
	want(t, got, `"action":"respond"`, `"response_body":"hi"`)
}

func TestTokenAdmits(t *testing.T) {
	got := play(t, sallyport.Auth, request, func(o *tyk.Object) {
		o.Session.Rate = 10
		o.Metadata["token"] = "k1"
	})
	want(t, got, `"action":"allow"`, `"key_id":"k1"`, `"rate":10`, `"metadata":{"token":"k1"}`)
}

func TestASessionHasAllThatTykHas(t *testing.T) {
	got := play(t, sallyport.Auth, request, func(o *tyk.Object) {
		o.Metadata["token"] = "k1"
		o.Session.AccessRights = []byte(`{"a":{"versions":["v1"]}}`)
		o.Session.ApplyPolicies = []string{"p"}
		o.Session.IDExtractorDeadline, o.Session.SessionLifetime = 7, 8
	})
	want(t, got, `"access_rights":{"a":{"versions":["v1"]}}`, `"apply_policies":["p"]`, `"id_extractor_deadline":7`, `"session_lifetime":8`)
}

func TestNoTokenDenies(t *testing.T) {
	got := play(t, sallyport.Auth, request, func(o *tyk.Object) { o.Session.Rate = 10 })
	want(t, got, `"action":"deny"`, `"response_code":403,"response_error":"Forbidden"`)
}

func TestMetadataIsMergedAndKeepsItsTypes(t *testing.T) {
	session := request + `,"session":{"key_id":"k","metadata":{"plan":{"n":1},"was":"x"}}`
	got := play(t, sallyport.Post, session, func(o *tyk.Object) {
		if o.Metadata["plan"] != `{"n":1}` {
			t.Errorf("metadata is %v", o.Metadata)
		}
		o.Metadata["new"] = "y"
	})
	want(t, got, `"session":{"metadata":{"new":"y","plan":{"n":1},"was":"x"}}`)
}

func TestReplyHeadersAreMerged(t *testing.T) {
	reply := request + `,"response":{"status_code":200,"header_list":[["A","1"],["A","2"],["B","1"],["C","1"]],"body":"b"}`
	got := play(t, sallyport.Response, reply, func(o *tyk.Object) {
		o.Response.Headers["A"] = "0"
		o.Response.Headers["D"] = "new"
		delete(o.Response.Headers, "B")
		o.Response.StatusCode = 201
		o.Response.RawBody = []byte("c")
	})
	want(t, got, `"delete_headers":["B"]`, `"set_headers":{"A":"0","D":"new"}`, `"add_headers":[["A","2"]]`, `"status_code":201`, `"body":"c"`)
	if strings.Contains(got, `"C"`) {
		t.Errorf("answer %s changes C", got)
	}
}

func TestEventsAreToldAsTykTellsThem(t *testing.T) {
	var got []byte
	h := tyk.Events("watch", func(_ context.Context, payload []byte) error {
		got = payload
		return nil
	})
	frames := `{"jsonrpc":"2.0","method":"initialized"}
{"jsonrpc":"2.0","id":1,"method":"api/load","params":{"api_id":"a","generation":1,"org_id":"acme","hooks":[]}}
{"jsonrpc":"2.0","id":2,"method":"dispatch","params":{"hook_type":"event","hook_name":"watch","api_id":"a","generation":1,"deadline_ms":60000,"event":{"name":"AuthFailure","data":{"Key":"k"}}}}
`
	var out bytes.Buffer
	if err := (sallyport.Plugin{Handlers: []sallyport.Handler{h}}).Play(t.Context(), strings.NewReader(frames), &out); err != nil {
		t.Fatal(err)
	}
	want(t, out.String(), `"id":2,"result":{"action":"continue"}`)
	want(t, string(got), `{"message":{"Type":"AuthFailure","Meta":{"Key":"k"},"TimeStamp":"2`, `},"handler_name":"watch","spec":{"APIID":"a","OrgID":"acme"}}`)
}
