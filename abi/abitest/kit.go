package abitest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
)

// callTimeout is the deadline of calls in scenarios that do not test it. It
// is generous, because machines that run tests are busy.
const callTimeout = 20 * time.Second

// Row is one runtime under test.
type Row struct {
	Name string // as it appears in the names of subtests

	// Load returns the runtime and, per hook, the spec of its conform plugin.
	// The kit fills in Name, Hooks, APIs and the timeout; it loads equal specs
	// once, uses the plugin for all scenarios, and closes plugins and runtime.
	// Load may skip t when a toolchain is missing.
	Load func(t *testing.T) (abi.Runtime, func(abi.Hook) abi.Spec)
}

// SameSpec returns a function for [Row.Load] that gives every hook the same
// spec: one plugin implements all of them.
func SameSpec(s abi.Spec) func(abi.Hook) abi.Spec {
	return func(abi.Hook) abi.Spec { return s }
}

// Run plays every scenario against every row, as subtest scenario/row, and
// then all of them at once, as subtest concurrently/row.
func Run(t *testing.T, rows ...Row) {
	t.Helper()
	scenarios := loadScenarios(t)
	plugins := make([]pluginSet, len(rows))
	for i, row := range rows {
		plugins[i] = loadPlugins(t, row, scenarios)
	}
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			for i, row := range rows {
				t.Run(row.Name, func(t *testing.T) { s.check(t, plugins[i].at) })
			}
		})
	}
	t.Run("concurrently", func(t *testing.T) {
		for i, row := range rows {
			t.Run(row.Name, func(t *testing.T) { checkTogether(t, scenarios, plugins[i].at) })
		}
	})
}

// check plays the scenario twice on one exchange: a plugin must leave nothing
// behind, neither in itself nor in the exchange.
func (s *scenario) check(t *testing.T, plugin pluginFor) {
	t.Helper()
	var x abi.Exchange
	for _, turn := range []string{"first", "second"} {
		got, err := s.play(&x, plugin)
		if err != nil {
			t.Fatalf("%s time: %v", turn, err)
		}
		if diff := s.diff(got); diff != "" {
			t.Errorf("%s time (-want +got):\n%s", turn, diff)
			for _, f := range got.faults {
				t.Log(f)
			}
		}
	}
}

// checkTogether plays the scenarios that do not test the deadline at the same
// time: a plugin must be safe for concurrent use.
func checkTogether(t *testing.T, scenarios []*scenario, plugin pluginFor) {
	t.Helper()
	var players sync.WaitGroup
	for player := range 4 {
		players.Go(func() {
			var x abi.Exchange
			for i := range scenarios {
				s := scenarios[(i+player*len(scenarios)/4)%len(scenarios)]
				if s.slow() {
					continue
				}
				got, err := s.play(&x, plugin)
				if err != nil {
					t.Errorf("%s: %v", s.name, err)
				} else if diff := s.diff(got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", s.name, diff)
				}
			}
		})
	}
	players.Wait()
}

// diff returns how an outcome differs from the expected one, or "".
func (s *scenario) diff(got outcome) string {
	return cmp.Diff(s.want.settle(got).String(), got.String())
}

// pluginFor returns the conform plugin of a hook.
type pluginFor func(abi.Hook) abi.Plugin

// pluginSet is the conform plugin of one runtime, per hook.
type pluginSet [abi.HookCount]abi.Plugin

func (p *pluginSet) at(h abi.Hook) abi.Plugin { return p[h] }

// identity is what makes the plugins of two hooks one.
type identity struct{ source, entry string }

// loadPlugins loads the plugins of a row; they are closed when t ends.
func loadPlugins(t *testing.T, row Row, scenarios []*scenario) pluginSet {
	t.Helper()
	rt, specFor := row.Load(t)
	t.Cleanup(func() {
		if err := rt.Close(context.Background()); err != nil {
			t.Errorf("%s: close the runtime: %v", row.Name, err)
		}
	})
	hooks := map[identity]abi.HookSet{}
	for h := range abi.AllHooks.All() {
		s := specFor(h)
		hooks[identity{s.Source, s.Entry}] |= abi.SetOf(h)
	}
	var set pluginSet
	for h := range abi.AllHooks.All() {
		if set[h] != nil {
			continue
		}
		s := specFor(h)
		s.Hooks = hooks[identity{s.Source, s.Entry}]
		p := loadPlugin(t, row.Name, rt, s, scenarios)
		for same := range s.Hooks.All() {
			set[same] = p
		}
	}
	return set
}

func loadPlugin(t *testing.T, name string, rt abi.Runtime, s abi.Spec, scenarios []*scenario) abi.Plugin {
	t.Helper()
	s.Name = "conform"
	s.Limits.Timeout = callTimeout
	for _, sc := range scenarios {
		s.APIs = append(s.APIs, sc.api)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p, err := rt.Load(ctx, s)
	if err != nil {
		t.Fatalf("%s: load conform for hooks %s: %v", name, s.Hooks, err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := p.Close(ctx); err != nil {
			t.Errorf("%s: close conform: %v", name, err)
		}
	})
	return p
}
