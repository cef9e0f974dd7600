package lab

import (
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/chain"
)

// View is everything the page shows when it is opened.
type View struct {
	Version string        `json:"version"`
	Started time.Time     `json:"started"`
	APIs    []APIView     `json:"apis"`
	Samples []Sample      `json:"samples"` // the last two minutes, oldest first
	Faults  []FaultRecord `json:"faults"`  // the last ones, newest first
	Attacks []Attack      `json:"attacks"` // what can be injected; empty without an injector
}

// APIView is the hook chain of one API.
type APIView struct {
	Name string `json:"name"`
	Path string `json:"path"`
	// Steps are in the order in which they run.
	Steps []StepView `json:"steps"`
}

// StepView is one plugin in one hook, as it is configured.
type StepView struct {
	Hook    string `json:"hook"`
	Plugin  string `json:"plugin"`
	Model   string `json:"model"`
	OnFault string `json:"on_fault"`
	Timeout string `json:"timeout"`
}

// Sample is what happened in one interval. Times are in microseconds.
type Sample struct {
	Time   time.Time         `json:"time"`
	Models map[string]Figure `json:"models"`

	// Steps has a figure for every step of [View.APIs], in the same order.
	Steps []Figure `json:"steps"`

	Memory MemorySample `json:"memory"`
}

// Figure is what one step, or all steps of a model, did in an interval.
type Figure struct {
	Rate   float64 `json:"rate"`   // calls a second
	P50    float64 `json:"p50_us"` // 0 without calls
	P99    float64 `json:"p99_us"`
	Faults uint64  `json:"faults"`       // in the interval
	Total  uint64  `json:"total_faults"` // since the chain was built
}

// MemorySample is what is resident, in bytes.
type MemorySample struct {
	Gateway uint64            `json:"gateway"`
	Process uint64            `json:"process"` // the external one; 0 without it
	Plugins map[string]uint64 `json:"plugins"` // of runtimes that can tell
}

// FaultRecord is a plugin call that failed, and what the client got.
type FaultRecord struct {
	Time      time.Time `json:"time"`
	RequestID string    `json:"request_id"`
	API       string    `json:"api"`
	Plugin    string    `json:"plugin"`
	Model     string    `json:"model"`
	Hook      string    `json:"hook"`
	Kind      string    `json:"kind"`
	Status    int       `json:"status"` // 0: the policy let it pass
	Message   string    `json:"message"`
}

// apis describes the chains.
func apis(chains []*chain.Chain) []APIView {
	out := make([]APIView, 0, len(chains))
	for _, c := range chains {
		a := APIView{Name: c.API().Name, Path: c.API().ListenPath, Steps: []StepView{}}
		for s := range c.Steps() {
			a.Steps = append(a.Steps, StepView{
				Hook: s.Hook().String(), Plugin: s.Name, Model: s.Model,
				OnFault: s.OnFault.String(), Timeout: s.Timeout.String(),
			})
		}
		out = append(out, a)
	}
	return out
}

// figure makes a figure of what was counted in an interval.
func figure(now, before chain.Snapshot, interval time.Duration) Figure {
	n := now.Since(before)
	return Figure{
		Rate: float64(n.Calls) / interval.Seconds(),
		P50:  micros(n.Quantile(0.5)), P99: micros(n.Quantile(0.99)),
		Faults: n.FaultCount(), Total: now.FaultCount(),
	}
}

// memoryOf returns what a plugin holds, and false if its runtime cannot tell.
func memoryOf(p abi.Plugin) (uint64, bool) {
	r, ok := p.(abi.Reporter)
	if !ok {
		return 0, false
	}
	return r.Status().Memory, true
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

//go:embed static
var static embed.FS

// policy lets the page use what comes from this listener and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (l *Lab) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /lab/", http.StripPrefix("/lab/", secure(http.FileServerFS(pages()))))
	mux.HandleFunc("GET /lab/snapshot", l.snapshot)
	mux.HandleFunc("GET /lab/events", l.events)
	if l.cfg.Injector != nil {
		mux.HandleFunc("POST /lab/inject", l.inject)
	}
	return mux
}

// pages returns the files of the page.
func pages() fs.FS {
	sub, err := fs.Sub(static, "static")
	if err != nil {
		return static // the name is a constant that is always valid
	}
	return sub
}

// secure sets the header fields of every file.
func secure(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		w.Header().Set("Cache-Control", "no-cache")
		h.ServeHTTP(w, r)
	})
}

func (l *Lab) snapshot(w http.ResponseWriter, _ *http.Request) {
	l.json(w, http.StatusOK, l.Snapshot())
}

// Snapshot returns everything the page shows.
func (l *Lab) Snapshot() View {
	s := View{
		Version: l.cfg.Version, Started: l.started,
		APIs: apis(l.cfg.Chains()), Samples: l.sampler.samples(), Faults: l.faults.newest(), Attacks: []Attack{},
	}
	if l.cfg.Injector != nil {
		s.Attacks = append(s.Attacks, l.cfg.Injector.Attacks()...)
	}
	return s
}

func (l *Lab) json(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		l.cfg.Logger.Debug().Err(err).Msg("lab answer")
	}
}
