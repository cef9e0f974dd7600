package coproc

import (
	"sync/atomic"

	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

// stats are the counters of a runtime, over all its processes.
type stats struct {
	calls, late, unknown, noise, violations, dropped, starts, deaths atomic.Uint64

	retries, cached, refused atomic.Uint64

	metrics metrics
}

// Stats is a snapshot of what a [Runtime] has counted.
type Stats struct {
	State         string // "idle", "starting", "ready", "waiting", "open", "failed" or "closed"
	PID           int    // of the process; 0 if there is none
	InFlight      int    // slots taken, by calls and by those whose deadline has passed
	Window        int    // calls let in at one time, at present
	Calls         uint64 // dispatches answered
	LateReplies   uint64 // came after the deadline of their call
	UnknownIDs    uint64 // answers nobody had asked for, or had already
	Noise         uint64 // stdout lines that are no message
	Violations    uint64 // messages that are not JSON-RPC 2.0
	DroppedWrites uint64 // edits the handler had not declared, or that are the gateway's
	Starts        uint64 // processes started
	Deaths        uint64 // processes that died by themselves or were killed for a fault

	Retries        uint64   // calls made once more
	CacheHits      uint64   // auth calls answered without the process
	RefusedMetrics uint64   // metric notifications that are not kept
	Metrics        []Metric // what the process counts and measures

	// Sandbox is what is enforced on the process; nil without a process or
	// without a sandbox. It must not be changed.
	Sandbox *sandbox.Report
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
		RefusedMetrics: r.stats.refused.Load(), Metrics: r.stats.metrics.snapshot(),
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
