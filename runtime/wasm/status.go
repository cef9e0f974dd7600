package wasm

import "github.com/c386954a/sallyport/abi"

var _ abi.Reporter = (*plugin)(nil)

// Status says how many instances there are and how they are reset.
func (p *plugin) Status() abi.Status {
	s := abi.Status{Mode: p.spec.Instances.Mode, Reset: p.resetName()}
	if why := p.reason.Load(); why != nil {
		s.Reason = *why
	}
	s.Instances, s.Idle, s.Memory = p.pool.count()
	if p.image != nil {
		s.Memory += p.image.Stored()
	}
	return s
}

// announce logs how the plugin is run.
func (p *plugin) announce() {
	p.log.Info().Str("mode", p.spec.Instances.Mode.String()).Str("reset", p.resetName()).
		Int64("memory_limit", p.memory).Msg("plugin is loaded")
}

// count counts the instances and estimates their resident memory.
func (q *instancePool) count() (live, idle int, memory uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range q.all {
		memory += i.memory.Private()
	}
	return q.live, len(q.idle), memory
}
