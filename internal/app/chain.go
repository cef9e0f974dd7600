package app

import (
	"slices"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/compare/lab"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/tyk/dialect"
	"github.com/c386954a/sallyport/proxy"
	"github.com/c386954a/sallyport/proxy/chain"
	"github.com/c386954a/sallyport/proxy/upstream"
	"github.com/c386954a/sallyport/runtime/builtin"
)

func (g *Generation) buildRoutes() (problems config.Problems) {
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

func (g *Generation) route(a *config.APIConfig) (proxy.Route, error) {
	c, err := chain.New(g.chainConfig(a))
	if err != nil {
		return proxy.Route{}, err
	}
	g.chains = append(g.chains, c)
	route := proxy.Route{
		Host: a.Match.Host, Path: a.Match.Path, Strip: a.Match.Strip, KeepEncoded: a.Match.KeepEncoded,
		Internal: a.Internal, Chain: c,
	}
	if a.Upstream == nil {
		return route, nil
	}
	route.Upstream, err = upstream.New(upstream.Config{
		URL: a.Upstream.URL.Value, PreserveHost: !a.Upstream.RewriteHost,
		MaxConns: a.Upstream.MaxConnections, ConnectTimeout: a.Upstream.ConnectTimeout, ResponseTimeout: a.Upstream.Timeout,
	})
	return route, err
}

// dialectOf returns the dialect of an API; nil is the gateway's own.
func dialectOf(a *config.APIConfig) *abi.Dialect {
	if a.Tyk {
		return dialect.New()
	}
	return nil
}

// chainConfig says what the chain of an API is made of.
func (g *Generation) chainConfig(a *config.APIConfig) chain.Config {
	cfg := chain.Config{API: g.apis[a.Name], Observe: g.observe, Save: g.save}
	for _, p := range a.Exempt {
		cfg.Exempt = append(cfg.Exempt, chain.Pattern{Method: p.Method, Path: p.Path})
	}
	for h, bindings := range a.Hooks {
		for _, b := range bindings {
			step := g.newStep(a, abi.Hook(h), b)
			if abi.Hook(h) == abi.Virtual {
				cfg.Virtuals = append(cfg.Virtuals, chain.Virtual{Method: b.Method, Path: b.Path, Pattern: b.Pattern, Step: step})
				continue
			}
			cfg.Steps[h] = append(cfg.Steps[h], step)
		}
	}
	return cfg
}

func (g *Generation) newStep(a *config.APIConfig, h abi.Hook, b config.Binding) *chain.Step {
	p := b.Plugin
	step := &chain.Step{
		Name: p.Name, Model: p.Runtime.Value, Plugin: g.plugins[p.Name],
		Timeout: p.Limits.Timeout, BodyLimit: int(p.Limits.MaxBody), Events: b.Events,
		Breaker: g.breakers[p.Name],
	}
	if p.FailOpen {
		step.OnFault = chain.Open
	}
	role := builtin.RoleOf(step.Plugin)
	step.Authenticates = h == abi.PostKeyAuth && role == builtin.ChecksKey
	step.Exemptable = exemptable(a, h, p, role)
	step.NoSave = h == abi.Auth && replacesSession(a, g.plugins)
	step.Counts = g.countsOf(stepKey{a.Name, p.Name, h, b.Method, b.Path})
	return step
}

// stepKey is what makes a step the same one in two generations.
type stepKey struct {
	api, plugin  string
	hook         abi.Hook
	method, path string // of a virtual plugin
}

// countsOf returns the counts of the same step in the generation before, so
// that metrics go on over a reload.
func (g *Generation) countsOf(key stepKey) *chain.Stats {
	if g.counts[key] != nil {
		return nil // bound twice: the second one counts for itself
	}
	counts := g.previous[key]
	if counts == nil {
		counts = new(chain.Stats)
	}
	g.counts[key] = counts
	return counts
}

// exemptable reports whether a step is left out for requests that need no key:
// those of a path that the API exempts.
//
//   - The rate limit counts by key, so it is left out.
//   - The auth hook is left out, unless it is a script of an API written for
//     Tyk: there scripts check all requests.
//   - A built-in step behind the auth hook is left out if it has to do with
//     keys, as its role says.
//
// All other steps run for every request.
func exemptable(a *config.APIConfig, h abi.Hook, p *config.PluginConfig, role builtin.Role) bool {
	switch h {
	case abi.RateLimit:
		return true
	case abi.Auth:
		return !a.Tyk || p.Runtime.Value == config.Process || p.Runtime.Value == config.Builtin
	case abi.PostKeyAuth:
		return role != builtin.NoRole
	}
	return false
}

// replacesSession reports whether a step behind the auth hook gives the request
// another session. What the auth hook has found is then not stored, because it
// counts for nothing.
func replacesSession(a *config.APIConfig, plugins map[string]abi.Plugin) bool {
	return slices.ContainsFunc(a.Hooks[abi.PostKeyAuth], func(b config.Binding) bool {
		return builtin.SetsSession(plugins[b.Plugin.Name])
	})
}

// save stores what a plugin has made of a session. One from the auth hook is
// stored under the key that it names; a changed one takes the place of the one
// that is stored already.
func (g *Generation) save(deadline time.Time, h abi.Hook, s *abi.Session) error {
	if h == abi.Auth {
		return g.options.Store.PutSession(deadline, []byte(s.KeyID), s)
	}
	return g.options.Store.UpdateSession(deadline, s)
}

// observe logs a fault with everything that clients are not told.
func (g *Generation) observe(x *abi.Exchange, f *chain.Fault) {
	g.options.Logger.Warn().
		Bytes("request_id", x.RequestID).Str("api", x.API.Name).
		Str("plugin", f.Step.Name).Str("model", f.Step.Model).Stringer("hook", f.Hook).
		Stringer("kind", f.Err.Kind).Stringer("on_fault", f.Step.OnFault).
		Err(f.Err.Err).Msg("plugin fault")
	if g.lab == nil {
		return
	}
	g.lab.Observe(lab.FaultRecord{
		RequestID: string(x.RequestID), API: x.API.Name, Plugin: f.Step.Name, Model: f.Step.Model,
		Hook: f.Hook.String(), Kind: f.Err.Kind.String(), Status: faultStatus(x, f), Message: f.Err.Err.Error(),
	})
}

// faultStatus returns the status that the client of a fault gets, 0 if it gets
// what it would have got without the plugin.
func faultStatus(x *abi.Exchange, f *chain.Fault) int {
	switch {
	case f.Step.OnFault == chain.Open || f.Hook == abi.Event:
		return 0
	case x.API.Dialect != nil:
		return x.API.Dialect.Fault(f.Step.Model, f.Hook, f.Err).Status
	}
	return f.Err.Kind.Status()
}
