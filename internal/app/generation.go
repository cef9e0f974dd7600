package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/compare/lab"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/chain"
	"github.com/c386954a/sallyport/runtime/builtin"
	"github.com/c386954a/sallyport/store"
)

// loadTimeout bounds the load of one plugin, compilation included.
const loadTimeout = time.Minute

// releaseTimeout bounds the release of a generation that is given up.
const releaseTimeout = 10 * time.Second

// Generation is everything that one reading of the configuration has loaded:
// runtimes, plugins, chains and routes. Make one with [Load].
type Generation struct {
	number   uint64
	took     time.Duration
	runtimes map[string]abi.Runtime
	plugins  map[string]abi.Plugin
	breakers map[string]*chain.Breaker // of plugins that have one
	apis     map[string]*abi.API
	chains   []*chain.Chain
	routes   []proxy.Route
	router   *proxy.Router
	warnings config.Problems // plugins that are not loaded, and may be missing

	cfg      *config.Config
	options  Options        // complete, with the store
	keys     *store.KeyFile // nil: there is none
	settings proxy.Config   // of the listeners
	counts   map[stepKey]*chain.Stats
	previous map[stepKey]*chain.Stats // counts of the generation before
	lab      *lab.Lab                 // is told of faults; nil if there is none, and before the generation serves
}

// Load loads all plugins and builds all chains for a caller that serves no
// port. The options must have a store. Mistakes in the configuration are
// returned together as [config.Problems].
func Load(ctx context.Context, cfg *config.Config, o Options) (*Generation, error) {
	g, err := load(ctx, nil, cfg, o.complete())
	if err != nil {
		return nil, err
	}
	if err := g.keys.Apply(g.options.Store, nil); err != nil {
		return nil, errors.Join(err, g.Close(ctx))
	}
	return g, nil
}

// load makes the generation that follows old, which is nil at the start.
func load(ctx context.Context, old *Generation, cfg *config.Config, o Options) (*Generation, error) {
	if old == nil {
		old = &Generation{}
	}
	if cfg.Store.HashKeys {
		o.Store = store.HashKeys(o.Store)
	}
	keys, err := readKeys(cfg)
	if err != nil {
		return nil, err
	}
	settings, err := proxyConfig(cfg, o.Logger)
	if err != nil {
		return nil, err
	}
	runtimes, err := newRuntimes(ctx, cfg, o, old.runtimes)
	if err != nil {
		return nil, err
	}
	g := &Generation{
		number: old.number + 1, runtimes: runtimes, cfg: cfg, options: o, keys: keys, settings: settings,
		plugins: map[string]abi.Plugin{}, apis: map[string]*abi.API{},
		counts: map[stepKey]*chain.Stats{}, previous: old.counts,
	}
	defer func() { g.previous = nil }() // what has no step any more is forgotten
	g.newBreakers()
	start := time.Now()
	if err := g.build(ctx); err != nil {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
		defer cancel()
		return nil, errors.Join(err, g.Close(closing))
	}
	g.took = time.Since(start)
	return g, nil
}

func (g *Generation) build(ctx context.Context) error {
	for _, a := range g.cfg.APIs {
		g.apis[a.Name] = &abi.API{
			ID: a.ID, Name: a.Name, OrgID: a.OrgID,
			ListenPath: a.Match.Path, Config: a.Config, Generation: g.number, Dialect: dialectOf(a),
		}
	}
	problems := append(g.loadPlugins(ctx), g.checkVersions()...)
	if len(problems) == 0 {
		problems = g.buildRoutes()
	}
	if len(problems) > 0 {
		return problems.Sort()
	}
	router, err := proxy.NewRouter(g.routes)
	g.router = router
	return err
}

// loadPlugins loads every plugin of the file, bound or not, so that a mistake
// is found before it is needed.
func (g *Generation) loadPlugins(ctx context.Context) (problems config.Problems) {
	for _, p := range g.cfg.Plugins {
		if err := g.loadPlugin(ctx, p); err != nil {
			problems = append(problems, g.cfg.Problemf(pluginPos(p), "", "plugin %s: %v", p.Name, cause(err)))
		}
	}
	return problems
}

func (g *Generation) loadPlugin(ctx context.Context, p *config.PluginConfig) error {
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	spec := g.spec(p)
	plugin, err := g.runtimes[p.Runtime.Value].Load(ctx, spec)
	if err == nil && p.Extractor != nil {
		plugin, err = g.extract(plugin, p.Extractor)
	}
	if err != nil && p.Lenient && ctx.Err() == nil {
		g.tolerate(p, spec.Hooks, err)
		return nil
	}
	if err != nil {
		return err
	}
	g.plugins[p.Name] = plugin
	return nil
}

// checkVersions finds the versions of APIs that are not there.
func (g *Generation) checkVersions() (problems config.Problems) {
	for _, p := range g.cfg.Plugins {
		for _, api := range builtin.Versions(g.plugins[p.Name]) {
			if g.apis[api] == nil {
				problems = append(problems, g.cfg.Problemf(p.Pos, "define it under `apis`, with `internal: true`",
					"plugin %s: a version is api %q, which is not defined", p.Name, api))
			}
		}
	}
	return problems
}

// spec says how to load a plugin and who binds it where.
func (g *Generation) spec(p *config.PluginConfig) abi.Spec {
	s := abi.Spec{
		Name: p.Name, Source: p.Source.Value, Preload: p.Preload.Value, SHA256: p.SHA256.Value, Entry: p.Entry.Value,
		Config: p.Config, Instances: p.Instances, Limits: p.Limits, Grants: p.Grants, Retry: p.Retry,
	}
	for _, t := range p.Sources {
		s.Sources = append(s.Sources, t.Value)
	}
	for _, a := range g.cfg.APIs {
		hooks := boundTo(a, p)
		s.Hooks |= hooks
		if hooks != 0 {
			s.APIs = append(s.APIs, g.apis[a.Name])
		}
	}
	return s
}

// boundTo returns the hooks in which the API runs the plugin.
func boundTo(a *config.APIConfig, p *config.PluginConfig) (hooks abi.HookSet) {
	for h, bindings := range a.Hooks {
		for _, b := range bindings {
			if b.Plugin == p {
				hooks |= abi.SetOf(abi.Hook(h))
			}
		}
	}
	return hooks
}

// Number counts generations; the first one is 1.
func (g *Generation) Number() uint64 { return g.number }

// LoadTime returns how long loading the plugins and building the chains took.
func (g *Generation) LoadTime() time.Duration { return g.took }

// Chains returns the chains of all APIs. The caller must not change the slice.
func (g *Generation) Chains() []*chain.Chain { return g.chains }

// Lookup returns the chain of the API that a request is for.
func (g *Generation) Lookup(host, target []byte) (*chain.Chain, bool) {
	api, ok := g.router.Lookup(host, target)
	if !ok {
		return nil, false
	}
	return api.Chain, true
}

// Drain waits until the requests of a generation that was replaced are done,
// and releases it then. When ctx ends before, the generation is released
// nevertheless and the error wraps that of ctx.
func (g *Generation) Drain(ctx context.Context) error {
	return errors.Join(g.router.Drain(ctx), g.Close(ctx))
}

// Close releases everything. No request may be on its way through the chains.
func (g *Generation) Close(ctx context.Context) error {
	var errs []error
	for _, c := range g.chains {
		c.Close()
	}
	for _, r := range g.routes {
		if r.Upstream != nil {
			errs = append(errs, r.Upstream.Close(ctx))
		}
	}
	for name, p := range g.plugins {
		if err := p.Close(ctx); err != nil {
			errs = append(errs, fmt.Errorf("close plugin %s: %w", name, err))
		}
	}
	return errors.Join(append(errs, closeRuntimes(ctx, g.runtimes))...)
}

// pluginPos points at what is most likely wrong: the file, else the handler.
func pluginPos(p *config.PluginConfig) config.Pos {
	switch {
	case p.Source.Value != "":
		return p.Source.Pos
	case p.Entry.Value != "":
		return p.Entry.Pos
	}
	return p.Pos
}

// cause strips the kind: that a plugin was refused is what the message says.
func cause(err error) error {
	if e, ok := errors.AsType[*abi.Error](err); ok && e.Kind == abi.Refused {
		return e.Err
	}
	return err
}
