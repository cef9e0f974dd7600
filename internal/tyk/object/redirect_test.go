package object_test

import (
	"bytes"
	"cmp"
	"errors"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/object"
)

// finish ends the call as the chain would.
func finish(x *abi.Exchange, v abi.Verdict, err error) error {
	if err != nil {
		x.Discard()
		return err
	}
	x.Commit(v)
	return nil
}

// redirected returns where a request goes on, as a tyk:// URL.
func redirected(x *abi.Exchange) string {
	r := x.Redirected()
	if r == nil {
		return ""
	}
	target, sep := "tyk://"+cmp.Or(string(r.API), "self")+string(r.URI), "?"
	if bytes.IndexByte(r.URI, '?') >= 0 {
		sep = "&"
	}
	if len(r.Method) > 0 {
		target += sep + "method=" + string(r.Method)
	}
	return target
}

func TestTykURLOfARequestHookBecomesARedirect(t *testing.T) {
	for _, tt := range []struct{ name, result, want, uri string }{
		{"path", `{"Request":{"URL":"tyk://self/a%2Fb?x=1"}}`, "tyk://self/a%2Fb?x=1", "/p?b=2&a=1&b=3"},
		{"no path", `{"Request":{"URL":"tyk://other"}}`, "tyk://other/", "/p?b=2&a=1&b=3"},
		{"no path but a query", `{"Request":{"URL":"tyk://other?method=GET"}}`, "tyk://other/?method=GET", "/p?b=2&a=1&b=3"},
		{"any case", `{"Request":{"URL":"TYK://Other-API/a"}}`, "tyk://Other-API/a", "/p?b=2&a=1&b=3"},
		{"user and fragment", `{"Request":{"URL":"tyk://a@v2/x#top"}}`, "tyk://a@v2/x", "/p?b=2&a=1&b=3"},
		{"parameters", `{"Request":{"URL":"tyk://self/a?x=1&y=2","AddParams":{"z":"3 4"},"DeleteParams":["y"]}}`, "tyk://self/a?x=1&z=3+4", "/p?b=2&a=1&b=3"},
		{"bytes beyond ASCII", `{"Request":{"URL":"tyk://self/ä"}}`, "tyk://self/%C3%A4", "/p?b=2&a=1&b=3"},
		{"another scheme", `{"Request":{"URL":"http://other/a"}}`, "", "/a"},
		{"an answer counts more", `{"Request":{"URL":"tyk://self/a","ReturnOverrides":{"ResponseCode":200}}}`, "", "/p?b=2&a=1&b=3"},
		{
			"forced redirect", `{"Request":{"URL":"/p?b=2&a=1&b=3","ReturnOverrides":{"ResponseCode":301,"ResponseHeaders":{"location":"tyk://self/x?method=GET#y"}}}}`,
			"tyk://self/x?method=GET", "/p?b=2&a=1&b=3",
		},
		{
			"forced redirect elsewhere", `{"Request":{"URL":"/p?b=2&a=1&b=3","ReturnOverrides":{"ResponseCode":302,"ResponseHeaders":{"Location":"https://self/x"}}}}`,
			"", "/p?b=2&a=1&b=3",
		},
		{
			"forced answer of another kind", `{"Request":{"URL":"/p?b=2&a=1&b=3","ReturnOverrides":{"ResponseCode":307,"ResponseHeaders":{"Location":"tyk://self/x"}}}}`,
			"", "/p?b=2&a=1&b=3",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := tykExchange()
			x.Begin(abi.Pre, time.Time{})
			r, err := object.ParseRequest([]byte(tt.result))
			if err != nil {
				t.Fatal(err)
			}
			v, err := r.Apply(x)
			if err := finish(x, v, err); err != nil {
				t.Fatal(err)
			}
			if got := redirected(x); got != tt.want {
				t.Errorf("Redirected() = %q, want %q", got, tt.want)
			}
			if got := string(x.Request.URI); got != tt.uri {
				t.Errorf("URI = %q, want %q", got, tt.uri)
			}
		})
	}
}

func TestBrokenTykURLsAreFaults(t *testing.T) {
	for _, result := range []string{
		`{"Request":{"URL":"tyk:///a"}}`, `{"Request":{"URL":"tyk://"}}`, `{"Request":{"URL":"tyk://a b/"}}`, `{"Request":{"URL":"tyk://[::1/x"}}`,
		`{"Request":{"URL":"http://[::1","Body":"bmV3"}}`, `{"Request":{"URL":"tyk://self/%zz","Body":"bmV3"}}`,
		`{"Request":{"ReturnOverrides":{"ResponseCode":302,"ResponseHeaders":{"Location":"tyk:///x"}}}}`,
		`{"Request":{"URL":"tyk://self/a","SetHeaders":{"a b":"c"}}}`,
	} {
		x := tykExchange()
		x.Begin(abi.Pre, time.Time{})
		r, err := object.ParseRequest([]byte(result))
		if err != nil {
			t.Fatal(err)
		}
		v, err := r.Apply(x)
		if err := finish(x, v, err); abi.KindOf(err) != abi.Protocol {
			t.Errorf("Apply(%s) = %v, want a protocol error", result, err)
		}
		if x.Redirected() != nil || string(x.Request.Body) != "\xffx" {
			t.Errorf("Apply(%s) left Redirected() = %q, body %q", result, redirected(x), x.Request.Body)
		}
	}
}

func TestAuthScriptMayRedirectWithItsSession(t *testing.T) {
	x := tykExchange()
	x.Begin(abi.Auth, time.Time{})
	r, err := object.ParseRequest([]byte(`{"Request":{"URL":"tyk://other/"},"Session":{"rate":3},"AuthValue":"k"}`))
	if err != nil {
		t.Fatal(err)
	}
	v, err := r.Apply(x)
	if err := finish(x, v, err); err != nil {
		t.Fatal(err)
	}
	if redirected(x) != "tyk://other/" || x.Session == nil || x.Session.KeyID != "k" || !x.Unsaved() {
		t.Errorf("Redirected() = %q, session %+v", redirected(x), x.Session)
	}
}

func TestVirtualEndpointMayRedirect(t *testing.T) {
	x := tykExchange()
	x.Session = &abi.Session{KeyID: "k"}
	x.Begin(abi.Virtual, time.Time{})
	r, err := object.ParseVirtual([]byte(`{"Response":{"Code":302,"Headers":{"Location":"tyk://self/get_action?method=GET"}},"SessionMeta":{"a":1}}`))
	if err != nil {
		t.Fatal(err)
	}
	v, err := r.Apply(x)
	if err := finish(x, v, err); err != nil || v != abi.Respond {
		t.Fatalf("Apply() = %v, %v", v, err)
	}
	if redirected(x) != "tyk://self/get_action?method=GET" || x.Session.Metadata["a"] != 1.0 {
		t.Errorf("Redirected() = %q, session %+v", redirected(x), x.Session)
	}
}

func TestErrorReplyOfAScriptIsFinal(t *testing.T) {
	for _, tt := range []struct {
		name, result string
		status       int
		body, mime   string
		rejected     bool
	}{
		{"error", `{"ResponseCode":401,"ResponseError":"say \"no\"","ResponseHeaders":{"Content-Type":"text/x"}}`, 401, "{\n    \"error\": \"say \\\"no\\\"\"\n}", "application/json", true},
		{"error of 999", `{"ResponseCode":999,"ResponseBody":"x"}`, 999, "{\n    \"error\": \"x\"\n}", "application/json", true},
		{"override", `{"ResponseCode":401,"ResponseBody":"b","ResponseError":"e","OverrideError":true,"ResponseHeaders":{"content-type":"text/x"}}`, 401, "e", "text/x", false},
		{"success", `{"ResponseCode":200,"ResponseBody":"b"}`, 200, "b", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := tykExchange()
			x.API = &abi.API{Dialect: &abi.Dialect{MaxStatus: 999}}
			x.Begin(abi.Post, time.Time{})
			r, err := object.ParseRequest([]byte(`{"Request":{"URL":"/","ReturnOverrides":` + tt.result + `}}`))
			if err != nil {
				t.Fatal(err)
			}
			v, err := r.Apply(x)
			if err := finish(x, v, err); err != nil || v != abi.Respond {
				t.Fatalf("Apply() = %v, %v", v, err)
			}
			mime, _ := x.Reply.Header.Get([]byte("Content-Type"))
			if x.Reply.Status != tt.status || string(x.Reply.Body) != tt.body || string(mime) != tt.mime || x.Rejected() != tt.rejected {
				t.Errorf("reply = %d %q %q, Rejected() = %v", x.Reply.Status, mime, x.Reply.Body, x.Rejected())
			}
		})
	}
}

func TestImpossibleStatusCodesAreFaults(t *testing.T) {
	for _, code := range []string{"1", "99", "100", "199", "1000", "-1"} {
		x := tykExchange()
		x.API = &abi.API{Dialect: &abi.Dialect{MaxStatus: 999}}
		x.Begin(abi.Pre, time.Time{})
		r, err := object.ParseRequest([]byte(`{"Request":{"ReturnOverrides":{"OverrideError":true,"ResponseCode":` + code + `}}}`))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Apply(x); !errors.Is(err, abi.ErrStatus) {
			t.Errorf("ResponseCode %s: Apply() = %v, want ErrStatus", code, err)
		}
	}
}

func TestHeaderNamesKeepTheirCaseIfAsked(t *testing.T) {
	const result = `{"Request":{"URL":"/","SetHeaders":{"x-certificateOUID":"1","HOST":"evil"},"DeleteHeaders":["X-B"]}}`
	for exact, want := range map[bool]string{false: "X-Certificateouid", true: "x-certificateOUID"} {
		x := tykExchange()
		x.Begin(abi.Pre, time.Time{})
		r, err := object.ParseRequest([]byte(result))
		if err != nil {
			t.Fatal(err)
		}
		r.KeepHeaderCase = exact
		if _, err := r.Apply(x); err != nil {
			t.Fatal(err)
		}
		h := x.Request.Header
		if len(h) != 2 || string(h[1].Name) != want {
			t.Errorf("KeepHeaderCase %v: header %q", exact, h)
		}
	}
}
