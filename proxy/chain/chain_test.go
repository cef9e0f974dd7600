package chain_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/chain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plugin is a plugin made of functions; nil ones do nothing.
type plugin struct {
	declares abi.Declaration
	call     func(x *abi.Exchange) (abi.Verdict, error)
}

func (p plugin) Declares() abi.Declaration {
	if p.declares.Hooks == 0 {
		p.declares.Hooks = abi.AllHooks
	}
	return p.declares
}

func (p plugin) Call(x *abi.Exchange) (abi.Verdict, error) {
	if p.call == nil {
		return abi.Continue, nil
	}
	return p.call(x)
}

func (plugin) Close(context.Context) error { return nil }

// step binds a function as a plugin.
func step(name string, call func(x *abi.Exchange) (abi.Verdict, error)) *chain.Step {
	return &chain.Step{Name: name, Model: "builtin", Plugin: plugin{call: call}}
}

// steps is a table of hooks with one step each.
type steps map[abi.Hook]*chain.Step

func build(t testing.TB, s steps, more ...func(*chain.Config)) *chain.Chain {
	t.Helper()
	cfg := chain.Config{API: &abi.API{Name: "orders"}}
	for h, step := range s {
		if h == abi.Virtual {
			cfg.Virtuals = append(cfg.Virtuals, chain.Virtual{Path: "/orders", Step: step})
			continue
		}
		cfg.Steps[h] = append(cfg.Steps[h], step)
	}
	for _, change := range more {
		change(&cfg)
	}
	c, err := chain.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func request(method, uri string) *abi.Exchange {
	x := &abi.Exchange{RequestID: []byte("r1")}
	x.Request.Method, x.Request.URI, x.Request.Host = []byte(method), []byte(uri), []byte("a")
	return x
}

func respond(status int) func(*abi.Exchange) (abi.Verdict, error) {
	return func(x *abi.Exchange) (abi.Verdict, error) { return abi.Respond, x.Answer(status, []byte("no")) }
}

func allow(x *abi.Exchange) (abi.Verdict, error) {
	return abi.Continue, x.SetSession(&abi.Session{KeyID: "k1"})
}

var errCrash = abi.Errorf(abi.Gone, "crashed")

func fail(x *abi.Exchange) (abi.Verdict, error) {
	_ = x.SetMethod([]byte("DELETE"))
	_ = x.SetStatus(418)
	return abi.Continue, errCrash
}

func TestHooksRunInTheirOrder(t *testing.T) {
	var got []string
	trace := func(name string) *chain.Step {
		return step(name, func(x *abi.Exchange) (abi.Verdict, error) {
			got = append(got, x.Hook.String()+" "+name)
			switch x.Hook {
			case abi.Auth:
				return allow(x)
			case abi.Virtual:
				return respond(200)(x)
			}
			return abi.Continue, nil
		})
	}
	c := build(t, nil, func(cfg *chain.Config) {
		for h := range abi.AllHooks.All() {
			switch h {
			case abi.Auth, abi.RateLimit:
				cfg.Steps[h] = []*chain.Step{trace("a")}
			case abi.Virtual:
				cfg.Virtuals = []chain.Virtual{{Path: "/orders", Step: trace("a")}}
			case abi.Event:
			default:
				cfg.Steps[h] = []*chain.Step{trace("a"), trace("b")}
			}
		}
	})
	if v, err := c.HandleRequest(request("GET", "/orders")); v != chain.Answered || err != nil {
		t.Fatalf("HandleRequest() = %v, %v", v, err)
	}
	want := []string{
		"pre a", "pre b", "auth a", "post_key_auth a", "post_key_auth b", "rate_limit a",
		"post a", "post b", "virtual a", "response a", "response b",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	var listed []string
	for s := range c.Steps() {
		listed = append(listed, s.Hook().String()+" "+s.Name)
	}
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Errorf("Steps() (-want +got):\n%s", diff)
	}
}

func TestAnswerEndsTheRequest(t *testing.T) {
	for _, h := range []abi.Hook{abi.Pre, abi.PostKeyAuth, abi.RateLimit, abi.Post} {
		t.Run(h.String(), func(t *testing.T) {
			called := func(x *abi.Exchange) (abi.Verdict, error) {
				if x.Hook > h {
					t.Errorf("hook %v ran after the answer", x.Hook)
				}
				return abi.Continue, nil
			}
			s := steps{abi.Pre: step("p", called), abi.Post: step("p", called), abi.Virtual: step("v", called), abi.Response: step("r", called)}
			s[h] = step("answers", respond(403))
			x := request("GET", "/orders")
			if v, err := build(t, s).HandleRequest(x); v != chain.Answered || err != nil {
				t.Fatalf("HandleRequest() = %v, %v, want respond", v, err)
			}
			if x.Reply.Status != 403 || string(x.Reply.Body) != "no" {
				t.Errorf("reply = %d %s", x.Reply.Status, x.Reply.Body)
			}
		})
	}
}

func TestEmptyChainLetsEverythingPass(t *testing.T) {
	c := build(t, nil)
	x := request("GET", "/orders")
	if v, err := c.HandleRequest(x); v != chain.Forward || err != nil {
		t.Errorf("HandleRequest() = %v, %v", v, err)
	}
	if err := c.HandleReply(x); err != nil {
		t.Errorf("HandleReply() = %v", err)
	}
	if x.API != c.API() || c.EditsReply() || c.RequestBody() || c.ReplyBody() || c.BodyLimit() != 0 || c.DroppedEvents() != 0 {
		t.Error("an empty chain wants something")
	}
}

func TestFaultEndsTheRequestAndTakesTheEditsBack(t *testing.T) {
	var observed []string
	s := step("bad", fail)
	c := build(t, steps{abi.Pre: s, abi.Post: step("p", respond(200))}, func(cfg *chain.Config) {
		cfg.Observe = func(_ *abi.Exchange, f *chain.Fault) { observed = append(observed, f.Error()) }
	})
	x := request("GET", "/orders")
	v, err := c.HandleRequest(x)

	f, ok := errors.AsType[*chain.Fault](err)
	if v != chain.Failed || !ok || f.Step != s || f.Hook != abi.Pre || abi.KindOf(err) != abi.Gone || !errors.Is(err, errCrash) {
		t.Errorf("HandleRequest() = %v, %v, want the fault", v, err)
	}
	if string(x.Request.Method) != "GET" || x.Reply.Status != 0 {
		t.Errorf("edits are left: %s, %d", x.Request.Method, x.Reply.Status)
	}
	if diff := cmp.Diff([]string{"plugin bad, hook pre: gone: crashed"}, observed); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
}

func TestOpenPolicySkipsAndCounts(t *testing.T) {
	s := step("bad", fail)
	s.OnFault = chain.Open
	observed := 0
	c := build(t, steps{abi.Pre: s}, func(cfg *chain.Config) {
		cfg.Observe = func(*abi.Exchange, *chain.Fault) { observed++ }
	})
	x := request("GET", "/orders")
	if v, err := c.HandleRequest(x); v != chain.Forward || err != nil {
		t.Errorf("HandleRequest() = %v, %v, want continue", v, err)
	}
	if string(x.Request.Method) != "GET" || x.Reply.Status != 0 {
		t.Errorf("edits are left: %s, %d", x.Request.Method, x.Reply.Status)
	}
	if n := s.Stats().Snapshot(); n.Skipped != 1 || n.Faults[abi.Gone] != 1 || observed != 1 {
		t.Errorf("counts = %+v, observed %d", n, observed)
	}
}

func TestIllegalVerdictsAreFaults(t *testing.T) {
	for _, tt := range []struct {
		name string
		hook abi.Hook
		call func(x *abi.Exchange) (abi.Verdict, error)
	}{
		{"unknown", abi.Pre, func(*abi.Exchange) (abi.Verdict, error) { return 7, nil }},
		{"respond without a status", abi.Pre, func(*abi.Exchange) (abi.Verdict, error) { return abi.Respond, nil }},
		{"auth without a session", abi.Auth, func(*abi.Exchange) (abi.Verdict, error) { return abi.Continue, nil }},
		{"auth with a session taken back", abi.Auth, func(x *abi.Exchange) (abi.Verdict, error) {
			return abi.Continue, errors.Join(x.SetSession(&abi.Session{}), x.SetSession(nil))
		}},
		{"virtual without an answer", abi.Virtual, func(*abi.Exchange) (abi.Verdict, error) { return abi.Continue, nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := build(t, steps{tt.hook: step("bad", tt.call)})
			if v, err := c.HandleRequest(request("GET", "/orders")); v != chain.Failed || err == nil || abi.KindOf(err) != abi.Protocol {
				t.Errorf("HandleRequest() = %v, %v, want a protocol fault", v, err)
			}
		})
	}
}

func TestPanicIsAFaultOfOneCall(t *testing.T) {
	first := true
	c := build(t, steps{abi.Pre: step("bad", func(x *abi.Exchange) (abi.Verdict, error) {
		if first {
			first = false
			_ = x.SetMethod([]byte("DELETE"))
			panic("nil map")
		}
		return abi.Continue, nil
	})})
	x := request("GET", "/orders")
	_, err := c.HandleRequest(x)
	if err == nil || abi.KindOf(err) != abi.Trap || !strings.Contains(err.Error(), "nil map") || !strings.Contains(err.Error(), "chain_test.go") {
		t.Errorf("HandleRequest() = %v, want a trap with the place of the panic", err)
	}
	if string(x.Request.Method) != "GET" {
		t.Error("the edit before the panic is left")
	}
	if v, err := c.HandleRequest(request("GET", "/orders")); v != chain.Forward || err != nil {
		t.Errorf("the next request: %v, %v", v, err)
	}
}

func TestForeignErrorIsATrap(t *testing.T) {
	c := build(t, steps{abi.Response: step("bad", func(*abi.Exchange) (abi.Verdict, error) {
		return abi.Continue, errors.New("plain")
	})})
	if err := c.HandleReply(request("GET", "/")); err == nil || abi.KindOf(err) != abi.Trap {
		t.Errorf("HandleReply() = %v, want a trap", err)
	}
}

func TestEveryCallHasADeadlineOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(want, takes time.Duration) func(*abi.Exchange) (abi.Verdict, error) {
			return func(x *abi.Exchange) (abi.Verdict, error) {
				if got := time.Until(x.Deadline); got != want {
					t.Errorf("hook %v has %v left, want %v", x.Hook, got, want)
				}
				time.Sleep(takes)
				return abi.Continue, nil
			}
		}
		pre, post := step("p", slow(chain.DefaultTimeout, 40*time.Millisecond)), step("p", slow(time.Second, 0))
		post.Timeout = time.Second
		_, _ = build(t, steps{abi.Pre: pre, abi.Post: post}).HandleRequest(request("GET", "/"))
	})
}

func TestBodyLimitIsThatOfTheStep(t *testing.T) {
	limited, free := step("p", func(x *abi.Exchange) (abi.Verdict, error) {
		return abi.Continue, x.SetBody(abi.OfRequest, []byte("12345"))
	}), step("p", func(x *abi.Exchange) (abi.Verdict, error) {
		return abi.Continue, x.SetBody(abi.OfRequest, make([]byte, 1<<20))
	})
	limited.BodyLimit = 4
	c := build(t, steps{abi.Pre: free, abi.Post: limited})
	if _, err := c.HandleRequest(request("GET", "/")); !errors.Is(err, abi.ErrBodySize) {
		t.Errorf("HandleRequest() = %v, want ErrBodySize of the second plugin", err)
	}
}

func TestRespondEndsTheResponseHook(t *testing.T) {
	second := 0
	c := build(t, nil, func(cfg *chain.Config) {
		cfg.Steps[abi.Response] = []*chain.Step{step("a", respond(418)), step("b", func(*abi.Exchange) (abi.Verdict, error) {
			second++
			return abi.Continue, nil
		})}
	})
	x := request("GET", "/")
	x.Reply.Status = 200
	if err := c.HandleReply(x); err != nil || x.Reply.Status != 418 || second != 0 {
		t.Errorf("HandleReply() = %v, status %d, %d calls of the second plugin", err, x.Reply.Status, second)
	}
	if !c.EditsReply() {
		t.Error("EditsReply() = false")
	}
}

func TestRefusalsNamePluginAndReason(t *testing.T) {
	preOnly := plugin{declares: abi.Declaration{Hooks: abi.SetOf(abi.Pre, abi.Post)}}
	for _, tt := range []struct {
		name  string
		hook  abi.Hook
		steps []*chain.Step
		want  string
	}{
		{"hook", abi.Response, []*chain.Step{{Name: "tenant", Plugin: preOnly}}, "plugin tenant does not implement hook response; it implements pre, post"},
		{"virtual hook", abi.Virtual, []*chain.Step{{Name: "tenant", Plugin: preOnly}}, "plugin tenant does not implement hook virtual; it implements pre, post"},
		{"open auth", abi.Auth, []*chain.Step{{Name: "keys", Plugin: plugin{}, OnFault: chain.Open}}, "plugin keys: on_fault: open is not allowed on hook auth"},
		{"two auth", abi.Auth, []*chain.Step{step("a", nil), step("b", nil)}, "hook auth takes one plugin, not 2"},
		{"two limits", abi.RateLimit, []*chain.Step{step("a", nil), step("b", nil), step("c", nil)}, "hook rate_limit takes one plugin, not 3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := chain.Config{API: &abi.API{Name: "orders"}}
			if tt.hook == abi.Virtual {
				cfg.Virtuals = []chain.Virtual{{Path: "/", Step: tt.steps[0]}}
			} else {
				cfg.Steps[tt.hook] = tt.steps
			}
			cfg.Steps[abi.Event] = []*chain.Step{step("e", nil)} // its goroutine must not be left behind
			_, err := chain.New(cfg)
			if err == nil || abi.KindOf(err) != abi.Refused {
				t.Fatalf("New() = %v, want a refusal", err)
			}
			if diff := cmp.Diff("refused: "+tt.want, err.Error()); diff != "" {
				t.Errorf("New() error (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCancelledCallEndsTheChain has a policy that lets faults pass: it does not
// count for a call whose client has gone.
func TestCancelledCallEndsTheChain(t *testing.T) {
	s := step("stops", func(*abi.Exchange) (abi.Verdict, error) { return abi.Continue, abi.ErrClientGone })
	s.OnFault = chain.Open
	observed := 0
	c := build(t, steps{abi.Pre: s}, func(cfg *chain.Config) {
		cfg.Observe = func(*abi.Exchange, *chain.Fault) { observed++ }
	})
	next, err := c.HandleRequest(request("GET", "/orders/1"))
	if next != chain.Failed || abi.KindOf(err) != abi.Cancelled || observed != 0 || s.Stats().Snapshot().Skipped != 0 {
		t.Errorf("HandleRequest() = %v, %v after %d faults", next, err, observed)
	}
}
