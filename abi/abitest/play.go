package abitest

import (
	"fmt"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/fixture"
	"github.com/c386954a/sallyport/proxy/chain"
)

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
