package demo

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// echo is the API behind the demo's gateway: it answers every request
// with what it received, so that a person sees what the plugins changed.
type echo struct {
	http     http.Server
	listener net.Listener
	served   atomic.Int64
	done     chan error
}

// seen is the upstream's answer: the request as it arrived there.
type seen struct {
	Method string            `json:"method"`
	Path   string            `json:"path"`
	Header map[string]string `json:"header"`
}

func startEcho(ctx context.Context) (*echo, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	u := &echo{listener: ln, done: make(chan error, 1)}
	u.http.Handler = http.HandlerFunc(u.answer)
	u.http.ReadHeaderTimeout = 5 * time.Second
	go func() { u.done <- u.http.Serve(ln) }()
	return u, nil
}

// url returns where the upstream listens.
func (u *echo) url() string { return "http://" + u.listener.Addr().String() }

// requests returns how many requests reached the upstream.
func (u *echo) requests() int64 { return u.served.Load() }

// close stops the upstream and waits for it.
func (u *echo) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := u.http.Shutdown(ctx)
	if serveErr := <-u.done; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	return err
}

func (u *echo) answer(w http.ResponseWriter, r *http.Request) {
	u.served.Add(1)
	got := seen{Method: r.Method, Path: r.URL.RequestURI(), Header: map[string]string{}}
	for name := range r.Header {
		got.Header[name] = r.Header.Get(name)
	}
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	// A client that has gone away is no fault of the demo.
	_ = enc.Encode(got)
}
