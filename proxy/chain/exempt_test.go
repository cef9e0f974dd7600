package chain_test

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/chain"
)

func TestExemptRequestsPassTheExemptableSteps(t *testing.T) {
	for _, tt := range []struct {
		method, uri string
		exempt      bool
	}{
		{"GET", "/api/public", true},
		{"GET", "/api/a/public/b?x", true},
		{"GET", "/api/%70ublic", true},
		{"GET", "/api/a/../public", true},
		{"GET", "/public", true},
		{"POST", "/api/public", false},
		{"PUT", "/api/put", true},
		{"GET", "/api/private?/public", false},
		{"GET", "/api/public/../private", false},
		{"GET", "/api/public/%2e%2e/private", false},
		{"GET", "/api/public%2f..%2fprivate", false},
		{"GET", "/api/public%252f..%252fprivate", false},
		{"GET", `/api/public\..\private`, false},
		{"GET", "/api/public/..;/private", false},
		{"GET", "/api/whole", true},
		{"GET", "/api/x/api/whole", false},
	} {
		t.Run(tt.method+" "+tt.uri, func(t *testing.T) {
			calls, trace := tracer()
			s := steps{}
			for _, h := range []abi.Hook{abi.Pre, abi.Auth, abi.PostKeyAuth, abi.RateLimit, abi.Post} {
				s[h] = trace(nil)
				s[h].Exemptable = h == abi.Auth || h == abi.RateLimit
			}
			c := build(t, s, func(cfg *chain.Config) {
				cfg.API.ListenPath = "/api"
				cfg.Exempt = []chain.Pattern{
					{Method: "GET", Path: regexp.MustCompile("/public")},
					{Path: regexp.MustCompile("^/put$")},
					{Path: regexp.MustCompile("^/api/whole")},
				}
			})
			x := request(tt.method, tt.uri)
			if v, err := c.HandleRequest(x); v != chain.Forward || err != nil {
				t.Fatalf("HandleRequest() = %v, %v", v, err)
			}
			want := []string{"pre", "auth", "post_key_auth", "rate_limit", "post"}
			if tt.exempt {
				want = []string{"pre", "post_key_auth", "post"}
			}
			if diff := cmp.Diff(want, *calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if (x.Session == nil) != tt.exempt {
				t.Errorf("session = %v", x.Session)
			}
		})
	}
}

func TestAPluginCannotMakeARequestExempt(t *testing.T) {
	s := step("auth", respond(401))
	s.Exemptable = true
	c := build(t, steps{abi.Auth: s, abi.Pre: step("pre", func(x *abi.Exchange) (abi.Verdict, error) {
		return abi.Continue, x.SetURI([]byte("/public"))
	})}, func(cfg *chain.Config) { cfg.Exempt = []chain.Pattern{{Path: regexp.MustCompile("^/public")}} })
	if v, err := c.HandleRequest(request("GET", "/private")); v != chain.Answered || err != nil {
		t.Errorf("HandleRequest() = %v, %v, want the answer of auth", v, err)
	}
}

func TestAnAuthPluginThatRunsMustSetASessionAlsoForAnExemptRequest(t *testing.T) {
	c := build(t, steps{abi.Auth: step("auth", func(*abi.Exchange) (abi.Verdict, error) { return abi.Continue, nil })},
		func(cfg *chain.Config) { cfg.Exempt = []chain.Pattern{{Path: regexp.MustCompile("")}} })
	if _, err := c.HandleRequest(request("GET", "/")); abi.KindOf(err) != abi.Protocol || err == nil {
		t.Errorf("HandleRequest() = %v, want a protocol error", err)
	}
}

func TestVirtualIsChosenByPatternInTheOrderOfDefinition(t *testing.T) {
	c := build(t, nil, func(cfg *chain.Config) {
		cfg.API.ListenPath = "/api/"
		cfg.Virtuals = []chain.Virtual{
			{Method: "GET", Pattern: regexp.MustCompile("^/json$"), Step: step("below", respond(201))},
			{Path: "/api/json", Step: step("path", respond(202))},
			{Pattern: regexp.MustCompile("/json"), Step: step("anywhere", respond(203))},
			{Pattern: regexp.MustCompile("^/api/whole"), Step: step("whole", respond(204))},
		}
	})
	for _, tt := range []struct {
		method, uri string
		want        int
	}{
		{"GET", "/api/json", 201},
		{"GET", "/api/js%6Fn?x", 201},
		{"POST", "/api/json", 202},
		{"GET", "/api/a/json/b", 203},
		{"GET", "/api/whole", 204},
		{"GET", "/api/x?/json", 0},
	} {
		t.Run(tt.method+" "+tt.uri, func(t *testing.T) {
			x := request(tt.method, tt.uri)
			v, err := c.HandleRequest(x)
			if err != nil || x.Reply.Status != tt.want || (v == chain.Answered) != (tt.want > 0) {
				t.Errorf("HandleRequest() = %v, %v, status %d, want %d", v, err, x.Reply.Status, tt.want)
			}
		})
	}
}
