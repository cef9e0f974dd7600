package app

import (
	"context"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/config"
)

// unloaded stands in for a plugin that could not be loaded and is configured
// with on_load_error: fault. It serves every hook that it is bound to, and
// every call is the fault that the load was.
type unloaded struct {
	hooks abi.HookSet
	err   *abi.Error
}

func newUnloaded(hooks abi.HookSet, err error) *unloaded {
	return &unloaded{hooks, abi.Errorf(abi.Refused, "not loaded: %w", cause(err))}
}

// Declares implements [abi.Plugin].
func (u *unloaded) Declares() abi.Declaration { return abi.Declaration{Hooks: u.hooks} }

// Call implements [abi.Plugin].
func (u *unloaded) Call(*abi.Exchange) (abi.Verdict, error) { return abi.Respond, u.err }

// Close implements [abi.Plugin].
func (*unloaded) Close(context.Context) error { return nil }

// LoadError returns why the plugin is not loaded. The admin listener asks.
func (u *unloaded) LoadError() error { return u.err.Err }

// tolerate puts a stand-in in the place of a plugin that may be missing, and
// notes why.
func (g *Generation) tolerate(p *config.PluginConfig, hooks abi.HookSet, err error) {
	g.plugins[p.Name] = newUnloaded(hooks, err)
	w := g.cfg.Problemf(pluginPos(p), "its calls are faults until it loads",
		"plugin %s is not loaded: %v", p.Name, cause(err))
	w.Warning = true
	g.warnings = append(g.warnings, w)
	g.options.Logger.Warn().Str("plugin", p.Name).Str("at", w.Pos().String()).Str("error", w.Text).
		Msg("plugin not loaded; its calls are faults")
}
