package proxy_test

import (
	"strings"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/dialect"
	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/upstream"
)

// forTyk runs a gateway with one API that was written for Tyk.
func forTyk(t testing.TB, api proxy.Route, url string, plugins ...plugin) *gateway {
	t.Helper()
	api.Chain = chainOf(t, &abi.API{ID: "t", Name: "t", ListenPath: api.Path, Dialect: dialect.New()}, plugins...)
	api.Upstream = newUpstream(t, upstream.Config{URL: url})
	return start(t, proxy.Config{}, api)
}

func TestFaultsOfPluginsForTyk(t *testing.T) {
	const virtual = "Error during virtual endpoint execution. Contact Administrator for more details."
	for _, tt := range []struct {
		hook   abi.Hook
		model  string
		status int
		text   string
	}{
		{abi.Pre, "jsvm", 500, "Internal Server Error"},
		{abi.Auth, "jsvm", 500, "Internal Server Error"},
		{abi.Post, "wasm", 500, "Internal Server Error"},
		{abi.RateLimit, "builtin", 500, "Internal Server Error"},
		{abi.Virtual, "jsvm", 500, virtual},
		{abi.Virtual, "coproc", 500, virtual},
		{abi.Response, "jsvm", 500, "Middleware error"},
		{abi.Response, "coproc", 500, "Middleware error"},
		{abi.Auth, "coproc", 403, "Key not authorised"},
		{abi.Post, "coproc", 500, "Middleware error"},
	} {
		for _, kind := range []abi.Kind{abi.Timeout, abi.Busy, abi.Refused} {
			t.Run(tt.model+" "+tt.hook.String()+" "+kind.String(), func(t *testing.T) {
				bad := at(tt.hook, func(*abi.Exchange) error { return abi.Errorf(kind, "secret") })
				bad.model = tt.model
				a := ask(t, forTyk(t, proxy.Route{}, script(t, echoHead), bad), get("/virt"))
				if want := "{\n    \"error\": \"" + tt.text + "\"\n}"; a.status != tt.status || a.body != want {
					t.Errorf("reply = %d %q, want %d %q", a.status, a.body, tt.status, want)
				}
			})
		}
	}
}

func TestFaultsForTykAreXMLWhereTheRequestIs(t *testing.T) {
	away := redirect(abi.Pre, "/", "tyk://nobody/")
	for _, tt := range []struct{ sent, mime, body string }{
		{"text/plain", "application/json", "{\n    \"error\": \"Can't detect loop target\"\n}"},
		{"application/xml", "application/xml", "<?xml version = \"1.0\" encoding = \"UTF-8\"?>\n<error>Can&#39;t detect loop target</error>\n"},
		{"Text/XML; charset=utf-8", "text/xml", "<?xml version = \"1.0\" encoding = \"UTF-8\"?>\n<error>Can&#39;t detect loop target</error>\n"},
		{"application/soap+xml", "application/soap+xml", "<?xml version = \"1.0\" encoding = \"UTF-8\"?>\n<error>Can&#39;t detect loop target</error>\n"},
	} {
		a := ask(t, forTyk(t, proxy.Route{}, script(t, echoHead), away), get("/", "Content-Type: "+tt.sent))
		if a.status != 500 || a.body != tt.body || len(linesWith(a.head, "Content-Type: "+tt.mime)) != 1 {
			t.Errorf("%s: reply = %q %q, want %q", tt.sent, a.head, a.body, tt.body)
		}
	}
}

func TestNothingOfTheUpstreamIsSentAfterAFailingResponseHook(t *testing.T) {
	url := answering(t, "HTTP/1.1 500 Secret Reason\r\nX-Secret: 1\r\nContent-Type: text/secret\r\nContent-Length: 6\r\n\r\nsecret")
	for _, needsBody := range []bool{false, true} {
		bad := at(abi.Response, func(x *abi.Exchange) error {
			_ = x.SetHeader(abi.OfReply, []byte("X-Secret"), []byte("2"))
			return abi.Errorf(abi.Trap, "secret")
		})
		bad.body = needsBody
		a := ask(t, forTyk(t, proxy.Route{}, url, bad), get("/"))
		if a.status != 500 || strings.Contains(strings.ToLower(a.head+a.body), "secret") || a.body != "{\n    \"error\": \"Middleware error\"\n}" {
			t.Errorf("reply = %q %q", a.head, a.body)
		}
	}
}

func TestForcedReplyThatAResponseHookFailsOnIsOneReply(t *testing.T) {
	g := forTyk(t, proxy.Route{}, script(t, echoHead), respond(abi.Post, 200, "forced"), at(abi.Response, func(*abi.Exchange) error { return abi.Errorf(abi.Trap, "x") }))
	p := connect(t, g.addr)
	for range 2 { // the connection is fit for the next request
		p.send(get("/"))
		if a := p.receivePipelined(); a.body != "{\n    \"error\": \"Middleware error\"\n}" {
			t.Errorf("reply = %q %q", a.head, a.body)
		}
	}
}

func TestTargetsAreJoinedAsTykDoes(t *testing.T) {
	for _, tt := range []struct{ base, listen, asked, tyk, native string }{
		{"", "/a", "/a", "/", "/"},
		{"", "/a", "/a/", "/", "/"},
		{"/v1", "/a", "/a", "/v1", "/v1/"},
		{"/v1/", "/a", "/a/", "/v1", "/v1/"},
		{"/v1", "/a", "/a?b=c", "/v1?b=c", "/v1/?b=c"},
		{"/v1", "/a", "/a/x//y/?b", "/v1/x//y/?b", "/v1/x//y/?b"},
		{"/v1", "/a", "/a//x", "/v1/x", "/v1//x"},
		{"/v1", "/a", "/a/%2F%2Fx", "/v1/%2F%2Fx", "/v1/%2F%2Fx"},
		{"/v1?k=1", "/a", "/a/x", "/v1/x?k=1", "/v1/x?k=1"},
		{"/v1?k=1&l", "/a", "/a/x?b=c", "/v1/x?k=1&l&b=c", "/v1/x?k=1&l&b=c"},
		{"?k=1", "/a", "/a?b=c", "/?k=1&b=c", "/?k=1&b=c"},
		{"?k=1", "/a", "/a?", "/?k=1", "/?k=1"},
		{"", "/a", "/a/x?", "/x?", "/x?"},
	} {
		t.Run(tt.base+" "+tt.asked, func(t *testing.T) {
			url := script(t, echoHead) + tt.base
			native := start(t, proxy.Config{}, proxy.Route{Path: tt.listen, Strip: true, KeepEncoded: true, Chain: newChain(t), Upstream: newUpstream(t, upstream.Config{URL: url})})
			for _, v := range []struct {
				name, want string
				g          *gateway
			}{
				{"tyk", tt.tyk, forTyk(t, proxy.Route{Path: tt.listen, Strip: true, KeepEncoded: true}, url)},
				{"native", tt.native, native},
			} {
				a := ask(t, v.g, get(tt.asked))
				if line, _, _ := strings.Cut(a.body, " HTTP"); line != "GET "+v.want {
					t.Errorf("%s: upstream got %q, want %q", v.name, line, v.want)
				}
			}
		})
	}
}
