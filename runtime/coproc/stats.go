package coproc

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/telemetry"
	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

// stats are the counters of a runtime, over all its processes.
type stats struct {
	calls, late, unknown, noise, violations, dropped, starts, deaths atomic.Uint64

	retries, cached, refused atomic.Uint64

	metrics telemetry.Registry
}

// ProcessStats is a snapshot of what a [Runtime] has counted.
type ProcessStats struct {
	State         string `json:"state"`          // "idle", "starting", "ready", "waiting", "open", "failed" or "closed"
	PID           int    `json:"pid"`            // of the process; 0 if there is none
	InFlight      int    `json:"in_flight"`      // slots taken, by calls and by those whose deadline has passed
	Window        int    `json:"window"`         // calls let in at one time, at present
	Calls         uint64 `json:"calls"`          // dispatches answered
	LateReplies   uint64 `json:"late_replies"`   // came after the deadline of their call
	UnknownIDs    uint64 `json:"unknown_ids"`    // answers nobody had asked for, or had already
	Noise         uint64 `json:"noise"`          // stdout lines that are no message
	Violations    uint64 `json:"violations"`     // messages that are not JSON-RPC 2.0
	DroppedWrites uint64 `json:"dropped_writes"` // edits the handler had not declared, or that are the gateway's
	Starts        uint64 `json:"starts"`         // processes started
	Deaths        uint64 `json:"deaths"`         // processes that died by themselves or were killed for a fault

	Retries        uint64          `json:"retries"`           // calls made once more
	CacheHits      uint64          `json:"cache_hits"`        // auth calls answered without the process
	RefusedMetrics uint64          `json:"refused_metrics"`   // metric notifications that are not kept
	Metrics        []ProcessMetric `json:"metrics,omitempty"` // what the process counts and measures

	// Sandbox is what is enforced on the process; nil without a process or
	// without a sandbox. It must not be changed.
	Sandbox *sandbox.Enforcement `json:"sandbox,omitempty"`
}

// ProcessStats returns what the runtime has counted so far. It may be called at any
// time.
func (r *Runtime) Stats() ProcessStats {
	s := ProcessStats{
		Calls:         r.stats.calls.Load(),
		LateReplies:   r.stats.late.Load(),
		UnknownIDs:    r.stats.unknown.Load(),
		Noise:         r.stats.noise.Load(),
		Violations:    r.stats.violations.Load(),
		DroppedWrites: r.stats.dropped.Load(),
		Starts:        r.stats.starts.Load(),
		Deaths:        r.stats.deaths.Load(),

		Retries: r.stats.retries.Load(), CacheHits: r.stats.cached.Load(),
		RefusedMetrics: r.stats.refused.Load(), Metrics: r.stats.measured(),
	}
	if p := r.current.Load(); p != nil && !p.ending.Load() {
		s.PID, s.Sandbox = p.cmd.Process.Pid, p.report
		s.InFlight, s.Window = p.table.taken()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s.State = r.state.String()
	return s
}

// maxMetrics is how many series a process may have: names times labels.
const maxMetrics = 64

// ProcessMetric is a value that the process counts or measures.
type ProcessMetric struct {
	Name   string            `json:"name"`  // lower case letters, digits and underscores
	Gauge  bool              `json:"gauge"` // a value that is set; else a counter that only grows
	Labels map[string]string `json:"labels,omitempty"`
	Value  float64           `json:"value"`
}

// note records a metric notification. The series are those of all processes of
// a runtime, so that counters go on when a process dies.
func (s *stats) note(params []byte) error {
	var in struct {
		Name   string            `json:"name"`
		Kind   string            `json:"kind"`
		Value  float64           `json:"value"`
		Labels map[string]string `json:"labels"`
	}
	if err := json.Unmarshal(params, &in); err != nil {
		return err
	}
	if in.Kind != "counter" && in.Kind != "gauge" {
		return fmt.Errorf("metric kind %q: want counter or gauge", in.Kind)
	}
	m := abi.Metric{Name: in.Name, Gauge: in.Kind == "gauge", Value: in.Value}
	for name, value := range in.Labels {
		m.Labels = append(m.Labels, abi.Label{Name: name, Value: value})
	}
	return s.metrics.Record(m)
}

// measured returns copies of all series, in a fixed order.
func (s *stats) measured() (all []ProcessMetric) {
	list := slices.SortedFunc(s.metrics.All(), func(a, b abi.Metric) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), slices.CompareFunc(a.Labels, b.Labels, func(a, b abi.Label) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value))
		}))
	})
	for _, m := range list {
		out := ProcessMetric{Name: m.Name, Gauge: m.Gauge, Labels: make(map[string]string, len(m.Labels)), Value: m.Value}
		for _, l := range m.Labels {
			out.Labels[l.Name] = l.Value
		}
		all = append(all, out)
	}
	return all
}

var (
	_ abi.Measurer = (*plugin)(nil)
	_ abi.Reporter = (*plugin)(nil)
)

// Metrics implements [abi.Measurer]. What the process measures belongs to none
// of its plugins, so one of them reports it for all.
func (p *plugin) Metrics() iter.Seq[abi.Metric] {
	return func(yield func(abi.Metric) bool) {
		if !p.r.isReporter(p) {
			return
		}
		for m := range p.r.stats.metrics.All() {
			if !yield(m) {
				return
			}
		}
	}
}

// isReporter reports whether p is the plugin that reports the metrics.
func (r *Runtime) isReporter(p *plugin) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reporter == p
}

// Status implements [abi.Reporter]: the process, its children included, is the
// one instance of all its plugins.
func (p *plugin) Status() abi.Status {
	s := abi.Status{Mode: abi.Pooled, Reset: "none"}
	if proc := p.r.alive(nil); proc != nil {
		s.Instances = 1
		s.Memory = uint64(sandbox.Resident(proc.cmd.Process.Pid))
	}
	return s
}
