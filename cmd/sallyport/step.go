package main

import (
	"slices"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/tyk/dialect"
	"github.com/c386954a/sallyport/proxy/chain"
	"github.com/c386954a/sallyport/runtime/builtin"
)

// chainConfig says what the chain of an API is made of.
func (g *generation) chainConfig(a *config.API) chain.Config {
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

// dialectOf returns the dialect of an API; nil is the gateway's own.
func dialectOf(a *config.API) *abi.Dialect {
	if a.Tyk {
		return dialect.New()
	}
	return nil
}

func (g *generation) newStep(a *config.API, h abi.Hook, b config.Binding) *chain.Step {
	p := b.Plugin
	step := &chain.Step{
		Name: p.Name, Model: p.Runtime.Value, Plugin: g.plugins[p.Name],
		Timeout: p.Limits.Timeout, BodyLimit: int(p.Limits.MaxBody), Events: b.Events,
	}
	if p.FailOpen {
		step.OnFault = chain.Open
	}
	role := builtin.RoleOf(step.Plugin)
	step.Authenticates = h == abi.PostKeyAuth && role == builtin.ChecksKey
	step.Exemptable = exemptable(a, h, p) || h == abi.PostKeyAuth && role != builtin.NoRole
	step.NoSave = h == abi.Auth && g.replaced(a)
	return step
}

// exemptable reports whether a hook is left out for requests that need no key.
// A script of an API written for Tyk is not: there it checks all requests.
func exemptable(a *config.API, h abi.Hook, p *config.Plugin) bool {
	switch h {
	case abi.RateLimit:
		return true
	case abi.Auth:
		return !a.Tyk || p.Runtime.Value == config.Process || p.Runtime.Value == config.Builtin
	}
	return false
}

// replaced reports whether a later step gives the request another session than
// that of the auth hook, which then counts for nothing.
func (g *generation) replaced(a *config.API) bool {
	return slices.ContainsFunc(a.Hooks[abi.PostKeyAuth], func(b config.Binding) bool {
		return builtin.SetsSession(g.plugins[b.Plugin.Name])
	})
}
