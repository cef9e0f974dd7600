package chain_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/chain"
)

func TestStatsCountWhatHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		next := allow
		s := step("p", func(x *abi.Exchange) (abi.Verdict, error) {
			time.Sleep(time.Millisecond)
			return next(x)
		})
		c := build(t, steps{abi.Auth: s})
		for _, next = range []func(*abi.Exchange) (abi.Verdict, error){allow, respond(401), respond(401), fail} {
			_, _ = c.HandleRequest(request("GET", "/"))
		}
		n := s.Stats().Snapshot()
		if n.Calls != 4 || n.Responds != 2 || n.Skipped != 0 || n.FaultCount() != 1 || n.Faults[abi.Gone] != 1 || n.Total != 4*time.Millisecond {
			t.Errorf("counts = %d calls, %d responds, %d skipped, faults %v, total %v", n.Calls, n.Responds, n.Skipped, n.Faults, n.Total)
		}
	})
}

func TestQuantilesAreTightToAQuarter(t *testing.T) {
	for _, d := range []time.Duration{
		300, 511, 512, 1000, 4096, 50 * time.Microsecond, 999999, time.Millisecond, 37 * time.Millisecond, 3 * time.Second, 8 * time.Second,
	} {
		t.Run(d.String(), func(t *testing.T) {
			n := took(t, d)
			if got := n.Quantile(1); got < d || float64(got) > 1.25*float64(d) {
				t.Errorf("Quantile(1) = %v, want %v to a quarter more", got, d)
			}
		})
	}
}

func TestQuantilesOfManyCalls(t *testing.T) {
	calls := make([]time.Duration, 100)
	for i := range calls {
		calls[i] = time.Millisecond
	}
	calls[17] = time.Second
	n := took(t, calls...)
	for _, tt := range []struct {
		q    float64
		want time.Duration
	}{{0, time.Millisecond}, {0.5, time.Millisecond}, {0.99, time.Millisecond}, {0.995, time.Second}, {1, time.Second}} {
		if got := n.Quantile(tt.q); got < tt.want || float64(got) > 1.25*float64(tt.want) {
			t.Errorf("Quantile(%v) = %v, want about %v", tt.q, got, tt.want)
		}
	}
}

func TestQuantilesAtTheEdges(t *testing.T) {
	var none chain.Snapshot
	if got := none.Quantile(0.5); got != 0 {
		t.Errorf("without calls: %v, want 0", got)
	}
	short := took(t, 0)
	if got := short.Quantile(0.5); got <= 0 || got > 320 {
		t.Errorf("of a call of no time: %v", got)
	}
	long := took(t, time.Hour)
	if got := long.Quantile(0.5); got < 7*time.Second {
		t.Errorf("of an hour: %v, want the last bucket", got)
	}
}

func TestStatsLoseNothingUnderConcurrency(t *testing.T) {
	s := step("p", nil)
	c := build(t, steps{abi.Pre: s})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 250 {
				_, _ = c.HandleRequest(request("GET", "/"))
				_ = s.Stats().Snapshot()
			}
		})
	}
	all.Wait()
	if n := s.Stats().Snapshot().Calls; n != 1000 {
		t.Errorf("%d calls, want 1000", n)
	}
}

// took returns the counts of calls that took exactly these times.
func took(t *testing.T, calls ...time.Duration) (n chain.Snapshot) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var d time.Duration
		s := step("p", func(*abi.Exchange) (abi.Verdict, error) {
			time.Sleep(d)
			return abi.Continue, nil
		})
		c := build(t, steps{abi.Pre: s})
		for _, d = range calls {
			_, _ = c.HandleRequest(request("GET", "/"))
		}
		n = s.Stats().Snapshot()
	})
	return n
}

func TestSnapshotsAddAndSubtract(t *testing.T) {
	first, second := took(t, time.Millisecond, time.Second), took(t, time.Millisecond)
	both := first.Plus(second)
	if both.Calls != 3 || both.Total != 2*time.Millisecond+time.Second || both.Quantile(0.6) > 2*time.Millisecond {
		t.Errorf("Plus: %d calls, total %v, 60th percentile %v", both.Calls, both.Total, both.Quantile(0.6))
	}
	if rest := both.Since(first); rest != second {
		t.Errorf("Since: %d calls, total %v, want those of the second", rest.Calls, rest.Total)
	}
}
