package chain_test

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/chain"
)

// subscriber keeps what it is told.
type subscriber struct {
	mu   sync.Mutex
	told []string
}

func (s *subscriber) call(x *abi.Exchange) (abi.Verdict, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, string(x.Notice.Name)+" "+string(x.Notice.Data))
	return abi.Continue, nil
}

func TestSubscribersAreToldWhyARequestEnded(t *testing.T) {
	const about = `{"api":"orders","request_id":"r1","path":"/orders","plugin":"p","hook":`
	for _, tt := range []struct {
		name string
		hook abi.Hook
		call func(*abi.Exchange) (abi.Verdict, error)
		want []string
	}{
		{"auth answers", abi.Auth, respond(401), []string{"AuthFailure " + about + `"auth","status":401}`}},
		{"rate limit answers", abi.RateLimit, respond(429), []string{"RateLimitExceeded " + about + `"rate_limit","status":429}`}},
		{"pre answers", abi.Pre, respond(403), nil},
		{"virtual answers", abi.Virtual, respond(200), nil},
		{"pre fails", abi.Pre, fail, []string{"PluginFault " + about + `"pre","status":500,"kind":"gone"}`}},
		{"virtual fails", abi.Virtual, fail, []string{"PluginFault " + about + `"virtual","status":500,"kind":"gone"}`}},
		{"auth allows", abi.Auth, allow, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s subscriber
			c := build(t, steps{tt.hook: step("p", tt.call), abi.Event: step("s", s.call)})
			_, _ = c.HandleRequest(request("GET", "/orders?secret=1"))
			c.Close() // waits for the delivery
			if diff := cmp.Diff(tt.want, s.told); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFaultOfTheResponseHookIsToldOnce(t *testing.T) {
	var s subscriber
	c := build(t, steps{abi.Virtual: step("v", respond(200)), abi.Response: step("p", fail), abi.Event: step("s", s.call)})
	_, _ = c.HandleRequest(request("GET", "/orders"))
	_ = c.HandleReply(request("GET", "/orders"))
	c.Close()
	if len(s.told) != 2 {
		t.Errorf("%d events, want one for each fault: %q", len(s.told), s.told)
	}
}

func TestEventsAreDroppedWhenTheQueueIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := step("s", func(*abi.Exchange) (abi.Verdict, error) {
			<-release
			return abi.Continue, nil
		})
		c := build(t, steps{abi.Auth: step("p", respond(401)), abi.Event: s}, func(cfg *chain.Config) { cfg.EventQueue = 2 })
		for range 5 {
			_, _ = c.HandleRequest(request("GET", "/"))
			synctest.Wait() // one is being delivered, two wait
		}
		if n := c.DroppedEvents(); n != 2 {
			t.Errorf("DroppedEvents() = %d, want 2", n)
		}
		close(release)
		c.Close()
		if n := s.Stats().Snapshot().Calls; n != 3 {
			t.Errorf("%d events delivered, want 3", n)
		}
	})
}

func TestAFailingSubscriberDoesNotStopTheOthers(t *testing.T) {
	var s subscriber
	bad := step("bad", func(*abi.Exchange) (abi.Verdict, error) { panic("in a subscriber") })
	c := build(t, steps{abi.Auth: step("p", respond(401))}, func(cfg *chain.Config) {
		cfg.Steps[abi.Event] = []*chain.Step{bad, step("s", s.call)}
	})
	for range 2 {
		_, _ = c.HandleRequest(request("GET", "/"))
	}
	c.Close()
	if n := bad.Stats().Snapshot(); len(s.told) != 2 || n.Faults[abi.Trap] != 2 {
		t.Errorf("events = %q, faults = %d", s.told, n.FaultCount())
	}
}

func TestRequestsMayEndWhileTheChainCloses(t *testing.T) {
	var s subscriber
	c := build(t, steps{abi.Auth: step("p", respond(401)), abi.Event: step("s", s.call)})
	var requests sync.WaitGroup
	for range 4 {
		requests.Go(func() {
			for range 100 {
				_, _ = c.HandleRequest(request("GET", "/"))
			}
		})
	}
	c.Close()
	c.Close() // closing twice is free
	told := len(s.told)
	requests.Wait()
	if len(s.told) != told {
		t.Error("an event was delivered after Close()")
	}
}
