// Package lab serves the isolation lab: one page on the admin listener that
// shows what the plugins of a running gateway cost and how their faults end.
//
// The page shows the hook chain of every API, the latency of the isolation
// models over each other, the memory of plugins and the last faults with what
// the client got. Where an [Injector] is given, it has a button for every fault
// that can be injected, and shows how it was contained.
//
//	GET  /lab/          the page, with nothing from outside
//	GET  /lab/snapshot  everything the page shows, as JSON
//	GET  /lab/events    what is new, as server-sent events: sample, fault, outcome
//	POST /lab/inject    {"model": "wasm", "fault": "hang"}; only with an injector
//
// Figures are read from the counters of the chains once a second: nothing here
// is on the way of a request.
package lab

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/internal/procstat"
	"github.com/c386954a/sallyport/proxy/chain"
)

// Config says what the lab shows. The zero value shows an empty gateway.
type Config struct {
	// Chains returns those that serve now. It may be called from many
	// goroutines. Nil means none.
	Chains func() []*chain.Chain

	// ProcessID returns the process id of the external process, 0 if there is
	// none. It is called like Chains. Nil means none.
	ProcessID func() int

	// Injector injects faults. Nil means that the page has no buttons.
	Injector Injector

	// Interval is the time between samples; 0 means one second.
	Interval time.Duration

	Version string
	Logger  *zerolog.Logger // nil logs nothing
}

// Lab is the handler of everything below /lab/. Make one with [New]. It is
// safe for concurrent use.
type Lab struct {
	cfg     Config
	started time.Time
	mux     *http.ServeMux
	audience
	sampler sampler
	faults  recorder
	busy    sync.Mutex // one injection at a time
	done    chan struct{}
	running sync.WaitGroup
}

// New returns a lab that takes samples until Close.
func New(cfg Config) *Lab {
	if cfg.Chains == nil {
		cfg.Chains = func() []*chain.Chain { return nil }
	}
	if cfg.ProcessID == nil {
		cfg.ProcessID = func() int { return 0 }
	}
	if cfg.Interval <= 0 {
		cfg.Interval = time.Second
	}
	if cfg.Logger == nil {
		nop := zerolog.Nop()
		cfg.Logger = &nop
	}
	l := &Lab{cfg: cfg, started: time.Now(), done: make(chan struct{})}
	l.mux = l.routes()
	l.running.Go(l.sample)
	return l
}

// Close ends the samples and the streams of everybody who listens.
func (l *Lab) Close() {
	close(l.done)
	l.running.Wait()
}

// ServeHTTP implements [http.Handler].
func (l *Lab) ServeHTTP(w http.ResponseWriter, r *http.Request) { l.mux.ServeHTTP(w, r) }

// Observe notes a fault and what the client got for it; status is 0 for one
// that the policy let pass. It may be called from many goroutines.
func (l *Lab) Observe(f FaultRecord) {
	if f.Time.IsZero() {
		f.Time = time.Now()
	}
	l.faults.add(f)
	l.publish("fault", f)
}

// sample takes a sample every interval until Close.
func (l *Lab) sample() {
	tick := time.NewTicker(l.cfg.Interval)
	defer tick.Stop()
	for {
		select {
		case <-l.done:
			return
		case <-tick.C:
			l.publish("sample", l.sampler.take(&l.cfg))
		}
	}
}

// maxFaults is how many faults are remembered.
const maxFaults = 100

// maxMessage bounds the text of a fault that is remembered: a plugin may say
// as much as it likes.
const maxMessage = 500

// recorder remembers the last faults.
type recorder struct {
	mu    sync.Mutex    // protects list
	list  []FaultRecord // oldest first
	total uint64
}

func (r *recorder) add(f FaultRecord) {
	if len(f.Message) > maxMessage {
		f.Message = f.Message[:maxMessage] + "…"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total++
	if len(r.list) == maxFaults {
		r.list = slices.Delete(r.list, 0, 1)
	}
	r.list = append(r.list, f)
}

// newest returns what is remembered, newest first.
func (r *recorder) newest() []FaultRecord {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := slices.Clone(r.list)
	slices.Reverse(list)
	return append([]FaultRecord{}, list...)
}

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
