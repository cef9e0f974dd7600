package builtin_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
)

func TestPathsAreBlockedAndAllowed(t *testing.T) {
	const block = `{"block": [{"path": "^/admin"}, {"path": "/items/[0-9]+$", "method": "DELETE"}]}`
	const allow = `{"allow": [{"path": "^/items", "method": "GET"}, {"path": "^/orders/open$"}], "ignore": [{"path": "^/health$"}]}`
	const both = `{"block": [{"path": "^/items/1$"}, {"path": "^/health$"}], "allow": [{"path": "^/items"}], "ignore": [{"path": "^/health$"}]}`
	for _, tt := range []struct {
		name, config, start string
		want                abi.Verdict
	}{
		{"blocked", block, "GET /orders/admin/x", abi.Respond},
		{"blocked in another spelling", block, "GET /orders/%61dmin", abi.Respond},
		{"blocked behind dots", block, "GET /orders/x/../admin", abi.Respond},
		{"blocked behind slashes", block, "GET /orders///admin?x", abi.Respond},
		{"not blocked elsewhere", block, "GET /orders/x/admin", abi.Continue},
		{"method", block, "DELETE /orders/items/7", abi.Respond},
		{"other method", block, "GET /orders/items/7", abi.Continue},
		{"query is no path", block, "DELETE /orders/?/items/7", abi.Continue},
		{"allowed", allow, "GET /orders/items/7", abi.Continue},
		{"allowed as a whole", allow, "POST /orders/open", abi.Continue},
		{"not allowed method", allow, "POST /orders/items/7", abi.Respond},
		{"not allowed", allow, "GET /orders/secret", abi.Respond},
		{"ignored", allow, "POST /orders/health", abi.Continue},
		{"block wins over allow", both, "GET /orders/items/1", abi.Respond},
		{"ignore wins over block", both, "GET /orders/health", abi.Continue},
		{"nothing configured", `{}`, "GET /orders/x", abi.Continue},
		{"no path", block, "OPTIONS *", abi.Continue},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := request(tt.start)
			x.API = &abi.API{Name: "orders", ListenPath: "/orders/"}
			got := call(t, load(t, nil, "paths", tt.config), abi.Pre, x)
			if got.Verdict != tt.want {
				t.Errorf("%+v, want %v", got, tt.want)
			}
			if got.Verdict == abi.Respond && (got.Status != 403 || got.Body != `{"error":"path is not allowed","request_id":"r1"}`) {
				t.Errorf("reply = %d %s", got.Status, got.Body)
			}
		})
	}
}

func TestSessionsMayBeLimitedToPaths(t *testing.T) {
	s := &abi.Session{AccessRights: map[string]abi.Access{"o1": {AllowedURLs: []abi.AllowedURL{
		{URL: "^/items/[0-9]+$", Methods: []string{"GET", "HEAD"}},
		{URL: "(", Methods: []string{"GET"}},
		{URL: "/open", Methods: []string{"POST"}},
	}}}}
	p := load(t, nil, "access", `{}`)
	for start, want := range map[string]int{
		"GET /orders/items/7":    0,
		"HEAD /orders/items/7":   0,
		"DELETE /orders/items/7": 403,
		"GET /orders/items/x":    403,
		"POST /orders/open/x":    0,
		"POST /orders/op%65n":    0,
		"GET /orders/open":       403,
		"GET /orders/":           403,
	} {
		for range 2 { // the second finds the expressions kept
			x := request(start)
			x.API, x.Session = &abi.API{ID: "o1", ListenPath: "/orders/"}, s
			if got := call(t, p, abi.PostKeyAuth, x); got.Status != want {
				t.Errorf("%s: %+v, want status %d", start, got, want)
			}
		}
	}
}

func TestLargeBodiesAreTurnedAway(t *testing.T) {
	for _, tt := range []struct {
		name, start string
		header      []string
		want        int
	}{
		{"small", "POST /", []string{"Content-Length: 10"}, 0},
		{"large", "POST /", []string{"Content-Length: 11"}, 413},
		{"large without a usual body", "DELETE /", []string{"Content-Length: 11"}, 413},
		{"unknown", "POST /", []string{"Transfer-Encoding: chunked"}, 411},
		{"none", "POST /", nil, 0},
		{"overflow", "POST /", []string{"Content-Length: 99999999999999999999"}, 413},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := call(t, load(t, nil, "size-limit", `{"max": 10}`), abi.Pre, request(tt.start, tt.header...)); got.Status != tt.want {
				t.Errorf("%+v, want status %d", got, tt.want)
			}
		})
	}
}

func TestVersionsAreFoundWhereTheyAreNamed(t *testing.T) {
	const versions = `"versions": {"v1": "orders@v1", "v2": "orders@v2"}`
	for _, tt := range []struct {
		name, config, start string
		header              []string
		want, wantURI       string
		wantHeader          []string
	}{
		{"header", `{"location": "header", "key": "X-Version", ` + versions + `}`, "GET /orders/x", []string{"x-version: v2"}, "orders@v2", "/orders/x", []string{"x-version: v2"}},
		{"header stripped", `{"location": "header", "key": "X-Version", "strip": true, ` + versions + `}`, "GET /orders/x", []string{"x-version: v2", "A: b"}, "orders@v2", "/orders/x", []string{"A: b"}},
		{"query", `{"location": "query", "key": "v", ` + versions + `}`, "GET /orders/x?a=1&v=v1", nil, "orders@v1", "/orders/x?a=1&v=v1", nil},
		{"query stripped", `{"location": "query", "key": "v", "strip": true, ` + versions + `}`, "GET /orders/x?a=1&v=v1", nil, "orders@v1", "/orders/x?a=1", nil},
		{"path", `{"location": "path", ` + versions + `}`, "GET /orders/v1/x?y", nil, "orders@v1", "/orders/v1/x?y", nil},
		{"path stripped", `{"location": "path", "strip": true, ` + versions + `}`, "GET /orders/v1/x%20y?z", nil, "orders@v1", "/orders/x%20y?z", nil},
		{"only a path", `{"location": "path", "strip": true, ` + versions + `}`, "GET /orders/v1", nil, "orders@v1", "/orders/", nil},
		{"odd spelling", `{"location": "path", "strip": true, ` + versions + `}`, "GET /orders/%761/x", nil, "orders@v1", "/orders/%761/x", nil},
		{"default", `{"location": "header", "key": "V", "default": "v1", ` + versions + `}`, "GET /orders/x", nil, "orders@v1", "/orders/x", nil},
		{"default of a path", `{"location": "path", "strip": true, "default": "v1", "fallback": true, ` + versions + `}`, "GET /orders/x", nil, "orders@v1", "/orders/x", nil},
		{"fallback", `{"location": "header", "key": "V", "default": "v1", "fallback": true, "strip": true, ` + versions + `}`, "GET /orders/x", []string{"V: v9"}, "orders@v1", "/orders/x", []string{"V: v9"}},
		{"control parameters are the client's own", `{"location": "header", "key": "V", "default": "v1", ` + versions + `}`, "GET /orders/x?method=DELETE&check_limits=true", nil, "orders@v1", "/orders/x?method=DELETE&check_limits=true", nil},
		{"expires later", `{"location": "header", "key": "V", "default": "v1", "expires": {"v1": "9999-01-01T00:00:00Z"}, ` + versions + `}`, "GET /orders/x", nil, "orders@v1", "/orders/x", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := request(tt.start, tt.header...)
			x.API = &abi.API{Name: "orders", ListenPath: "/orders/"}
			call(t, load(t, nil, "version", tt.config), abi.Pre, x)
			to := x.Redirected()
			if to == nil || !to.Dispatch {
				t.Fatalf("goes to %v, want it to be dispatched", to)
			}
			if got := string(to.API); got != tt.want || string(x.Request.URI) != tt.wantURI {
				t.Errorf("goes to %q as %s, want %q as %s", got, x.Request.URI, tt.want, tt.wantURI)
			}
			if diff := cmp.Diff(tt.wantHeader, lines(x.Request.Header)); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHeaderFieldsAreTransformed(t *testing.T) {
	const config = `{"remove": ["x-debug", "Set-Cookie"], "set": {
		"X-Plan": "plan $meta.plan!", "X-N": "$meta.n $meta.on $meta.list", "X-None": "[$meta.none$meta.object]",
		"X-Path": "$context.path $context.path_parts", "X-Who": "$context.remote_addr $context.request_id",
		"X-From": "$context.headers_User_Agent $context.cookies_sid $context.request_data.q $context.left",
		"X-Lines": "$meta.lines", "X-Plain": "$tyk $meta. $5"}}`
	p := load(t, nil, "transform", config)
	for _, h := range []abi.Hook{abi.Pre, abi.Response} {
		x := request("GET /orders//a%20b?q=find+me", "X-Debug: 1", "User-Agent: curl", "Cookie: sid=7")
		x.Request.RemoteAddr = []byte("[2001:db8::1]:4711")
		x.Session = &abi.Session{Metadata: map[string]any{
			"plan": "gold", "n": 1.5, "on": true, "list": []any{"a", 2.0}, "object": map[string]any{}, "lines": "a\r\nb",
		}}
		x.Meta = abi.Meta{{Name: []byte("left"), Value: []byte("left")}}
		x.Reply.Header = abi.Header{{Name: []byte("Set-Cookie"), Value: []byte("a")}}
		call(t, p, h, x)
		m := abi.OfRequest
		want := []string{"User-Agent: curl", "Cookie: sid=7"}
		if h == abi.Response {
			m, want = abi.OfReply, nil
		}
		want = append(want,
			"X-From: curl 7 find me left", "X-Lines: a  b", "X-N: 1.5 true a,2", "X-None: []",
			"X-Path: /orders//a%20b orders,a%20b", "X-Plain: $tyk $meta. $5", "X-Plan: plan gold!", "X-Who: 2001:db8::1 r1")
		if diff := cmp.Diff(want, lines(x.Header(m))); diff != "" {
			t.Errorf("%v (-want +got):\n%s", h, diff)
		}
	}
}

func TestTransformWithoutASessionHasNoMetadata(t *testing.T) {
	x := request("GET /")
	call(t, load(t, nil, "transform", `{"set": {"X-Plan": "$meta.plan"}}`), abi.Post, x)
	if diff := cmp.Diff([]string{"X-Plan: "}, lines(x.Request.Header)); diff != "" {
		t.Error(diff)
	}
}
