package coproc

import (
	"sync/atomic"

	"github.com/c386954a/sallyport/internal/telemetry"
	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

// stats are the counters of a runtime, over all its processes.
type stats struct {
	calls, late, unknown, noise, violations, dropped, starts, deaths atomic.Uint64

	retries, cached, refused atomic.Uint64

	metrics telemetry.Registry
}

// Stats is a snapshot of what a [Runtime] has counted.
type Stats struct {
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

	Retries        uint64   `json:"retries"`           // calls made once more
	CacheHits      uint64   `json:"cache_hits"`        // auth calls answered without the process
	RefusedMetrics uint64   `json:"refused_metrics"`   // metric notifications that are not kept
	Metrics        []Metric `json:"metrics,omitempty"` // what the process counts and measures

	// Sandbox is what is enforced on the process; nil without a process or
	// without a sandbox. It must not be changed.
	Sandbox *sandbox.Report `json:"sandbox,omitempty"`
}

// Stats returns what the runtime has counted so far. It may be called at any
// time.
func (r *Runtime) Stats() Stats {
	s := Stats{
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
	if p := r.current.Load(); p != nil && !p.doomed.Load() {
		s.PID, s.Sandbox = p.cmd.Process.Pid, p.report
		s.InFlight, s.Window = p.table.taken()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s.State = r.state.String()
	return s
}
