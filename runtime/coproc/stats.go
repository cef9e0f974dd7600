package coproc

import (
	"sync/atomic"

	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

// stats are the counters of a runtime, over all its processes.
type stats struct {
	calls, late, unknown, noise, violations, dropped, starts, deaths atomic.Uint64
}

// Stats is a snapshot of what a [Runtime] has counted.
type Stats struct {
	State         string // "idle", "starting", "ready", "waiting", "open", "failed" or "closed"
	PID           int    // of the process; 0 if there is none
	InFlight      int    // slots taken, by calls and by those whose deadline has passed
	Calls         uint64 // dispatches answered
	LateReplies   uint64 // came after the deadline of their call
	UnknownIDs    uint64 // answers nobody had asked for, or had already
	Noise         uint64 // stdout lines that are no message
	Violations    uint64 // messages that are not JSON-RPC 2.0
	DroppedWrites uint64 // edits the handler had not declared, or that are the gateway's
	Starts        uint64 // processes started
	Deaths        uint64 // processes that died by themselves or were killed for a fault

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
	}
	if p := r.current.Load(); p != nil && !p.doomed.Load() {
		s.PID, s.InFlight, s.Sandbox = p.cmd.Process.Pid, p.table.taken(), p.report
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s.State = r.state.String()
	return s
}
