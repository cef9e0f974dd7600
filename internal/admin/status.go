package admin

import (
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/chain"
)

// StatusReport is the answer of /status.
type StatusReport struct {
	Version string      `json:"version"`
	Uptime  string      `json:"uptime"`
	APIs    []APIStatus `json:"apis"`
	Process any         `json:"process,omitempty"` // the external process, if there is one
}

// APIStatus is one API with its plugins in the order they run.
type APIStatus struct {
	Name          string       `json:"name"`
	ID            string       `json:"id"`
	ListenPath    string       `json:"listen_path"`
	Generation    uint64       `json:"generation"`
	DroppedEvents uint64       `json:"dropped_events"`
	Plugins       []StepStatus `json:"plugins"`
}

// StepStatus is one plugin bound to one hook. Times are in microseconds.
type StepStatus struct {
	Hook     string            `json:"hook"`
	Plugin   string            `json:"plugin"`
	Model    string            `json:"model"`
	Error    string            `json:"load_error,omitempty"` // why it is not loaded, and every call is a fault
	OnFault  string            `json:"on_fault"`
	Breaker  string            `json:"breaker,omitempty"` // its state, if the plugin has one
	Calls    uint64            `json:"calls"`
	Responds uint64            `json:"responds"`
	Skipped  uint64            `json:"skipped"`
	Refused  uint64            `json:"refused"` // by the breaker; not among the calls
	Faults   map[string]uint64 `json:"faults"`
	Mean     float64           `json:"mean_us"`
	P50      float64           `json:"p50_us"`
	P99      float64           `json:"p99_us"`

	Instances *InstanceStatus `json:"instances,omitempty"`
}

// InstanceStatus says how the instances of a plugin are kept, for runtimes
// that tell.
type InstanceStatus struct {
	Mode   string `json:"mode"`
	Reset  string `json:"reset"`
	Reason string `json:"reason,omitempty"`
	Live   int    `json:"live"`
	Idle   int    `json:"idle"`
	Memory uint64 `json:"memory_bytes"`
}

// Status reads the counters of all chains.
func (s *Service) Status() StatusReport {
	out := StatusReport{
		Version: s.cfg.Version,
		Uptime:  time.Since(s.started).Round(time.Second).String(),
		APIs:    []APIStatus{},
		Process: s.cfg.Process(),
	}
	for _, c := range s.cfg.Chains() {
		out.APIs = append(out.APIs, apiStatus(c))
	}
	return out
}

func apiStatus(c *chain.Chain) APIStatus {
	api := c.API()
	out := APIStatus{
		Name: api.Name, ID: api.ID, ListenPath: api.ListenPath, Generation: api.Generation,
		DroppedEvents: c.DroppedEvents(), Plugins: []StepStatus{},
	}
	for step := range c.Steps() {
		out.Plugins = append(out.Plugins, stepStatus(step))
	}
	return out
}

func stepStatus(step *chain.Step) StepStatus {
	n := step.Stats().Snapshot()
	return StepStatus{
		Hook: step.Hook().String(), Plugin: step.Name, Model: step.Model, Error: loadError(step.Plugin),
		OnFault: step.OnFault.String(), Breaker: breakerState(step.Breaker),
		Calls: n.Calls, Responds: n.Responds, Skipped: n.Skipped, Refused: n.Refused, Faults: faults(n),
		Mean: micros(n.Total / time.Duration(max(n.Calls, 1))),
		P50:  micros(n.Quantile(0.5)),
		P99:  micros(n.Quantile(0.99)),

		Instances: instanceStatus(step.Plugin),
	}
}

// breakerState returns the state of a breaker, or nothing.
func breakerState(b *chain.Breaker) string {
	if b == nil {
		return ""
	}
	return b.State().String()
}

// broken is a plugin that stands in for one that could not be loaded.
type broken interface{ LoadError() error }

// loadError returns why a plugin is not loaded, or nothing.
func loadError(p abi.Plugin) string {
	if b, ok := p.(broken); ok {
		return b.LoadError().Error()
	}
	return ""
}

// instanceStatus asks a plugin that can tell.
func instanceStatus(p abi.Plugin) *InstanceStatus {
	r, ok := p.(abi.Reporter)
	if !ok {
		return nil
	}
	s := r.Status()
	return &InstanceStatus{
		Mode: s.Mode.String(), Reset: s.Reset, Reason: s.Reason,
		Live: s.Instances, Idle: s.Idle, Memory: s.Memory,
	}
}

// faults returns the kinds that occurred.
func faults(n chain.Snapshot) map[string]uint64 {
	out := map[string]uint64{}
	for k, count := range n.Faults {
		if count > 0 {
			out[abi.Kind(k).String()] = count
		}
	}
	return out
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
