// Package admin serves what operators and their monitoring ask a running
// gateway: health, status and metrics, on a listener of its own.
//
// Nothing here is on the way of a request: all figures are read from the
// counters of the chains when somebody asks.
package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/proxy/chain"
)

// Config says what the server reports on.
type Config struct {
	// Chains returns those that serve now. It is called for every answer and
	// may be called from many goroutines. Nil means none.
	Chains  func() []*chain.Chain
	Version string

	// Process returns what there is to say of the external process, as JSON
	// can carry it, nil if there is none. It is called like Chains.
	Process func() any

	// Lab serves everything below /lab/, where / leads as well. Nil means that
	// there is no such page.
	Lab http.Handler

	// Admission says who may ask; see [Service.Admit].
	Admission Admission

	// Ready reports whether the gateway takes new requests. It is called like
	// Chains. Nil means always.
	Ready func() bool

	Logger *zerolog.Logger // nil logs nothing
}

// Service answers on /healthz, /readyz, /status and /metrics. Make one with [New].
type Service struct {
	cfg     Config
	started time.Time
	admit   atomic.Pointer[Admission]
	http    http.Server
}

// New returns a server that is not listening yet.
func New(cfg Config) *Service {
	if cfg.Chains == nil {
		cfg.Chains = func() []*chain.Chain { return nil }
	}
	if cfg.Process == nil {
		cfg.Process = func() any { return nil }
	}
	if cfg.Ready == nil {
		cfg.Ready = func() bool { return true }
	}
	if cfg.Logger == nil {
		nop := zerolog.Nop()
		cfg.Logger = &nop
	}
	s := &Service{cfg: cfg, started: time.Now()}
	s.Admit(cfg.Admission)
	s.http.Handler = s.protect(s.routes())
	s.http.ReadHeaderTimeout = 5 * time.Second
	s.http.IdleTimeout = time.Minute
	return s
}

// Serve answers on ln until Shutdown. It returns nil after a Shutdown.
func (s *Service) Serve(ln net.Listener) error {
	err := s.http.Serve(ln)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown stops listening and waits for answers in flight until ctx ends.
func (s *Service) Shutdown(ctx context.Context) error { return s.http.Shutdown(ctx) }

func (s *Service) routes() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		&chainCollector{chains: s.cfg.Chains})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /status", s.status)
	if s.cfg.Lab != nil {
		mux.Handle("/lab/", s.cfg.Lab)
		mux.Handle("GET /{$}", http.RedirectHandler("/lab/", http.StatusFound))
	}
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return mux
}

func (s *Service) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	s.log(w.Write([]byte("ok\n")))
}

// ready answers 503 while the gateway drains, so that balancers send requests
// elsewhere.
func (s *Service) ready(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if !s.cfg.Ready() {
		w.WriteHeader(http.StatusServiceUnavailable)
		s.log(w.Write([]byte("draining\n")))
		return
	}
	s.log(w.Write([]byte("ready\n")))
}

func (s *Service) status(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	s.log(0, enc.Encode(s.Status()))
}

// log notes an answer that did not reach the one who asked.
func (s *Service) log(_ int, err error) {
	if err != nil {
		s.cfg.Logger.Debug().Err(err).Msg("admin answer")
	}
}
