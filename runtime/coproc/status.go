package coproc

import "encoding/json"

// statusParams are those of a status notification.
type statusParams struct {
	State       string `json:"state"` // "ready", "degraded" or "overloaded"
	MaxInFlight int    `json:"max_in_flight"`
}

// reported takes a status notification: it makes the window smaller, or lets
// it have its full size again.
func (p *process) reported(params []byte) {
	var s statusParams
	if err := json.Unmarshal(params, &s); err != nil {
		p.violation(err)
		return
	}
	p.log.Info().Str("state", s.State).Int("max_in_flight", s.MaxInFlight).Msg("plugin process reports its status")
	switch {
	case s.MaxInFlight > 0:
		p.held.Store(true) // it knows better than our guesses
		p.table.resize(s.MaxInFlight)
	case s.State == "ready":
		p.held.Store(false)
		p.table.resize(p.table.size)
	case s.State == "overloaded":
		p.held.Store(false)
		p.table.step(true)
	}
}

// measured takes a metric notification.
func (p *process) measured(params []byte) {
	if err := p.stats.note(params); err != nil && p.stats.refused.Add(1) == 1 {
		p.log.Warn().Err(err).Msg("plugin process sent a metric that is not kept: dropped, and counted from now on")
	}
}
