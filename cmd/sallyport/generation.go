package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/compare/lab"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/chain"
	"github.com/c386954a/sallyport/proxy/upstream"
	"github.com/c386954a/sallyport/runtime/builtin"
	"github.com/c386954a/sallyport/store"
)

// loadTimeout bounds the load of one plugin, compilation included.
const loadTimeout = time.Minute

// generation is everything that one reading of the configuration brought to
// life. A reload builds the next one fully before this one is closed.
type generation struct {
	number   uint64
	runtimes map[string]abi.Runtime
	plugins  map[string]abi.Plugin
	apis     map[string]*abi.API
	chains   []*chain.Chain
	routes   []proxy.API
	router   *proxy.Router
	warnings config.Problems // plugins that are not loaded, and may be so

	cfg    *config.Config
	store  store.Store
	logger *zerolog.Logger
	lab    *lab.Lab // is told of faults; nil if there is none, and before the generation serves
}

// newGeneration loads all plugins and builds all chains, to follow old, which
// is nil at the start of the gateway. Mistakes in the
// configuration are reported together as config.Problems; whatever was loaded
// is closed then.
func newGeneration(
	ctx context.Context, old *generation, cfg *config.Config, st store.Store, logger *zerolog.Logger, raw io.Writer,
) (*generation, error) {
	if old == nil {
		old = &generation{}
	}
	runtimes, err := newRuntimes(ctx, cfg, st, logger, raw, old.runtimes)
	if err != nil {
		return nil, err
	}
	return assemble(ctx, old, cfg, st, runtimes, logger)
}

// assemble is newGeneration with runtimes that are there, which it owns.
func assemble(
	ctx context.Context, old *generation, cfg *config.Config, st store.Store, runtimes map[string]abi.Runtime, logger *zerolog.Logger,
) (*generation, error) {
	g := &generation{
		number: old.number + 1, runtimes: runtimes, cfg: cfg, store: st, logger: logger,
		plugins: map[string]abi.Plugin{}, apis: map[string]*abi.API{},
	}
	if err := g.build(ctx); err != nil {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return nil, errors.Join(err, g.close(closing))
	}
	return g, nil
}

func (g *generation) build(ctx context.Context) error {
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
func (g *generation) loadPlugins(ctx context.Context) (problems config.Problems) {
	for _, p := range g.cfg.Plugins {
		if err := g.loadPlugin(ctx, p); err != nil {
			problems = append(problems, g.cfg.Problemf(pluginPos(p), "", "plugin %s: %v", p.Name, cause(err)))
		}
	}
	return problems
}

func (g *generation) loadPlugin(ctx context.Context, p *config.Plugin) error {
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
func (g *generation) checkVersions() (problems config.Problems) {
	for _, p := range g.cfg.Plugins {
		for _, api := range builtin.Versions(g.plugins[p.Name]) {
			if g.apis[api] == nil {
				problems = append(problems, g.cfg.Problemf(p.Pos, "define it under `apis`, with `internal: true`", "plugin %s: a version is api %q, which is not defined", p.Name, api))
			}
		}
	}
	return problems
}

// spec says how to load a plugin and who binds it where.
func (g *generation) spec(p *config.Plugin) abi.Spec {
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
func boundTo(a *config.API, p *config.Plugin) (hooks abi.HookSet) {
	for h, bindings := range a.Hooks {
		for _, b := range bindings {
			if b.Plugin == p {
				hooks |= abi.SetOf(abi.Hook(h))
			}
		}
	}
	return hooks
}

func (g *generation) buildRoutes() (problems config.Problems) {
	for _, a := range g.cfg.APIs {
		route, err := g.route(a)
		if err != nil {
			problems = append(problems, g.cfg.Problemf(a.Pos, "", "api %s: %v", a.Name, cause(err)))
			continue
		}
		g.routes = append(g.routes, route)
	}
	return problems
}

func (g *generation) route(a *config.API) (proxy.API, error) {
	c, err := chain.New(g.chainConfig(a))
	if err != nil {
		return proxy.API{}, err
	}
	g.chains = append(g.chains, c)
	route := proxy.API{Host: a.Match.Host, Path: a.Match.Path, Strip: a.Match.Strip, Internal: a.Internal, Chain: c}
	if a.Upstream == nil {
		return route, nil
	}
	route.Upstream, err = upstream.New(upstream.Config{
		URL: a.Upstream.URL.Value, PreserveHost: !a.Upstream.RewriteHost,
		ConnectTimeout: a.Upstream.ConnectTimeout, ResponseTimeout: a.Upstream.Timeout,
	})
	return route, err
}

// observe logs a fault with everything that clients are not told.
func (g *generation) observe(x *abi.Exchange, f *chain.Fault) {
	g.logger.Warn().
		Bytes("request_id", x.RequestID).Str("api", x.API.Name).
		Str("plugin", f.Step.Name).Str("model", f.Step.Model).Stringer("hook", f.Hook).
		Stringer("kind", f.Err.Kind).Stringer("on_fault", f.Step.OnFault).
		Err(f.Err.Err).Msg("plugin fault")
	if g.lab == nil {
		return
	}
	g.lab.Observe(lab.Fault{
		RequestID: string(x.RequestID), API: x.API.Name, Plugin: f.Step.Name, Model: f.Step.Model,
		Hook: f.Hook.String(), Kind: f.Err.Kind.String(), Status: g.answer(x, f), Message: f.Err.Err.Error(),
	})
}

// answer returns the status that the client of a fault gets, 0 if it gets
// what it would have got without the plugin.
func (g *generation) answer(x *abi.Exchange, f *chain.Fault) int {
	switch {
	case f.Step.OnFault == chain.Open || f.Hook == abi.Event:
		return 0
	case x.API.Dialect != nil:
		return http.StatusInternalServerError
	}
	return f.Err.Kind.Status()
}

// close releases everything; no request may be on its way through the chains.
func (g *generation) close(ctx context.Context) error {
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
func pluginPos(p *config.Plugin) config.Pos {
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

// checkPlugins loads everything a configuration names, as run would, and lets
// go of it again. Without mistakes it returns the warnings.
func checkPlugins(ctx context.Context, cfg *config.Config) config.Problems {
	nop := zerolog.Nop()
	g, err := openGateway(ctx, cfg, &nop, watchers{})
	var warnings config.Problems
	if err == nil {
		warnings = g.current.Load().warnings
		err = g.release(ctx)
	}
	if problems, ok := errors.AsType[config.Problems](err); ok {
		return problems
	}
	if err != nil {
		return config.Problems{cfg.Problemf(config.Pos{File: cfg.File}, "", "%v", err)}
	}
	return warnings
}
