package rpc_test

import (
	"bytes"
	gocmp "cmp"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/dialect"
	"github.com/c386954a/sallyport/runtime/coproc/rpc"
)

// forTyk returns an exchange with an API that was written for Tyk.
func forTyk(h abi.Hook) *abi.Exchange {
	x := exchange(h)
	x.API = &abi.API{ID: "orders", Generation: 7, Dialect: dialect.New()}
	return x
}

// redirected returns where a request goes on, as a tyk:// URL.
func redirected(x *abi.Exchange) string {
	r := x.Redirected()
	if r == nil {
		return ""
	}
	target, sep := "tyk://"+gocmp.Or(string(r.API), "self")+string(r.URI), "?"
	if bytes.IndexByte(r.URI, '?') >= 0 {
		sep = "&"
	}
	if len(r.Method) > 0 {
		target += sep + "method=" + string(r.Method)
	}
	return target
}

func TestTykURLOfAProcessBecomesARedirect(t *testing.T) {
	for _, tt := range []struct {
		name, result, want, method string
		writes                     rpc.Writes
		dropped                    int
	}{
		{"with a method", `{"action":"continue","request":{"url":"tyk://other/a?b=c","method":"POST"}}`, "tyk://other/a?b=c", "POST", ^rpc.Writes(0), 0},
		{"with parameters", `{"action":"continue","request":{"url":"tyk://other/a?b=c","add_params":{"d":"e"}}}`, "tyk://other/a?b=c&d=e", "GET", ^rpc.Writes(0), 0},
		{"not declared", `{"action":"continue","request":{"url":"tyk://other/a"}}`, "", "GET", rpc.WriteMethod, 1},
		{"an answer counts more", `{"action":"respond","request":{"url":"tyk://other/a"},"response":{"status_code":200}}`, "", "GET", ^rpc.Writes(0), 1},
		{"as a reply", `{"action":"respond","response":{"status_code":302,"set_headers":{"Location":"tyk://self/x"}}}`, "tyk://self/x", "GET", ^rpc.Writes(0), 0},
		{"as overrides", `{"action":"respond","request":{"return_overrides":{"response_code":301,"headers":{"Location":"tyk://self/x"}}}}`, "tyk://self/x", "GET", ^rpc.Writes(0), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x, h := forTyk(abi.Post), everything
			h.Writes = tt.writes
			out, err := h.Apply(x, []byte(tt.result))
			if err := finish(x, out.Verdict, err); err != nil {
				t.Fatal(err)
			}
			if redirected(x) != tt.want || string(x.Request.Method) != tt.method || out.Dropped != tt.dropped {
				t.Errorf("Redirected() = %q, method %s, %d dropped", redirected(x), x.Request.Method, out.Dropped)
			}
		})
	}
}

func TestProcessRedirectsARequest(t *testing.T) {
	for _, tt := range []struct {
		name, result, want string
		writes             rpc.Writes
		dropped            int
	}{
		{"to an API", `{"action":"continue","redirect":{"api":"other","url":"/a?b=c","method":"PUT"}}`, "tyk://other/a?b=c&method=PUT", rpc.WritePath, 0},
		{"to itself", `{"action":"continue","redirect":{"url":"/a"}}`, "tyk://self/a", rpc.WritePath, 0},
		{"without a path", `{"action":"continue","redirect":{"api":"other","url":null}}`, "tyk://other/", rpc.WritePath, 0},
		{"not declared", `{"action":"continue","redirect":{"api":"other"}}`, "", rpc.WriteMethod, 1},
		{"an answer counts more", `{"action":"respond","redirect":{"api":"other"},"response":{"status_code":200}}`, "", rpc.WritePath, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x, h := exchange(abi.Post), everything
			h.Writes = tt.writes
			out, err := h.Apply(x, []byte(tt.result))
			if err := finish(x, out.Verdict, err); err != nil {
				t.Fatal(err)
			}
			if redirected(x) != tt.want || out.Dropped != tt.dropped {
				t.Errorf("Redirected() = %q, %d dropped", redirected(x), out.Dropped)
			}
		})
	}
	x := exchange(abi.Pre)
	if _, err := everything.Apply(x, []byte(`{"action":"continue","redirect":{"limit":7,"check_limits":true}}`)); err != nil {
		t.Fatal(err)
	}
	if r := x.Redirected(); r.Limit != 7 || !r.CheckLimits || r.Dispatch {
		t.Errorf("Redirected() = %+v", r)
	}
}

func TestBrokenRedirectOfAProcessIsAFault(t *testing.T) {
	for _, redirect := range []string{
		`"other"`, `[]`, `{"api":7}`, `{"url":"a"}`, `{"url":"//a b"}`, `{"url":"/a#b"}`, `{"method":"G T"}`, `{"limit":"many"}`, `{"check_limits":1}`,
	} {
		_, err := everything.Apply(exchange(abi.Post), []byte(`{"action":"continue","redirect":`+redirect+`}`))
		if abi.KindOf(err) != abi.Protocol || err == nil {
			t.Errorf("redirect %s: Apply() = %v, want a protocol error", redirect, err)
		}
	}
	if _, err := everything.Apply(exchange(abi.Response), []byte(`{"action":"continue","redirect":{}}`)); !errors.Is(err, abi.ErrReadOnly) {
		t.Errorf("in the response hook: Apply() = %v, want ErrReadOnly", err)
	}
}

func TestBrokenTykURLOfAProcessIsAFault(t *testing.T) {
	for _, result := range []string{
		`{"action":"continue","request":{"url":"tyk:///a"}}`,
		`{"action":"continue","request":{"url":"tyk://a b"}}`,
		`{"action":"respond","response":{"status_code":302,"set_headers":{"Location":"tyk://"}}}`,
	} {
		if _, err := everything.Apply(forTyk(abi.Post), []byte(result)); abi.KindOf(err) != abi.Protocol || err == nil {
			t.Errorf("Apply(%s) = %v, want a protocol error", result, err)
		}
	}
}

func TestResponseHookKeepsALocation(t *testing.T) {
	x := forTyk(abi.Response)
	out, err := everything.Apply(x, []byte(`{"action":"respond","response":{"status_code":302,"set_headers":{"Location":"tyk://self/"}}}`))
	if err := finish(x, out.Verdict, err); err != nil || x.Redirected() != nil || x.Reply.Status != 302 {
		t.Errorf("Apply() = %v, Redirected() = %q, status %d", err, redirected(x), x.Reply.Status)
	}
}

func TestProcessRefusesInTykForm(t *testing.T) {
	type answer struct {
		Status     int
		Body, Mime string
		Final      bool
		Event      string
		Message    string
	}
	for _, tt := range []struct {
		name   string
		hook   abi.Hook
		result string
		want   answer
	}{
		{"deny", abi.Auth, `{"action":"deny"}`, answer{403, "{\n    \"error\": \"Key not authorised\"\n}", "application/json", true, "AuthFailure", "Key not authorised"}},
		{
			"error", abi.Post, `{"action":"respond","request":{"return_overrides":{"response_code":402,"response_error":"pay","headers":{"Content-Type":"x"}}}}`,
			answer{402, "{\n    \"error\": \"pay\"\n}", "application/json", true, "AuthFailure", "pay"},
		},
		{
			"error without text", abi.Post, `{"action":"respond","request":{"return_overrides":{"response_code":500}}}`,
			answer{500, "{\n    \"error\": \"Key not authorised\"\n}", "application/json", true, "AuthFailure", "Key not authorised"},
		},
		{
			"error as it is", abi.Post, `{"action":"respond","request":{"return_overrides":{"response_code":402,"response_body":"pay","override_error":true}}}`,
			answer{402, "pay", "", true, "", ""},
		},
		{"success", abi.Post, `{"action":"respond","request":{"return_overrides":{"response_code":200,"response_body":"x"}}}`, answer{200, "x", "", true, "", ""}},
		{"whole response", abi.Post, `{"action":"respond","response":{"status_code":404,"body":"x"}}`, answer{404, "x", "", false, "", ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := forTyk(tt.hook)
			out, err := everything.Apply(x, []byte(tt.result))
			if err := finish(x, out.Verdict, err); err != nil {
				t.Fatal(err)
			}
			mime, _ := x.Reply.Header.Get([]byte("Content-Type"))
			got := answer{x.Reply.Status, string(x.Reply.Body), string(mime), x.Rejected(), x.Cause().Event, x.Cause().Message}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRightsOfASessionReachTheProcessAndComeBack(t *testing.T) {
	want := &abi.Session{
		KeyID: "k", Tags: []string{"t"}, Metadata: map[string]any{"m": 1.0}, ApplyPolicies: []string{"p"}, ExtractorDeadline: 9, Lifetime: 8,
		AccessRights: map[string]abi.Access{"a": {APIID: "a", Versions: []string{"v1"}, Extra: []byte(`{"limit":{"rate":1}}`)}},
	}
	x := exchange(abi.Post)
	x.Session = want
	params, err := everything.AppendDispatch(nil, x, 0)
	if err != nil {
		t.Fatal(err)
	}
	back := exchange(abi.Auth)
	session := member(t, params, "session")
	if _, err := everything.Apply(back, append(append([]byte(`{"action":"allow","session":`), session...), '}')); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, back.Session); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
}

// member returns a member of a JSON object.
func member(t *testing.T, raw []byte, name string) []byte {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		t.Fatal(err)
	}
	return members[name]
}

// finish ends the call as the chain would.
func finish(x *abi.Exchange, v abi.Verdict, err error) error {
	if err != nil {
		x.Discard()
		return err
	}
	x.Commit(v)
	return nil
}
