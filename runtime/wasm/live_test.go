package wasm_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/longtest"
	"github.com/c386954a/sallyport/runtime/wasm"
	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// TestAThousandLiveGoInstances keeps 1,000 instances of a Go guest at once, 200
// unless long tests were asked for, and logs what each of them costs. Clones share the image: without it they take
// megabytes.
func TestAThousandLiveGoInstances(t *testing.T) {
	n := 1000
	switch {
	case testing.Short():
		n = 50
	case !longtest.Enabled():
		n = 200
	}
	logger := zerolog.Nop()
	r := newRuntime(t, wasm.Config{Logger: &logger})
	s := soakSpec(t, abi.Fresh)
	s.Instances.Max = n
	p := loadIn(t, r, s)
	before := resident()
	gather(t, p, n)
	after := resident()
	live := status(t, p).Instances
	if live < n/2 {
		t.Fatalf("only %d instances live", live)
	}
	each := (after - before) / int64(live)
	t.Logf("%d instances, %d KiB each, the estimate is %d KiB", live, each>>10, status(t, p).Memory/uint64(live)>>10)
	if reset := status(t, p).Reset; reset != snapshot.Copy.String() && each > 512<<10 {
		t.Errorf("an instance takes %d KiB, want at most 512", each>>10)
	}
}

// gather lets n calls overlap, so that each has an instance of its own: all
// wait for the last.
func gather(t *testing.T, p abi.Plugin, n int) {
	t.Helper()
	var calls sync.WaitGroup
	for i := range n {
		calls.Go(func() {
			x := exchange()
			withField(x, "X-Do", "sleep")
			withField(x, "X-Secret", strconv.Itoa(i))
			if _, err := call(p, x, abi.Pre, 20*time.Second); err != nil {
				t.Errorf("call %d: %v", i, err)
			}
		})
	}
	calls.Wait()
}
