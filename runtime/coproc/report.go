package coproc

import (
	"iter"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

var (
	_ abi.Measurer = (*plugin)(nil)
	_ abi.Reporter = (*plugin)(nil)
)

// Metrics implements [abi.Measurer]. What the process measures belongs to none
// of its plugins, so that one of them tells it for all.
func (p *plugin) Metrics() iter.Seq[abi.Metric] {
	return func(yield func(abi.Metric) bool) {
		if !p.r.speaks(p) {
			return
		}
		for m := range p.r.stats.metrics.All() {
			if !yield(m) {
				return
			}
		}
	}
}

// speaks reports whether p is the plugin that tells the metrics.
func (r *Runtime) speaks(p *plugin) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.speaker == p
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
