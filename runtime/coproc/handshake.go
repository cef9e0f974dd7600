package coproc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/c386954a/sallyport/runtime/coproc/rpc"
)

// protocolVersion is the version of the protocol that this package speaks.
const protocolVersion = "1.0"

// errVersion says that the process speaks none of our versions of the protocol,
// which another start would not change.
var errVersion = errors.New("process does not speak protocol " + protocolVersion)

// The params of initialize.
type (
	initParams struct {
		Protocol []string `json:"protocol"`
		Gateway  peer     `json:"gateway"`
		Limits   limits   `json:"limits"`
		Sandbox  any      `json:"sandbox"`
		PID      int      `json:"pid"`
	}
	peer struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	limits struct {
		MaxMessageBytes int `json:"max_message_bytes,omitempty"`
		MaxInFlight     int `json:"max_in_flight,omitempty"`
	}
	initResult struct {
		Protocol string          `json:"protocol"`
		Plugin   peer            `json:"plugin"`
		Limits   limits          `json:"limits"`
		Handlers json.RawMessage `json:"handlers"`
	}
)

// handshake asks the process who it is and opens the window for calls.
func (p *process) handshake(ctx context.Context) error {
	raw, err := p.control(ctx, "initialize", initParams{
		Protocol: []string{protocolVersion},
		Gateway:  peer{"sallyport", p.cfg.Version},
		Limits:   limits{p.cfg.MaxMessage, p.cfg.MaxInFlight},
		Sandbox:  p.confinement(),
		PID:      os.Getpid(),
	})
	if err != nil {
		return initError(err)
	}
	var r initResult
	if err := json.Unmarshal(raw, &r); err != nil {
		return fmt.Errorf("initialize: %w", err)
	}
	if r.Protocol != protocolVersion {
		return fmt.Errorf("%w but %q", errVersion, r.Protocol)
	}
	if r.Handlers == nil {
		return errors.New("initialize: no handlers declared")
	}
	if p.handlers, err = rpc.ParseHandlers(r.Handlers); err != nil {
		return fmt.Errorf("initialize: %w", err)
	}
	p.apply(r.Limits)
	p.log.Info().Str("plugin", r.Plugin.Name).Str("version", r.Plugin.Version).
		Dur("start", time.Since(p.born)).Msg("plugin process started")
	p.logConfinement()
	return p.send([]byte(`{"jsonrpc":"2.0","method":"initialized"}`+"\n"), 1)
}

func initError(err error) error {
	if r, ok := errors.AsType[*errorAnswer](err); ok && r.code == codeNoProtocol {
		return fmt.Errorf("%w: %w", errVersion, r)
	}
	return fmt.Errorf("initialize: %w", err)
}

// apply takes the smaller of both sides' limits.
func (p *process) apply(l limits) {
	if l.MaxMessageBytes > 0 {
		p.maxOut = min(p.maxOut, l.MaxMessageBytes)
	}
	window := p.cfg.MaxInFlight
	if l.MaxInFlight > 0 {
		window = min(window, l.MaxInFlight)
	}
	p.table.open(window)
}

func (p *process) ping() bool {
	ctx, cancel := context.WithTimeout(context.Background(), p.cfg.PingInterval)
	defer cancel()
	_, err := p.control(ctx, "ping", struct{}{})
	return err == nil
}
