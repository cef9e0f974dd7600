package rpc_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/coproc/rpc"
)

// everything may write all parts.
var everything = rpc.HandlerSpec{
	Name: "any", Hooks: abi.AllHooks, AllHeaders: true, Body: rpc.BodyText, Writes: ^rpc.Writes(0),
}

func exchange(h abi.Hook) *abi.Exchange {
	x := &abi.Exchange{API: &abi.API{ID: "orders", Generation: 7}, RequestID: []byte("9f2c")}
	x.Request.Method = []byte("GET")
	x.Request.URI = []byte("/v1/orders?x=1&y=2")
	x.Request.Host = []byte("api.example.com")
	x.Request.RemoteAddr = []byte("203.0.113.9:4711")
	x.Request.TLS = true
	x.Request.Header = abi.Header{{Name: []byte("Accept"), Value: []byte("*/*")}}
	if !h.BeforeReply() {
		x.Reply.Status = 200
		x.Reply.Header = abi.Header{{Name: []byte("Etag"), Value: []byte(`"1"`)}}
		x.Reply.Body = []byte("old")
	}
	x.Begin(h, time.Time{})
	return x
}

func TestCheck(t *testing.T) {
	deep := strings.Repeat("[", rpc.MaxDepth) + strings.Repeat("]", rpc.MaxDepth)
	for _, test := range []struct {
		in   string
		want error
	}{
		{`{"a":1,"b":[true,false,null,-0.5e+3,"\u00e9\ud83d\ude00\ufffd"]}`, nil},
		{" {} ", nil},
		{deep, nil},
		{"[" + deep + "]", rpc.ErrDepth},
		{strings.Repeat("[", 1_000_000), rpc.ErrDepth},
		{`{"a":1,"a":2}`, rpc.ErrDuplicate},
		{`{"a":1,"\u0061":2}`, rpc.ErrDuplicate},
		{`{"a":{"a":1},"b":{"a":1}}`, nil},
		{`{"a":"` + "\xff" + `"}`, rpc.ErrUTF8},
		{`"\ud800"`, rpc.ErrSyntax},
		{`"\udc00\ud800"`, rpc.ErrSyntax},
		{"\"a\nb\"", rpc.ErrSyntax},
		{`{} {}`, rpc.ErrSyntax},
		{`{"a":1,}`, rpc.ErrSyntax},
		{`[1,]`, rpc.ErrSyntax},
		{`{a:1}`, rpc.ErrSyntax},
		{`01`, rpc.ErrSyntax},
		{`1.`, rpc.ErrSyntax},
		{`1e`, rpc.ErrSyntax},
		{`-`, rpc.ErrSyntax},
		{`nul`, rpc.ErrSyntax},
		{`"abc`, rpc.ErrSyntax},
		{`"\x"`, rpc.ErrSyntax},
		{``, rpc.ErrSyntax},
		{"\ufeff{}", rpc.ErrSyntax},
	} {
		if got := new(rpc.Parser).Check([]byte(test.in)); !errors.Is(got, test.want) {
			t.Errorf("Check(%.60q) = %v, want %v", test.in, got, test.want)
		}
	}
}

func TestCheckBoundsMembers(t *testing.T) {
	m := map[string]int{}
	for i := range rpc.MaxMembers + 1 {
		m[strings.Repeat("x", i+1)] = i
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := new(rpc.Parser).Check(b); !errors.Is(err, rpc.ErrMembers) {
		t.Fatalf("Check() = %v", err)
	}
}

func TestFrame(t *testing.T) {
	for _, test := range []struct {
		in string
		ok bool
	}{
		{`{"jsonrpc":"2.0","id":7,"result":{}}`, true},
		{`{"result":null,"id":7,"jsonrpc":"2.0","more":1}`, true},
		{`{"jsonrpc":"2.0","method":"log","params":{}}`, true},
		{`{"jsonrpc":"2.0","id":7,"method":"ask"}`, true},
		{`{"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"x"}}`, true},
		{`{"jsonrpc":"2.0","id":7}`, false},
		{`{"jsonrpc":"2.0","id":7,"result":1,"error":{}}`, false},
		{`{"jsonrpc":"2.0","result":1}`, false},
		{`{"jsonrpc":"1.0","id":7,"result":1}`, false},
		{`{"id":7,"result":1}`, false},
		{`{"jsonrpc":"2.0","id":"7","result":1}`, false},
		{`{"jsonrpc":"2.0","id":7.0,"result":1}`, false},
		{`{"jsonrpc":"2.0","id":-7,"result":1}`, false},
		{`{"jsonrpc":"2.0","id":9007199254740992,"result":1}`, false},
		{`{"jsonrpc":"2.0","id":null,"result":1}`, false},
		{`[]`, false},
	} {
		if _, err := new(rpc.Parser).Frame([]byte(test.in)); (err == nil) != test.ok {
			t.Errorf("Frame(%s) = %v", test.in, err)
		}
	}
}

func TestDispatchHoldsWhatTheHandlerDeclared(t *testing.T) {
	x := exchange(abi.Post)
	x.Request.Header = abi.Header{
		{Name: []byte("Authorization"), Value: []byte("secret")},
		{Name: []byte("X-A"), Value: []byte("quote \" back \\ tab \t é")},
		{Name: []byte("x-a"), Value: []byte("\xff\xfe")},
	}
	x.Request.Body = []byte("a\u2028\x00b")
	x.Session = &abi.Session{KeyID: "k", Tags: []string{"t"}, Rate: 1.5, Metadata: map[string]any{"n": []any{1.0, nil, true}}}
	x.Meta = abi.Meta{{Name: []byte("m"), Value: []byte("v")}}
	h := rpc.HandlerSpec{Name: "fraud", Headers: [][]byte{[]byte("x-A")}, Body: rpc.BodyText, MaxBody: 100}
	got, err := h.AppendDispatch(nil, x, 1500*time.Microsecond)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"hook_type":"post","hook_name":"fraud","api_id":"orders","generation":7,"request_id":"9f2c","deadline_ms":1,` +
		`"request":{"method":"GET","url":"/v1/orders?x=1&y=2","scheme":"https","host":"api.example.com",` +
		`"remote_addr":"203.0.113.9:4711","header_list":[["X-A","quote \" back \\ tab \t é"],["x-a",null,"//4="]],` +
		`"body":"a` + "\u2028" + `\u0000b","body_size":6},` +
		`"session":{"key_id":"k","org_id":"","alias":"","tags":["t"],"is_inactive":false,"rate":1.5,"per":0,"expires":0,` +
		`"quota_max":0,"quota_remaining":0,"quota_renewal_rate":0,"metadata":{"n":[1,null,true]}},"meta":{"m":"v"}}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Fatalf("AppendDispatch() (-want +got):\n%s", diff)
	}
	if err := new(rpc.Parser).Check(got); err != nil {
		t.Fatalf("Check() = %v", err)
	}
}

func TestDispatchBodies(t *testing.T) {
	for _, test := range []struct {
		name string
		h    rpc.HandlerSpec
		body string
		want string // "" is an error
	}{
		{"none", rpc.HandlerSpec{}, "abc", `"header_list":[]}`},
		{"text", rpc.HandlerSpec{Body: rpc.BodyText}, "abc", `"body":"abc","body_size":3}`},
		{"binary", rpc.HandlerSpec{Body: rpc.BodyText}, "\xff", `"raw_body":"/w==","body_size":1}`},
		{"base64", rpc.HandlerSpec{Body: rpc.BodyBase64}, "abc", `"raw_body":"YWJj","body_size":3}`},
		{"too large", rpc.HandlerSpec{Body: rpc.BodyText, MaxBody: 2}, "abc", ""},
		{"truncated", rpc.HandlerSpec{Body: rpc.BodyText, MaxBody: 2, Truncate: true}, "abc", `"body":"ab","body_size":3,"body_truncated":true}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := exchange(abi.Pre)
			x.Request.Body = []byte(test.body)
			got, err := test.h.AppendDispatch(nil, x, time.Second)
			if test.want == "" {
				if abi.KindOf(err) != abi.Limit {
					t.Fatalf("AppendDispatch() = %v", err)
				}
				return
			}
			if err != nil || !strings.Contains(string(got), test.want) {
				t.Fatalf("AppendDispatch() = %s, %v, want %s", got, err, test.want)
			}
		})
	}
}

func TestApplyEditsRequest(t *testing.T) {
	x := exchange(abi.Pre)
	x.Request.Header = abi.Header{{Name: []byte("X-Old"), Value: []byte("1")}, {Name: []byte("X-Keep"), Value: []byte("1")}}
	out, err := everything.Apply(x, []byte(`{"action":"continue","request":{
		"add_headers":[["X-Add","1"],["X-Add",null,"/w=="]],"set_headers":{"X-Set":["a","b"],"Host":"h.example"},
		"delete_headers":["x-old"],"url":"/new?y=2&z=a%20b&y=3","delete_params":["y"],"add_params":{"q":"ü &"},
		"extended_params":{"z":["1","2"]},"method":"PUT","raw_body":"AAE="},"meta":{"k":"v"},"unknown":{}}`))
	if err != nil || out.Verdict != abi.Continue || out.Dropped != 0 {
		t.Fatalf("Apply() = %+v, %v", out, err)
	}
	var lines []string
	for _, f := range x.Request.Header {
		lines = append(lines, string(f.Name)+": "+string(f.Value))
	}
	want := []string{"X-Keep: 1", "X-Set: a", "X-Set: b", "X-Add: 1", "X-Add: \xff"}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	got := []string{string(x.Request.Method), string(x.Request.URI), string(x.Request.Host), string(x.Request.Body)}
	want = []string{"PUT", "/new?z=a%20b&q=%C3%BC+%26&z=1&z=2", "h.example", "\x00\x01"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if v, _ := x.Meta.Get([]byte("k")); string(v) != "v" {
		t.Errorf("meta = %q", v)
	}
}

func TestApplyURL(t *testing.T) {
	for _, test := range []struct {
		name, url string
		writes    rpc.Writes
		want      string // "" is an error
		dropped   int
	}{
		{"origin form", "/a?b", rpc.WritePath | rpc.WriteQuery, "/a?b", 0},
		{"absolute form", "https://api.example.com/a", rpc.WritePath | rpc.WriteQuery, "/a", 0},
		{"absolute form without path", "https://API.example.com", rpc.WritePath | rpc.WriteQuery, "/", 0},
		{"path only", "/a?b", rpc.WritePath, "/a?x=1&y=2", 1},
		{"query only", "/a?b", rpc.WriteQuery, "/v1/orders?b", 1},
		{"neither", "/a?b", 0, "/v1/orders?x=1&y=2", 2},
		{"unchanged", "/v1/orders?x=1&y=2", 0, "/v1/orders?x=1&y=2", 0},
		{"foreign scheme", "http://api.example.com/a", ^rpc.Writes(0), "", 0},
		{"foreign host", "https://evil.example/a", ^rpc.Writes(0), "", 0},
		{"longer host", "https://api.example.com.evil/a", ^rpc.Writes(0), "", 0},
		{"user information", "https://api.example.com@evil/a", ^rpc.Writes(0), "", 0},
		{"network path", "//evil.example/a", ^rpc.Writes(0), "", 0},
		{"line break", "/a\r\nX: 1", ^rpc.Writes(0), "", 0},
		{"relative", "a", ^rpc.Writes(0), "", 0},
		{"empty", "", ^rpc.Writes(0), "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := exchange(abi.Pre)
			quoted, err := json.Marshal(test.url)
			if err != nil {
				t.Fatal(err)
			}
			h := rpc.HandlerSpec{Writes: test.writes}
			out, err := h.Apply(x, []byte(`{"action":"continue","request":{"url":`+string(quoted)+`}}`))
			if test.want == "" {
				if abi.KindOf(err) != abi.Protocol || err == nil {
					t.Fatalf("Apply() = %v, URI %s, want kind protocol", err, x.Request.URI)
				}
				return
			}
			if err != nil || string(x.Request.URI) != test.want || out.Dropped != test.dropped {
				t.Fatalf("Apply() = %+v, %v, URI %s, want %s", out, err, x.Request.URI, test.want)
			}
		})
	}
}

func TestApplyActions(t *testing.T) {
	for _, test := range []struct {
		name, result string
		hook         abi.Hook
		status       int // of the reply; 0 lets the request go on, -1 is a fault
		body         string
	}{
		{"allow", `{"action":"allow","session":{}}`, abi.Auth, 0, ""},
		{"allow without session", `{"action":"allow","session":null}`, abi.Auth, -1, ""},
		{"allow with text for session", `{"action":"allow","session":"k"}`, abi.Auth, -1, ""},
		{"allow with wrong type", `{"action":"allow","session":{"rate":"fast"}}`, abi.Auth, -1, ""},
		{"continue in auth", `{"action":"continue","session":{}}`, abi.Auth, -1, ""},
		{"missing in auth", `{"session":{}}`, abi.Auth, -1, ""},
		{"unknown in auth", `{"action":"Allow","session":{}}`, abi.Auth, -1, ""},
		{"deny", `{"action":"deny"}`, abi.Auth, 403, `{"error":"Key not authorised","request_id":"9f2c"}`},
		{"deny with text", `{"action":"deny","request":{"return_overrides":{"response_code":401,"response_error":"who?"}}}`, abi.Auth, 401, `{"error":"who?","request_id":"9f2c"}`},
		{"deny in pre", `{"action":"deny"}`, abi.Pre, -1, ""},
		{"override", `{"action":"respond","request":{"return_overrides":{"response_code":418,"response_body":"tea","override_error":true}}}`, abi.Pre, 418, "tea"},
		{"success", `{"action":"respond","request":{"return_overrides":{"response_body":"ok"}}}`, abi.Pre, 200, "ok"},
		{"response", `{"action":"respond","response":{"status_code":201,"raw_body":"/w=="}}`, abi.Virtual, 201, "\xff"},
		{"two replies", `{"action":"respond","response":{},"request":{"return_overrides":{}}}`, abi.Pre, -1, ""},
		{"no reply", `{"action":"respond"}`, abi.Pre, -1, ""},
		{"informational", `{"action":"respond","response":{"status_code":101}}`, abi.Pre, -1, ""},
		{"two bodies", `{"action":"respond","response":{"body":"a","raw_body":"YQ=="}}`, abi.Pre, -1, ""},
		{"bad base64", `{"action":"respond","response":{"raw_body":"!"}}`, abi.Pre, -1, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			x := exchange(test.hook)
			out, err := everything.Apply(x, []byte(test.result))
			switch {
			case test.status < 0:
				if err == nil || abi.KindOf(err) != abi.Protocol {
					t.Fatalf("Apply() = %+v, %v, want kind protocol", out, err)
				}
			case err != nil:
				t.Fatal(err)
			case test.status == 0:
				if out.Verdict != abi.Continue || x.Session == nil {
					t.Fatalf("Apply() = %+v, session %v", out, x.Session)
				}
			case out.Verdict != abi.Respond || x.Reply.Status != test.status || string(x.Reply.Body) != test.body:
				t.Fatalf("Apply() = %+v, reply %d %s", out, x.Reply.Status, x.Reply.Body)
			}
		})
	}
}

func TestApplySession(t *testing.T) {
	x := exchange(abi.Auth)
	_, err := everything.Apply(x, []byte(`{"action":"allow","session":{"key_id":"k42","tags":["a"],"rate":100,"per":"60",
		"quota_max":9007199254740993,"expires":"1700000000","is_inactive":true,"other":1,"metadata":{"plan":"gold","n":1}}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &abi.Session{
		KeyID: "k42", Tags: []string{"a"}, Rate: 100, Per: 60, QuotaMax: 9007199254740993, Expires: 1700000000,
		Inactive: true, Metadata: map[string]any{"plan": "gold", "n": 1.0},
	}
	if diff := cmp.Diff(want, x.Session); diff != "" {
		t.Fatalf("session (-want +got):\n%s", diff)
	}
}

func TestApplyEditsReply(t *testing.T) {
	x := exchange(abi.Response)
	out, err := everything.Apply(x, []byte(`{"action":"continue","response":{"status_code":202,
		"delete_headers":["ETag"],"set_headers":{"X-A":"1","Transfer-Encoding":"chunked"},"body":"new"}}`))
	if err != nil || out.Dropped != 1 {
		t.Fatalf("Apply() = %+v, %v", out, err)
	}
	if x.Reply.Status != 202 || len(x.Reply.Header) != 1 || string(x.Reply.Body) != "new" {
		t.Fatalf("reply = %+v", x.Reply)
	}
}

func TestApplyDropsBodyThatWasTruncated(t *testing.T) {
	h := everything
	h.MaxBody, h.Truncate = 2, true
	x := exchange(abi.Pre)
	x.Request.Body = []byte("abc")
	out, err := h.Apply(x, []byte(`{"action":"continue","request":{"body":"x"}}`))
	if err != nil || out.Dropped != 1 || string(x.Request.Body) != "abc" {
		t.Fatalf("Apply() = %+v, %v, body %s", out, err, x.Request.Body)
	}
}

func TestParseHandlersRefuses(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{`{}`, "handlers"},
		{`[{"hook_types":["pre"]}]`, "no hook_name"},
		{`[{"hook_name":"a"}]`, "no hook_types"},
		{`[{"hook_name":"a","hook_types":["prae"]}]`, `unknown hook type "prae"`},
		{`[{"hook_name":"a","hook_types":["auth"]}]`, "hook type auth does not go with mode"},
		{`[{"hook_name":"a","hook_types":["pre"],"mode":"replace"}]`, "hook type pre does not go with mode"},
		{`[{"hook_name":"a","hook_types":["pre"],"mode":"both"}]`, `mode "both"`},
		{`[{"hook_name":"a","hook_types":["pre"],"body":"xml"}]`, `body "xml"`},
		{`[{"hook_name":"a","hook_types":["pre"],"writes":["all"]}]`, `writes "all"`},
		{`[{"hook_name":"a","hook_types":["pre"],"headers":"some"}]`, "headers"},
		{`[{"hook_name":"a","hook_types":["pre"],"cacheable":true}]`, "cacheable"},
		{`[{"hook_name":"a","hook_types":["pre"]},{"hook_name":"a","hook_types":["post","pre"]}]`, "declared twice for pre"},
	} {
		_, err := rpc.ParseHandlers([]byte(test.in))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("ParseHandlers(%s) = %v, want %q", test.in, err, test.want)
		}
	}
}
