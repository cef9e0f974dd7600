package builtin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/dialect"
	"github.com/c386954a/sallyport/store"
)

// dialects are those that steps may answer in.
var dialects = map[string]*abi.Dialect{"tyk": dialect.New()}

// outcome is what a step made of a request.
type outcome struct {
	Verdict abi.Verdict
	Status  int
	Body    string
	Event   string
	Message string
	Final   bool
}

// call runs p in a hook, as the chain would.
func call(t *testing.T, p abi.Plugin, h abi.Hook, x *abi.Exchange) outcome {
	t.Helper()
	x.Begin(h, time.Time{})
	v, err := p.Call(x)
	if err != nil {
		t.Fatalf("Call() = %v", err)
	}
	x.Commit(v)
	return outcome{v, x.Reply.Status, string(x.Reply.Body), x.Cause().Event, x.Cause().Message, x.Rejected()}
}

func tykError(text string) string { return "{\n    \"error\": \"" + text + "\"\n}" }

func TestStepsAnswerAsTykDoes(t *testing.T) {
	past, future := int64(1), time.Now().Add(time.Hour).Unix()
	rights := func(ids ...string) map[string]abi.Access {
		m := map[string]abi.Access{}
		for _, id := range ids {
			m[id] = abi.Access{Versions: []string{"v1"}}
		}
		return m
	}
	for _, tt := range []struct {
		name, entry, config string
		hook                abi.Hook
		line                string
		session             *abi.Session
		want                outcome
	}{
		{"no key", "key-auth", ``, abi.Auth, "A: b", nil, outcome{abi.Respond, 401, tykError("Authorization field missing"), "", "", true}},
		{"unknown key", "key-auth", ``, abi.Auth, "Authorization: guess", nil, outcome{abi.Respond, 403, tykError("Access to this API has been disallowed"), abi.AuthFailure, "Auth Failure", true}},
		{"expired key", "key-auth", ``, abi.Auth, "Authorization: expired", nil, outcome{abi.Respond, 401, tykError("Key has expired, please renew"), abi.KeyExpired, "Attempted access from expired key.", true}},
		{"inactive key", "key-auth", ``, abi.Auth, "Authorization: inactive", nil, outcome{abi.Respond, 403, tykError("Key is inactive, please renew"), abi.KeyExpired, "Attempted access from inactive key.", true}},
		{"expired key, later", "key-auth", `{"expiry": "later"}`, abi.Auth, "Authorization: expired", nil, outcome{Verdict: abi.Continue}},
		{"second key", "key-auth", ``, abi.PostKeyAuth, "Authorization: guess", &abi.Session{}, outcome{abi.Respond, 403, tykError("Access to this API has been disallowed"), abi.AuthFailure, "Auth Failure", true}},

		{"open to all", "access", ``, abi.PostKeyAuth, "A: b", nil, outcome{Verdict: abi.Continue}},
		{"no rights", "access", ``, abi.PostKeyAuth, "A: b", &abi.Session{}, outcome{Verdict: abi.Continue}},
		{"rights", "access", ``, abi.PostKeyAuth, "A: b", &abi.Session{AccessRights: rights("o1")}, outcome{Verdict: abi.Continue}},
		{"rights elsewhere", "access", ``, abi.PostKeyAuth, "A: b", &abi.Session{AccessRights: rights("o2")}, outcome{abi.Respond, 403, tykError("Access to this API has been disallowed"), abi.AuthFailure, "Attempted access to unauthorised API", true}},
		{"version", "access", `{"version": "v1"}`, abi.PostKeyAuth, "A: b", &abi.Session{AccessRights: rights("o1")}, outcome{Verdict: abi.Continue}},
		{"other version", "access", `{"version": "v2"}`, abi.PostKeyAuth, "A: b", &abi.Session{AccessRights: rights("o1")}, outcome{abi.Respond, 403, tykError("Access to this API has been disallowed"), abi.AuthFailure, "Attempted access to unauthorised API", true}},
		{"expired session", "access", ``, abi.PostKeyAuth, "A: b", &abi.Session{Expires: past}, outcome{abi.Respond, 401, tykError("Key has expired, please renew"), abi.KeyExpired, "Attempted access from expired key.", true}},
		{"inactive session", "access", ``, abi.PostKeyAuth, "A: b", &abi.Session{Inactive: true}, outcome{abi.Respond, 403, tykError("Key is inactive, please renew"), abi.KeyExpired, "Attempted access from inactive key.", true}},
		{"path that is not opened", "access", ``, abi.PostKeyAuth, "A: b", &abi.Session{AccessRights: map[string]abi.Access{"o1": {AllowedURLs: []abi.AllowedURL{{URL: "/other", Methods: []string{"POST"}}}}}}, outcome{abi.Respond, 403, tykError("Access to this resource has been disallowed"), abi.AuthFailure, "Attempted access to unauthorised endpoint (Granular).", true}},
		{"session for an hour", "access", ``, abi.PostKeyAuth, "A: b", &abi.Session{Expires: future}, outcome{Verdict: abi.Continue}},

		{"blocked", "paths", `{"block": [{"path": "^/items$"}]}`, abi.Pre, "A: b", nil, outcome{abi.Respond, 403, tykError("Requested endpoint is forbidden"), abi.VersionFailure, "Attempted access to disallowed version / path.", true}},
		{"too large", "size-limit", `{"max": 10}`, abi.Pre, "Content-Length: 11", nil, outcome{abi.Respond, 400, tykError("Request is too large"), "", "", true}},
		{"just right", "size-limit", `{"max": 10}`, abi.Pre, "Content-Length: 10", nil, outcome{Verdict: abi.Continue}},
		{"no length", "size-limit", `{"max": 10}`, abi.Pre, "Transfer-Encoding: chunked", nil, outcome{abi.Respond, 411, tykError("Content length is required for this request"), "", "", true}},
		{"no body at all", "size-limit", `{"max": 10}`, abi.Pre, "A: b", nil, outcome{abi.Respond, 411, tykError("Content length is required for this request"), "", "", true}},

		{"no version", "version", `{"location": "header", "key": "V", "versions": {"v1": "a"}}`, abi.Pre, "A: b", nil, outcome{abi.Respond, 403, tykError("Version information not found"), abi.VersionFailure, "Attempted access to disallowed version / path.", true}},
		{"unknown version", "version", `{"location": "header", "key": "V", "versions": {"v1": "a"}}`, abi.Pre, "V: v2", nil, outcome{abi.Respond, 403, tykError("This API version does not seem to exist"), abi.VersionFailure, "Attempted access to disallowed version / path.", true}},
		{"expired version", "version", `{"location": "header", "key": "V", "versions": {"v1": "a"}, "expires": {"v1": "2001-01-01T00:00:00Z"}}`, abi.Pre, "V: v1", nil, outcome{abi.Respond, 403, tykError("Api Version has expired, please check documentation or contact administrator"), abi.VersionFailure, "Attempted access to disallowed version / path.", true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := request("POST /orders/items", tt.line)
			x.API = &abi.API{ID: "o1", Name: "orders", ListenPath: "/orders/", Dialect: dialect.New()}
			x.Session = tt.session
			got := call(t, load(t, keys(t), tt.entry, tt.config), tt.hook, x)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("outcome (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReplySaysWhoseFormItIs(t *testing.T) {
	for _, tt := range []struct {
		reply string
		tyk   bool
		want  string
	}{
		{`{}`, false, `{"error":"Authorization field missing","request_id":"r1"}`},
		{`{}`, true, tykError("Authorization field missing")},
		{`{"reply": "native"}`, true, `{"error":"Authorization field missing","request_id":"r1"}`},
		{`{"reply": "tyk"}`, false, tykError("Authorization field missing")},
	} {
		x := request("GET /")
		x.API = &abi.API{Dialect: dialectIf(tt.tyk)}
		if got := call(t, load(t, keys(t), "key-auth", tt.reply), abi.Auth, x).Body; got != tt.want {
			t.Errorf("%s in an api with tyk = %v: %s, want %s", tt.reply, tt.tyk, got, tt.want)
		}
	}
}

func TestTykAnswersInTheFormOfTheRequest(t *testing.T) {
	const asXML = "<?xml version = \"1.0\" encoding = \"UTF-8\"?>\n<error>Authorization field missing</error>\n"
	for sent, want := range map[string][2]string{
		"application/json":                {"application/json", tykError("Authorization field missing")},
		"application/xml":                 {"application/xml", asXML},
		"Text/XML; charset=utf-8":         {"text/xml", asXML},
		"application/soap+xml;action=foo": {"application/soap+xml", asXML},
		"application/xmlx":                {"application/json", tykError("Authorization field missing")},
	} {
		x := request("POST /", "Content-Type: "+sent)
		got := call(t, load(t, keys(t), "key-auth", `{"reply": "tyk"}`), abi.Auth, x)
		mime, _ := x.Reply.Header.Get([]byte("Content-Type"))
		if string(mime) != want[0] || got.Body != want[1] {
			t.Errorf("to %s: %s %q, want %q", sent, mime, got.Body, want)
		}
	}
}

func TestEventsNameTheKeyThatWasShown(t *testing.T) {
	x := request("GET /", "Authorization: Bearer guess")
	call(t, load(t, keys(t), "key-auth", `{"reply": "tyk"}`), abi.Auth, x)
	if got := string(x.Cause().Key); got != "guess" {
		t.Errorf("key of the event = %q, want guess", got)
	}
}

func TestNativeAuthLeavesTheEventToTheHook(t *testing.T) {
	x := request("GET /", "Authorization: expired")
	if got := call(t, load(t, keys(t), "key-auth", ""), abi.Auth, x); got.Event != "" {
		t.Errorf("event = %q, want that of the hook", got.Event)
	}
}

func TestSecondKeyReplacesTheSessionUnlessItIsToBeKept(t *testing.T) {
	for config, want := range map[string]string{`{}`: "k1", `{"session": "keep"}`: "mine"} {
		x := request("GET /", "Authorization: s3cret")
		x.Session = &abi.Session{KeyID: "mine"}
		if got := call(t, load(t, keys(t), "key-auth", config), abi.PostKeyAuth, x); got.Verdict != abi.Continue {
			t.Fatalf("%s: %v", config, got)
		}
		if x.Session.KeyID != want || x.Unsaved() {
			t.Errorf("%s: session of %s, unsaved %v, want that of %s, saved", config, x.Session.KeyID, x.Unsaved(), want)
		}
	}
}

func TestRateIsRefusedAsTykDoes(t *testing.T) {
	p := load(t, store.NewMemory(), "rate-limit", "")
	s := &abi.Session{KeyID: "k1", Rate: 1, Per: 3600}
	limitedBy(t, p, s, true)
	want := outcome{abi.Respond, 429, tykError("Rate limit exceeded"), abi.RatelimitExceeded, "Key Rate Limit Exceeded", true}
	if diff := cmp.Diff(want, limitedBy(t, p, s, true)); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

func TestQuotaEndsWithItsPeriod(t *testing.T) {
	for _, tt := range []struct {
		tyk    bool
		status int
		text   string
	}{{false, 429, "quota exceeded"}, {true, 403, "Quota exceeded"}} {
		p := load(t, store.NewMemory(), "rate-limit", "")
		s := &abi.Session{KeyID: "k1", QuotaMax: 1, QuotaRenewalRate: 60}
		first, second := limitedBy(t, p, s, tt.tyk), limitedBy(t, p, s, tt.tyk)
		if first.Verdict != abi.Continue || second.Status != tt.status || !strings.Contains(second.Body, `"`+tt.text+`"`) {
			t.Errorf("tyk %v: %+v, then %+v, want %d %s", tt.tyk, first, second, tt.status, tt.text)
		}
		if second.Event != abi.QuotaExceeded {
			t.Errorf("event = %q", second.Event)
		}
	}
}

// dialectIf returns the dialect of an API that was written for Tyk, or not.
func dialectIf(tyk bool) *abi.Dialect {
	if tyk {
		return dialects["tyk"]
	}
	return nil
}

func limitedBy(t *testing.T, p abi.Plugin, s *abi.Session, tyk bool) outcome {
	t.Helper()
	x := request("GET /")
	x.API, x.Session = &abi.API{Dialect: dialectIf(tyk)}, s
	return call(t, p, abi.RateLimit, x)
}
