package lab

import (
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
)

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
