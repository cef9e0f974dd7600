//go:build !race

package chain_test

import (
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/dialect"
	"github.com/c386954a/sallyport/proxy/chain"
)

var (
	tenant  = []byte("X-Tenant")
	agent   = []byte("X-Agent")
	debug   = []byte("X-Debug")
	acme    = []byte("acme")
	method  = []byte("GET")
	orders  = []byte("/orders?x=1")
	session = &abi.Session{KeyID: "k1"}
)

// three returns a chain of three plugins, among them one that edits.
func three(tb testing.TB, post func(*abi.Exchange) (abi.Verdict, error), policy chain.Policy) *chain.Chain {
	tb.Helper()
	last := step("post", post)
	last.OnFault = policy
	return build(tb, steps{
		abi.Pre: step("pre", func(x *abi.Exchange) (abi.Verdict, error) {
			_ = x.SetHeader(abi.OfRequest, tenant, acme)
			_ = x.SetHeader(abi.OfRequest, agent, acme)
			return abi.Continue, x.DelHeader(abi.OfRequest, debug)
		}),
		abi.Auth:     step("auth", func(x *abi.Exchange) (abi.Verdict, error) { return abi.Continue, x.SetSession(session) }),
		abi.Post:     last,
		abi.Response: step("response", func(x *abi.Exchange) (abi.Verdict, error) { return abi.Continue, x.SetStatus(201) }),
	})
}

func run(x *abi.Exchange, c *chain.Chain) {
	x.Reset()
	x.Request.Method, x.Request.URI = method, orders
	x.Request.Header = append(x.Request.Header, abi.Field{Name: debug, Value: acme})
	if v, err := c.HandleRequest(x); v == chain.Forward && err == nil {
		x.Reply.Status = 200
		_ = c.HandleReply(x)
	}
}

func TestChainDoesNotAllocate(t *testing.T) {
	edit := func(x *abi.Exchange) (abi.Verdict, error) { return abi.Continue, x.SetMeta(tenant, acme) }
	answer := func(x *abi.Exchange) (abi.Verdict, error) { return abi.Respond, x.Answer(403, acme) }
	exempt := build(t, steps{abi.Auth: step("auth", answer), abi.Post: step("post", edit)}, func(cfg *chain.Config) {
		cfg.API.Dialect, cfg.API.ListenPath = dialect.New(), "/"
		cfg.Exempt = []chain.Pattern{{Path: regexp.MustCompile("^/orders$")}}
		cfg.Virtuals = []chain.Virtual{{Pattern: regexp.MustCompile("/nothing/[^/]+"), Step: step("v", answer)}}
		cfg.Steps[abi.Auth][0].Exemptable = true
	})
	because := func(x *abi.Exchange) (abi.Verdict, error) {
		_ = x.SetCause(abi.Cause{Event: abi.KeyExpired, Message: "no", Key: acme})
		return abi.Respond, x.Reject(403, acme)
	}
	for _, tt := range []struct {
		name string
		c    *chain.Chain
	}{
		{"patterns", exempt},
		{"an answer with its cause", three(t, because, chain.Closed)},
		{"three plugins", three(t, edit, chain.Closed)},
		{"an answer", three(t, answer, chain.Closed)},
		{"breakers", withBreakers(three(t, edit, chain.Closed))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var x abi.Exchange
			if n := testing.AllocsPerRun(100, func() { run(&x, tt.c) }); n != 0 {
				t.Errorf("%v allocations, want 0", n)
			}
		})
	}
}

func TestAFaultCostsOneAllocation(t *testing.T) {
	var x abi.Exchange
	c := three(t, fail, chain.Open)
	if n := testing.AllocsPerRun(100, func() { run(&x, c) }); n > 1 {
		t.Errorf("%v allocations, want 1 for the fault", n)
	}
}

// withBreakers gives each step a breaker of its own.
func withBreakers(c *chain.Chain) *chain.Chain {
	for s := range c.Steps() {
		s.Breaker = chain.NewBreaker(chain.BreakerConfig{})
	}
	return c
}

func TestACallThatABreakerRefusesCostsOneAllocation(t *testing.T) {
	var x abi.Exchange
	late := &abi.Error{Kind: abi.Timeout, Err: errors.New("late")}
	c := three(t, func(*abi.Exchange) (abi.Verdict, error) { return 0, late }, chain.Closed)
	for s := range c.Steps() {
		s.Breaker = chain.NewBreaker(chain.BreakerConfig{Timeouts: 1, Pause: time.Hour})
	}
	run(&x, c)
	if n := testing.AllocsPerRun(100, func() { run(&x, c) }); n > 1 {
		t.Errorf("%v allocations, want 1 for the fault", n)
	}
}

func BenchmarkChainWithBreakers(b *testing.B) {
	c := withBreakers(three(b, func(x *abi.Exchange) (abi.Verdict, error) { return abi.Continue, nil }, chain.Closed))
	var x abi.Exchange
	b.ReportAllocs()
	for b.Loop() {
		run(&x, c)
	}
}

func BenchmarkChain(b *testing.B) {
	c := three(b, func(x *abi.Exchange) (abi.Verdict, error) { return abi.Continue, nil }, chain.Closed)
	var x abi.Exchange
	b.ReportAllocs()
	for b.Loop() {
		run(&x, c)
	}
}
