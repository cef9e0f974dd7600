package coproc

import (
	"encoding/json"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/runtime/coproc/rpc"
)

// notified deals with a notification; unknown ones are ignored.
func (p *process) notified(f *rpc.Frame) {
	switch string(f.Method) {
	case "log":
		p.logged(f.Params)
	case "status":
		p.reported(orNull(f.Params))
	case "metric":
		p.measured(orNull(f.Params))
	}
}

func (p *process) logged(params []byte) {
	l, err := rpc.ParseLog(params)
	if err != nil {
		p.violation(err)
		return
	}
	ok, dropped := p.logLimit.Allow(time.Now())
	if dropped > 0 {
		p.log.Warn().Int("lines", dropped).Msg("plugin process logged too much: lines suppressed")
	}
	if !ok {
		return
	}
	e := p.log.WithLevel(level(l.Level)).Bool("plugin_log", true)
	if len(l.RequestID) > 0 {
		e = e.Bytes("request_id", l.RequestID)
	}
	if l.Attrs != nil {
		e = e.RawJSON("attrs", l.Attrs)
	}
	e.Msg(string(l.Msg))
}

func level(name []byte) zerolog.Level {
	switch string(name) {
	case "debug", "trace":
		return zerolog.DebugLevel
	case "warn", "warning":
		return zerolog.WarnLevel
	case "error", "fatal", "critical":
		return zerolog.ErrorLevel
	}
	return zerolog.InfoLevel
}

func orNull(raw []byte) []byte {
	if raw == nil {
		return []byte("null")
	}
	return raw
}

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
		p.table.adjust(true)
	}
}

// measured takes a metric notification.
func (p *process) measured(params []byte) {
	if err := p.stats.note(params); err != nil && p.stats.refused.Add(1) == 1 {
		p.log.Warn().Err(err).Msg("plugin process sent a metric that is not kept: dropped, and counted from now on")
	}
}
