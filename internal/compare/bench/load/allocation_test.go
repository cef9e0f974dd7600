//go:build !race

package load_test

import (
	"testing"
	"time"

	"github.com/c386954a/sallyport/internal/compare/bench/load"
)

// TestExchangesAllocateNothing compares a long run with a short one: what they
// allocate is for the run, not for its requests.
func TestExchangesAllocateNothing(t *testing.T) {
	c := answeringRaw(t)
	run := func(requests float64) float64 {
		return testing.AllocsPerRun(5, func() {
			if _, err := c.Paced(t.Context(), get, load.Pace{Rate: requests * 1000, Duration: time.Millisecond}); err != nil {
				t.Fatal(err)
			}
		})
	}
	run(10)
	if short, long := run(10), run(1010); long-short > 20 {
		t.Errorf("1,000 requests more allocate %v times, want next to none", long-short)
	}
}
