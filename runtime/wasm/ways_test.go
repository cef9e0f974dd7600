package wasm_test

import (
	"context"
	"os"
	"testing"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/longtest"
	"github.com/c386954a/sallyport/runtime/wasm"
	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// way is how instances get fresh state.
type way struct {
	name     string
	strategy snapshot.Strategy
	anew     bool // by a new instance
}

// ways are those that this system can do, in long tests; otherwise the usual one,
// the one that every system can do, and new instances. With -short there is only
// the usual one.
func ways() []way {
	all := []way{{name: "auto"}}
	if testing.Short() {
		return all
	}
	first := snapshot.Copy
	if longtest.Enabled() {
		first = snapshot.PageScan
	}
	for s := first; s <= snapshot.Copy; s++ {
		if _, err := snapshot.Probe().Resolve(s, 1<<20); err == nil {
			all = append(all, way{name: s.String(), strategy: s})
		}
	}
	return append(all, way{name: "new-instance", anew: true})
}

// runtime returns a runtime that resets in this way.
func (w way) runtime(tb testing.TB, c wasm.Config) *wasm.Runtime {
	tb.Helper()
	c.Strategy = w.strategy
	r := newRuntime(tb, c)
	if w.anew {
		r.Reinstantiate()
	}
	return r
}

// each runs a test in every way.
func each(t *testing.T, test func(t *testing.T, w way)) {
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) { test(t, w) })
	}
}

// forced returns the strategy that the environment asks all tests to use, so
// that the suite can be run as on a system without the better ones.
func forced(tb testing.TB) snapshot.Strategy {
	name := os.Getenv("SALLYPORT_RESET")
	if name == "" {
		return snapshot.Auto
	}
	s, err := snapshot.ParseStrategy(name)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestAStrategyThatTheSystemLacksIsRefused(t *testing.T) {
	const onNoSystem = snapshot.Copy + 100
	_, err := wasm.New(context.Background(), wasm.Config{Strategy: onNoSystem})
	if abi.KindOf(err) != abi.Refused || err == nil {
		t.Errorf("New() = %v, want a refusal", err)
	}
}
