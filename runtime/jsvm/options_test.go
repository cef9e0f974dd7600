package jsvm_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/jsvm"
)

func TestSessionsAreGivenOnlyToWhoRequiresThem(t *testing.T) {
	script := `function m(request, session) { return TykJsResponse({body: typeof session.key_id, code: 200}, {}); }
		m.DoProcessRequest = function (request, session) {
			request.SetHeaders = {"X-Key": typeof session.key_id}; request.Body = "";
			return JSON.stringify({Request: request, SessionMeta: {}});
		};`
	for _, c := range []struct {
		config   string
		hook     abi.Hook
		seen     string
		metadata int
	}{
		{``, abi.PostKeyAuth, "undefined", 1},
		{``, abi.Post, "undefined", 1},
		{``, abi.Virtual, "undefined", 1},
		{`{"require_session": false}`, abi.Post, "undefined", 1},
		{`{"require_session": true}`, abi.PostKeyAuth, "string", 0},
		{`{"require_session": true}`, abi.Post, "string", 0},
		{`{"require_session": true}`, abi.Virtual, "string", 0},
		{`{"use_session": true}`, abi.Virtual, "string", 0},
		{`{"require_session": true}`, abi.Pre, "undefined", 1},
	} {
		p := loadSpec(t, jsvm.Config{}, abi.Spec{Entry: "m", Config: []byte(c.config)}, script)
		x := exchange()
		x.Session = &abi.Session{KeyID: "k", Metadata: map[string]any{"tier": "gold"}}
		must(t, p, x, c.hook)
		seen := field(x.Request.Header, "X-Key")
		if c.hook == abi.Virtual {
			seen = string(x.Reply.Body)
		}
		if seen != c.seen || len(x.Session.Metadata) != c.metadata {
			t.Errorf("%s %v: key_id is %s and %d values of metadata are left, want %s and %d", c.config, c.hook, seen, len(x.Session.Metadata), c.seen, c.metadata)
		}
	}
}

func TestRequireSessionMustBeABoolean(t *testing.T) {
	got := loadError(t, jsvm.Config{}, abi.Spec{Entry: "m", Config: []byte(`{"require_session": "yes"}`)}, handler(""))
	if !strings.Contains(got, "require_session") {
		t.Errorf("Load() = %q, want the key named", got)
	}
}

func TestOddResultsAreWarnedOfOnce(t *testing.T) {
	for _, c := range []struct{ name, result, want string }{
		{"NaN", `request.ReturnOverrides.ResponseCode = parseInt("x"); return {Request: request, Session: {}};`, "ResponseCode is NaN"},
		{"no session", `return {Request: request};`, "no Session"},
		{"none", `request.SetHeaders.A = "\"ResponseCode\":null"; return {Request: request, Session: {}};`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			logger := zerolog.New(&out)
			p := loadSpec(t, jsvm.Config{Logger: &logger}, abi.Spec{Entry: "m"}, handler(c.result))
			for range 3 {
				must(t, p, exchange(), abi.Auth)
			}
			want := 1
			if c.want == "" {
				want = 0
			}
			if got := strings.Count(out.String(), `"level":"warn"`); got != want || !strings.Contains(out.String(), c.want) {
				t.Errorf("log = %s, want %q once", out.String(), c.want)
			}
		})
	}
}
