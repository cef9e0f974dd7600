package lab

import (
	"sync"
	"time"

	"github.com/c386954a/sallyport/internal/procstat"
	"github.com/c386954a/sallyport/proxy/chain"
)

// kept is how many samples are remembered for a page that is opened later.
const kept = 120

// sampler turns counters into figures of the time since it last looked.
type sampler struct {
	mu     sync.Mutex // protects all below
	last   time.Time
	before map[*chain.Step]chain.Snapshot
	recent []Sample
}

// take reads all counters. Steps that are new since the last time, after a
// reload for instance, begin with what they have counted by now.
func (s *sampler) take(c *Config) Sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	interval := now.Sub(s.last)
	if s.last.IsZero() {
		interval = c.Interval
	}
	r := reading{after: map[*chain.Step]chain.Snapshot{}, before: s.before, interval: interval}
	r.read(c.Chains())
	r.sample.Time = now
	r.sample.Memory.Gateway = resident(0)
	if pid := c.ProcessID(); pid != 0 {
		r.sample.Memory.Process = resident(pid)
	}
	s.last, s.before = now, r.after
	s.recent = append(s.recent, r.sample)
	if len(s.recent) > kept {
		s.recent = s.recent[len(s.recent)-kept:]
	}
	return r.sample
}

// resident is procstat.Resident, with 0 for what is not known.
func resident(pid int) uint64 {
	n, _ := procstat.Resident(pid)
	return uint64(n)
}

// samples returns those that are kept, oldest first.
func (s *sampler) samples() []Sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Sample{}, s.recent...)
}

// reading is one look at all counters.
type reading struct {
	before, after map[*chain.Step]chain.Snapshot
	interval      time.Duration
	sample        Sample
}

func (r *reading) read(chains []*chain.Chain) {
	r.sample = Sample{Models: map[string]Figure{}, Steps: []Figure{}, Memory: MemorySample{Plugins: map[string]uint64{}}}
	now, before := map[string]chain.Snapshot{}, map[string]chain.Snapshot{}
	for _, c := range chains {
		for step := range c.Steps() {
			n := step.Stats().Snapshot()
			was := r.before[step]
			r.after[step] = n
			now[step.Model] = now[step.Model].Plus(n)
			before[step.Model] = before[step.Model].Plus(was)
			r.sample.Steps = append(r.sample.Steps, figure(n, was, r.interval))
			if bytes, ok := memoryOf(step.Plugin); ok {
				r.sample.Memory.Plugins[step.Name] = bytes
			}
		}
	}
	for model, n := range now {
		r.sample.Models[model] = figure(n, before[model], r.interval)
	}
}
