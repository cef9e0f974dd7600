package lab

import (
	"net/http"
	"sync"
	"time"

	"github.com/rs/zerolog"

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
