// Package abitest checks that a runtime keeps the contract of package abi.
//
// It holds one set of scenarios, the txtar files in testdata, and plays them
// through proxy/chain against any number of runtimes. Nothing in it depends
// on a runtime: a runtime's own test gives [Run] a [Row] that loads the
// conform plugin, written once for each runtime. README.md describes the
// plugin and the format of a scenario.
package abitest

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/fixture"
	"github.com/c386954a/sallyport/proxy/chain"
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

// outcome is what a scenario expects, or what came of it.
type outcome struct {
	fixture.Played
	events int // calls of event subscribers that succeeded

	faults []error // of all plugins, for the log
}

// String returns the outcome in the sections of a scenario.
func (o outcome) String() string {
	return fmt.Sprintf("%s-- events --\n%d\n", o.Played, o.events)
}

// settle chooses among the kinds of fault that a scenario allows.
func (o outcome) settle(got outcome) outcome {
	o.Played = o.Settle(got.Played)
	return o
}

// play carries the scenario out: it stands in for the proxy and the upstream.
func (s *scenario) play(x *abi.Exchange, plugin pluginFor) (outcome, error) {
	var got outcome
	c, err := s.chain(plugin, func(_ *abi.Exchange, f *chain.Fault) { got.faults = append(got.faults, f) })
	if err != nil {
		return got, err
	}
	got.Played = s.Play(x, c)
	c.Close()
	for step := range c.Steps() {
		if step.Hook() == abi.Event {
			n := step.Stats().Snapshot()
			got.events += int(n.Calls - n.FaultCount())
		}
	}
	return got, nil
}

func (s *scenario) chain(plugin pluginFor, observe func(*abi.Exchange, *chain.Fault)) (*chain.Chain, error) {
	cfg := chain.Config{API: s.api, Observe: observe}
	for _, b := range s.hooks {
		step := &chain.Step{
			Name: "conform", Plugin: plugin(b.hook),
			Timeout: b.timeout, OnFault: b.onFault, BodyLimit: b.bodyLimit,
		}
		if step.Timeout == 0 {
			step.Timeout = callTimeout
		}
		if b.hook == abi.Virtual {
			cfg.Virtuals = append(cfg.Virtuals, chain.Virtual{Method: b.method, Path: b.path, Step: step})
			continue
		}
		cfg.Steps[b.hook] = append(cfg.Steps[b.hook], step)
	}
	return chain.New(cfg)
}

//go:embed testdata/*.txtar
var testdata embed.FS

// scenario is one txtar file, see README.md.
type scenario struct {
	fixture.Case

	name  string
	api   *abi.API
	hooks []binding
	want  outcome
}

// binding is one line of the section hooks.
type binding struct {
	hook         abi.Hook
	method, path string // of virtual
	timeout      time.Duration
	onFault      chain.Policy
	bodyLimit    int
}

// slow reports whether the scenario waits for a deadline.
func (s *scenario) slow() bool {
	for _, b := range s.hooks {
		if b.timeout > 0 {
			return true
		}
	}
	return false
}

func loadScenarios(t *testing.T) []*scenario {
	t.Helper()
	files, err := fs.Glob(testdata, "testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	all := make([]*scenario, 0, len(files))
	for _, file := range files {
		data, err := testdata.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := parseScenario(strings.TrimSuffix(path.Base(file), ".txtar"), data)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, s)
	}
	return all
}

// parseScenario reads a scenario. It refuses sections it does not know: a
// misspelled one would test less than it says.
func parseScenario(name string, data []byte) (*scenario, error) {
	f := fixture.Split(data)
	s := &scenario{name: name, hooks: hooks(f)}
	s.Request = f.Message("request", nil)
	s.UpstreamReply = f.Message("upstream.reply", []byte("HTTP/1.1 200\n"))
	s.api = &abi.API{
		ID: name, Name: name, OrgID: "org1", ListenPath: "/",
		Config: f.JSON("config.json", []byte("{}")), Generation: 1,
	}
	s.want.Upstream = f.Message("upstream", nil)
	s.want.Reply = f.Message("reply", nil)
	s.want.events = f.Int("events", 0)
	return s, f.Err()
}

func hooks(f *fixture.Sections) []binding {
	var all []binding
	for line := range strings.Lines(string(f.Take("hooks", nil))) {
		b, err := parseBinding(strings.Fields(line))
		if err != nil {
			f.Fail("hooks", err)
		}
		all = append(all, b)
	}
	return all
}

// parseBinding reads "HOOK [METHOD] [/path] [timeout=D] [on_fault=open]
// [body_limit=N]".
func parseBinding(words []string) (binding, error) {
	var b binding
	if len(words) == 0 {
		return b, errors.New("empty line")
	}
	h, ok := abi.ParseHook(words[0])
	if !ok {
		return b, fmt.Errorf("no hook %s", words[0])
	}
	b.hook = h
	for _, word := range words[1:] {
		if err := b.set(word); err != nil {
			return b, err
		}
	}
	if h != abi.Virtual && b.method+b.path != "" {
		return b, errors.New("only virtual takes a method or a path")
	}
	return b, nil
}

func (b *binding) set(word string) (err error) {
	key, value, option := strings.Cut(word, "=")
	switch {
	case option && key == "timeout":
		b.timeout, err = time.ParseDuration(value)
	case option && key == "body_limit":
		b.bodyLimit, err = strconv.Atoi(value)
	case word == "on_fault=open":
		b.onFault = chain.Open
	case option:
		err = fmt.Errorf("no option %s", word)
	case strings.HasPrefix(word, "/"):
		b.path = word
	default:
		b.method = word
	}
	return err
}
