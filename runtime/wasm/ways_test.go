package wasm_test

import (
	"context"
	"os"
	"slices"
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

// ways are those that tests go through: all of them if long tests were asked for;
// otherwise the usual one, the one that every system can do, and new instances.
// With -short there is only the usual one.
func ways() []way {
	all := everyWay()
	switch {
	case testing.Short():
		return all[:1]
	case longtest.Enabled():
		return all
	}
	return slices.DeleteFunc(all, func(w way) bool { return w.strategy != snapshot.Auto && w.strategy != snapshot.Copy })
}

// everyWay are those that this system can do.
func everyWay() []way {
	all := []way{{name: "auto"}}
	for s := snapshot.PageScan; s <= snapshot.Copy; s++ {
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
