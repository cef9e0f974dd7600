package chain_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/chain"
)

func redirect(x *abi.Exchange) (abi.Verdict, error) {
	return abi.Continue, x.Redirect(abi.Redirect{URI: []byte("/a")})
}

func TestARedirectEndsTheChain(t *testing.T) {
	for _, h := range []abi.Hook{abi.Pre, abi.Auth, abi.PostKeyAuth, abi.RateLimit, abi.Post, abi.Virtual} {
		t.Run(h.String(), func(t *testing.T) {
			s := steps{abi.Response: step("r", fail), abi.Event: step("e", fail)}
			s[h] = step("p", redirect)
			if h != abi.Post && h != abi.Virtual {
				s[abi.Post] = step("later", fail)
			}
			c := build(t, s, tyk)
			x := request("GET", "/orders")
			v, err := c.HandleRequest(x)
			if v != chain.Redirected || err != nil || x.Redirected() == nil || string(x.Redirected().URI) != "/a" {
				t.Errorf("HandleRequest() = %v, %v, Redirected() = %v", v, err, x.Redirected())
			}
			c.Close()
			if n := s[abi.Event].Stats().Snapshot().Calls; n > 0 {
				t.Errorf("%d events about a redirect", n)
			}
		})
	}
}

func TestARedirectMayComeAsAnAnswer(t *testing.T) {
	c := build(t, steps{abi.Virtual: step("v", func(x *abi.Exchange) (abi.Verdict, error) {
		return abi.Respond, x.Redirect(abi.Redirect{URI: []byte("/a")})
	})})
	x := request("GET", "/orders")
	if v, err := c.HandleRequest(x); v != chain.Redirected || err != nil || x.Redirected() == nil {
		t.Errorf("HandleRequest() = %v, %v, Redirected() = %v", v, err, x.Redirected())
	}
}

func TestARedirectOfAPluginThatFailsIsDiscarded(t *testing.T) {
	bad := step("bad", func(x *abi.Exchange) (abi.Verdict, error) {
		_, _ = redirect(x)
		return abi.Continue, errCrash
	})
	x := request("GET", "/orders")
	if v, err := build(t, steps{abi.Pre: bad}).HandleRequest(x); v != chain.Failed || err == nil || x.Redirected() != nil {
		t.Errorf("closed: HandleRequest() = %v, %v, Redirected() = %v", v, err, x.Redirected())
	}
	bad.OnFault = chain.Open
	if v, err := build(t, steps{abi.Pre: bad}).HandleRequest(x); v != chain.Forward || err != nil || x.Redirected() != nil {
		t.Errorf("open: HandleRequest() = %v, %v, Redirected() = %v", v, err, x.Redirected())
	}
}

func TestStepsThatALoopPasses(t *testing.T) {
	all := []string{"pre", "auth", "post_key_auth", "rate_limit", "post"}
	for _, tt := range []struct {
		name    string
		loop    abi.Loop
		session *abi.Session
		want    []string
	}{
		{"no loop", abi.Loop{}, nil, all},
		{"dispatched", abi.Loop{Dispatched: 1}, nil, all},
		{"another API", abi.Loop{Depth: 1}, &abi.Session{}, []string{"pre", "auth", "post_key_auth", "post"}},
		{"limits count", abi.Loop{Depth: 1, CheckLimits: true}, &abi.Session{}, all},
		{"self", abi.Loop{Depth: 2, Self: true, Authenticated: true}, &abi.Session{}, []string{"pre", "post"}},
		{"self, limits count", abi.Loop{Depth: 1, Self: true, Authenticated: true, CheckLimits: true}, &abi.Session{}, []string{"pre", "rate_limit", "post"}},
		{"self before auth", abi.Loop{Depth: 1, Self: true}, &abi.Session{}, []string{"pre", "auth", "post_key_auth", "post"}},
		{"self without a session", abi.Loop{Depth: 1, Self: true, Authenticated: true}, nil, []string{"pre", "auth", "post"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls, trace := tracer()
			s := steps{}
			for _, h := range []abi.Hook{abi.Pre, abi.Auth, abi.PostKeyAuth, abi.RateLimit, abi.Post} {
				s[h] = trace(nil)
			}
			s[abi.PostKeyAuth].Authenticates = true
			x := request("GET", "/orders")
			x.Loop, x.Session = tt.loop, tt.session
			if v, err := build(t, s).HandleRequest(x); v != chain.Forward || err != nil {
				t.Fatalf("HandleRequest() = %v, %v", v, err)
			}
			if diff := cmp.Diff(tt.want, *calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

// A request that has shown a key to one API must not be let into another with
// the session it got there.
func TestASessionOfAnotherAPIDoesNotOpenThisOne(t *testing.T) {
	c := build(t, steps{abi.Auth: step("auth", func(*abi.Exchange) (abi.Verdict, error) { return abi.Continue, nil })})
	x := request("GET", "/orders")
	x.Loop, x.Session = abi.Loop{Depth: 1}, &abi.Session{KeyID: "of another"}
	if _, err := c.HandleRequest(x); abi.KindOf(err) != abi.Protocol || err == nil {
		t.Errorf("HandleRequest() = %v, want the fault of an auth without a session", err)
	}
}

func TestARequestIsAuthenticatedAfterTheLastCheck(t *testing.T) {
	token := step("token", func(*abi.Exchange) (abi.Verdict, error) { return abi.Continue, nil })
	token.Authenticates = true
	for _, tt := range []struct {
		name string
		s    steps
		want bool
	}{
		{"none", steps{}, false},
		{"auth", steps{abi.Auth: step("auth", allow)}, true},
		{"auth refuses", steps{abi.Auth: step("auth", respond(401))}, false},
		{"two", steps{abi.Auth: step("auth", allow), abi.PostKeyAuth: token}, true},
		{"left before the second", steps{abi.Auth: step("auth", func(x *abi.Exchange) (abi.Verdict, error) {
			_, _ = allow(x)
			return redirect(x)
		}), abi.PostKeyAuth: token}, false},
		{"redirected by the check itself", steps{abi.Auth: step("auth", redirect)}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			x := request("GET", "/orders")
			_, _ = build(t, tt.s).HandleRequest(x)
			if x.Loop.Authenticated != tt.want {
				t.Errorf("Authenticated = %v, want %v", x.Loop.Authenticated, tt.want)
			}
		})
	}
}

func TestChecksOfCredentialsCannotFailOpen(t *testing.T) {
	s := step("token", nil)
	s.Authenticates, s.OnFault = true, chain.Open
	_, err := chain.New(chain.Config{API: &abi.API{}, Steps: [abi.HookCount][]*chain.Step{abi.PostKeyAuth: {s}}})
	if abi.KindOf(err) != abi.Refused || err == nil {
		t.Errorf("New() = %v, want refused", err)
	}
}

func TestVirtualPathsAreFoundByLoopsBelowTheListenPath(t *testing.T) {
	c := build(t, nil, func(cfg *chain.Config) {
		cfg.API.ListenPath = "/api"
		cfg.Virtuals = []chain.Virtual{
			{Path: "/api/hello", Step: step("one", respond(201))},
			{Path: "/api/below/", Step: step("below", respond(202))},
		}
	})
	for _, tt := range []struct {
		depth int
		uri   string
		want  int
	}{
		{0, "/hello", 0},
		{1, "/hello", 201},
		{1, "/api/hello", 201},
		{1, "/below/x", 202},
		{0, "/below/x", 0},
		{1, "/below", 0},
	} {
		x := request("GET", tt.uri)
		x.Loop.Depth = tt.depth
		if _, err := c.HandleRequest(x); err != nil || x.Reply.Status != tt.want {
			t.Errorf("%s in depth %d: status %d, %v, want %d", tt.uri, tt.depth, x.Reply.Status, err, tt.want)
		}
	}
}
