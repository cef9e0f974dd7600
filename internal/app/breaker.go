package app

import (
	"time"

	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/proxy/chain"
)

// newBreakers makes the breakers of the plugins that have one. All steps of a
// plugin share it.
func (g *Generation) newBreakers() {
	g.breakers = make(map[string]*chain.Breaker, len(g.cfg.Plugins))
	for _, p := range g.cfg.Plugins {
		if p.Breaker == nil {
			continue
		}
		g.breakers[p.Name] = chain.NewBreaker(chain.BreakerConfig{
			Timeouts: p.Breaker.Timeouts, Window: p.Breaker.Window,
			Pause: p.Breaker.Pause, MaxPause: p.Breaker.MaxPause,
			Changed: func(to chain.BreakerState, pause time.Duration) { g.logBreaker(p, to, pause) },
		})
	}
}

// logBreaker is the one line that a change of a breaker is worth: the calls that
// it refuses are not logged.
func (g *Generation) logBreaker(p *config.PluginConfig, to chain.BreakerState, pause time.Duration) {
	log := g.options.Logger.With().Str("plugin", p.Name).Str("model", p.Runtime.Value).Stringer("state", to).Logger()
	switch to {
	case chain.BreakerOpen:
		log.Warn().Dur("pause", pause).Msg("breaker opened: the plugin only times out and is not called for a while")
	case chain.BreakerHalfOpen:
		log.Info().Msg("breaker tries the plugin with one call at a time")
	default:
		log.Info().Msg("breaker closed: the plugin is called again")
	}
}
