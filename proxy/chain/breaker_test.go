package chain_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/chain"
)

// guarded is a chain of one plugin behind a breaker. Tests change what the
// plugin does.
type guarded struct {
	chain   *chain.Chain
	step    *chain.Step
	call    func(*abi.Exchange) (abi.Verdict, error)
	calls   int
	changes []string
	faults  int // that were told to the observer
}

func guard(t *testing.T, cfg chain.BreakerConfig, policy chain.Policy) *guarded {
	t.Helper()
	g := &guarded{call: allow}
	cfg.Changed = func(to chain.BreakerState, pause time.Duration) {
		if to == chain.BreakerOpen {
			g.changes = append(g.changes, fmt.Sprint("open ", pause))
			return
		}
		g.changes = append(g.changes, to.String())
	}
	g.step = step("p", func(x *abi.Exchange) (abi.Verdict, error) {
		g.calls++
		return g.call(x)
	})
	g.step.Breaker, g.step.OnFault, g.step.Timeout = chain.NewBreaker(cfg), policy, 100*time.Millisecond
	g.chain = build(t, steps{abi.Pre: g.step}, func(c *chain.Config) {
		c.Observe = func(*abi.Exchange, *chain.Fault) { g.faults++ }
	})
	return g
}

// ask sends a request and returns the kind of fault it ends with, or "ok".
func (g *guarded) ask() string {
	_, err := g.chain.HandleRequest(request("GET", "/"))
	if err == nil {
		return "ok"
	}
	return abi.KindOf(err).String()
}

// repeat is ask n times; all must end in the same way.
func (g *guarded) repeat(t *testing.T, n int, want string) {
	t.Helper()
	for i := range n {
		if got := g.ask(); got != want {
			t.Fatalf("request %d: %s, want %s", i+1, got, want)
		}
	}
}

func (g *guarded) changed(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(g.changes, want) {
		t.Errorf("the state went %q, want %q", g.changes, want)
	}
	g.changes = nil
}

// hang is a plugin that runs until its deadline.
func hang(x *abi.Exchange) (abi.Verdict, error) {
	time.Sleep(time.Until(x.Deadline))
	return 0, abi.Errorf(abi.Timeout, "late")
}

func proceed(*abi.Exchange) (abi.Verdict, error) { return abi.Continue, nil }

func kindFault(k abi.Kind) func(*abi.Exchange) (abi.Verdict, error) {
	return func(*abi.Exchange) (abi.Verdict, error) { return 0, abi.Errorf(k, "fault") }
}

// TestTheBreakerOpensAndClosesAgain is the way of finding 7 of issue 12 through
// all states.
func TestTheBreakerOpensAndClosesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := guard(t, chain.BreakerConfig{}, chain.Closed)
		g.call = hang
		g.repeat(t, chain.DefaultBreakerTimeouts, "timeout")
		g.changed(t, "open 1s")

		before := time.Now()
		g.repeat(t, 100, "unavailable")
		if g.calls != chain.DefaultBreakerTimeouts || !time.Now().Equal(before) {
			t.Errorf("%d calls, and refusing took %v; want none more, and no time", g.calls, time.Since(before))
		}
		for _, seconds := range []int{1, 2, 4, 8, 16, 30, 30} {
			pause := time.Duration(seconds) * time.Second
			time.Sleep(pause - time.Nanosecond)
			g.repeat(t, 1, "unavailable")
			time.Sleep(time.Nanosecond)
			g.changed(t)
			g.repeat(t, 1, "timeout")
			g.changed(t, "half-open", fmt.Sprint("open ", min(2*pause, 30*time.Second)))
			g.repeat(t, 1, "unavailable")
		}
		time.Sleep(30 * time.Second)
		g.call = proceed
		g.repeat(t, 10, "ok")
		g.changed(t, "half-open", "closed")

		g.call = hang // begins with the first pause again
		g.repeat(t, chain.DefaultBreakerTimeouts, "timeout")
		g.changed(t, "open 1s")
		if n := g.step.Stats().Snapshot(); n.Refused != 108+6 || n.Faults[abi.Unavailable] != n.Refused {
			t.Errorf("%d refused, faults %v", n.Refused, n.Faults)
		}
		if want := 2*chain.DefaultBreakerTimeouts + 7; g.faults != want {
			t.Errorf("the observer was told of %d faults, want %d: those of calls that were made", g.faults, want)
		}
	})
}

func TestOnlyTimeoutsInARowWithinTheWindowOpenTheBreaker(t *testing.T) {
	for _, tt := range []struct {
		name string
		play func(t *testing.T, g *guarded)
		open bool
	}{
		{"an answer between them", func(t *testing.T, g *guarded) {
			g.call = hang
			g.repeat(t, 4, "timeout")
			g.call = proceed
			g.repeat(t, 1, "ok")
			g.call = hang
			g.repeat(t, 4, "timeout")
		}, false},
		{"a crash between them", func(t *testing.T, g *guarded) {
			g.call = hang
			g.repeat(t, 4, "timeout")
			g.call = kindFault(abi.Trap)
			g.repeat(t, 1, "trap")
			g.call = hang
			g.repeat(t, 4, "timeout")
		}, false},
		{"calls that got no instance between them", func(t *testing.T, g *guarded) {
			g.call = hang
			g.repeat(t, 4, "timeout")
			g.call = kindFault(abi.Busy)
			g.repeat(t, 10, "busy")
			g.call = hang
			g.repeat(t, 1, "timeout")
		}, true},
		{"other faults", func(t *testing.T, g *guarded) {
			g.call = kindFault(abi.Limit)
			g.repeat(t, 20, "limit")
		}, false},
		{"spread over more than the window", func(t *testing.T, g *guarded) {
			g.call = hang
			for range 20 {
				g.repeat(t, 1, "timeout")
				time.Sleep(3 * time.Second)
			}
		}, false},
		{"first too slowly, then fast", func(t *testing.T, g *guarded) {
			g.call = hang
			for range 3 {
				g.repeat(t, 1, "timeout")
				time.Sleep(9 * time.Second)
			}
			g.repeat(t, 4, "timeout") // the fifth of ten seconds, with the last of the slow ones
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := guard(t, chain.BreakerConfig{}, chain.Closed)
				tt.play(t, g)
				if got := g.step.Breaker.State() == chain.BreakerOpen; got != tt.open {
					t.Errorf("open = %v, want %v", got, tt.open)
				}
			})
		})
	}
}

// TestOneProbeAtATime has a probe under way while others ask.
func TestOneProbeAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := guard(t, chain.BreakerConfig{Timeouts: 1, Pause: time.Minute, MaxPause: time.Second}, chain.Closed)
		g.call = hang
		g.repeat(t, 1, "timeout")
		time.Sleep(time.Minute)
		g.call = func(*abi.Exchange) (abi.Verdict, error) {
			time.Sleep(50 * time.Millisecond)
			return abi.Continue, nil
		}
		end := make(chan string)
		go func() { end <- g.ask() }()
		synctest.Wait()
		if s := g.step.Breaker.State(); s != chain.BreakerHalfOpen {
			t.Errorf("the breaker is %v, want half-open", s)
		}
		g.repeat(t, 3, "unavailable")
		if got := <-end; got != "ok" {
			t.Errorf("the probe ended with %s, want ok", got)
		}
		g.repeat(t, 3, "ok")
		g.changed(t, "open 1m0s", "half-open", "closed")
	})
}

// TestAProbeThatRanNothingLeavesItToTheNext has a pool without a free instance
// in the way of the probe.
func TestAProbeThatRanNothingLeavesItToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := guard(t, chain.BreakerConfig{Timeouts: 1}, chain.Closed)
		g.call = hang
		g.repeat(t, 1, "timeout")
		time.Sleep(time.Second)
		g.call = kindFault(abi.Busy)
		g.repeat(t, 3, "busy")
		g.call = func(*abi.Exchange) (abi.Verdict, error) { panic("a probe that panics has ended") }
		g.repeat(t, 1, "trap")
		g.changed(t, "open 1s", "half-open", "closed")
	})
}

// TestCallsOfBeforeDoNotCount has calls that began before the breaker opened end
// while it is open.
func TestCallsOfBeforeDoNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := guard(t, chain.BreakerConfig{Timeouts: 2}, chain.Closed)
		release := make(chan struct{})
		g.call = func(*abi.Exchange) (abi.Verdict, error) {
			<-release
			return abi.Continue, nil
		}
		end := make(chan string)
		go func() { end <- g.ask() }()
		synctest.Wait()
		g.call = hang
		g.repeat(t, 2, "timeout")
		close(release)
		if got := <-end; got != "ok" {
			t.Errorf("the early call ended with %s", got)
		}
		g.repeat(t, 1, "unavailable")
		g.changed(t, "open 1s")
	})
}

// TestAnOpenStepIsSkipped has a plugin with on_fault: open.
func TestAnOpenStepIsSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := guard(t, chain.BreakerConfig{Timeouts: 1}, chain.Open)
		g.call = hang
		g.repeat(t, 11, "ok")
		if n := g.step.Stats().Snapshot(); g.calls != 1 || n.Skipped != 11 || n.Refused != 10 || n.Calls != 1 {
			t.Errorf("%d calls, %+v; want 1 call, 11 skipped, 10 refused", g.calls, n)
		}
	})
}

// TestStepsOfAPluginShareTheBreaker has one plugin in two hooks.
func TestStepsOfAPluginShareTheBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := chain.NewBreaker(chain.BreakerConfig{Timeouts: 1})
		pre, post := step("p", proceed), step("p", hang)
		pre.Breaker, post.Breaker = b, b
		c := build(t, steps{abi.Pre: pre, abi.Post: post})
		for i, want := range []*chain.Step{post, pre} {
			_, err := c.HandleRequest(request("GET", "/"))
			if f, ok := errors.AsType[*chain.Fault](err); !ok || f.Step != want {
				t.Errorf("request %d: %v, want a fault of the step in hook %v", i+1, err, want.Hook())
			}
		}
	})
}
