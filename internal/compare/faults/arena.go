package faults

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/c386954a/sallyport/internal/compare/faults/attack"
)

// Arena is the world outside the gateway: the upstream of its APIs, a server
// that answers late, and what no plugin may reach. All of it is on the
// loopback address.
type Arena struct {
	Upstream  string // URL of a server that answers 200, and with what plugins have seen
	Slow      string // URL that plugins may ask, and which does not answer
	Forbidden string // URL that plugins may not ask
	File      string // path that plugins may not read
	Secret    string // name of an environment value that plugins may not read
	Canary    string // what the three of them hold

	stop    context.CancelFunc
	servers [3]*http.Server
	done    chan error
	file    *os.File

	faulty   atomic.Int64 // faulty requests that reached the upstream
	intruded atomic.Int64 // requests that reached the forbidden server
}

// OpenArena starts the servers and writes the file. The value of the
// environment is for the caller to set.
func OpenArena(ctx context.Context) (*Arena, error) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	a := &Arena{
		Secret: "SALLYPORT_FAULTS_SECRET", Canary: "canary-" + rand.Text(),
		stop: stop, done: make(chan error, 3),
	}
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *Arena) open(ctx context.Context) (err error) {
	for i, s := range []struct {
		url     *string
		path    string
		handler http.HandlerFunc
	}{{&a.Upstream, "", a.echo}, {&a.Slow, "/slow", wait}, {&a.Forbidden, "/forbidden", a.intrude}} {
		if *s.url, err = a.serve(ctx, i, s.handler); err != nil {
			return err
		}
		*s.url += s.path
	}
	if a.file, err = os.CreateTemp("", "sallyport-faults-canary-"); err != nil {
		return err
	}
	if a.File, err = filepath.Abs(a.file.Name()); err != nil {
		return err
	}
	_, err = a.file.WriteString(a.Canary)
	return err
}

func (a *Arena) serve(ctx context.Context, i int, h http.HandlerFunc) (url string, err error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	a.servers[i] = s
	go func() { a.done <- s.Serve(ln) }()
	return "http://" + ln.Addr().String(), nil
}

// Close stops the servers, waits for them and removes the file.
func (a *Arena) Close() error {
	a.stop()
	var errs []error
	for _, s := range a.servers {
		if s == nil {
			continue
		}
		errs = append(errs, s.Close())
		if err := <-a.done; !errors.Is(err, http.ErrServerClosed) {
			errs = append(errs, err)
		}
	}
	if a.file != nil {
		errs = append(errs, a.file.Close(), os.Remove(a.file.Name()))
	}
	return errors.Join(errs...)
}

// echo answers with what the plugin saw.
func (a *Arena) echo(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get(attack.Fault) != "" {
		a.faulty.Add(1)
	}
	if seen := r.Header.Get(attack.Seen); seen != "" {
		w.Header().Set(attack.Seen, seen)
	}
}

// wait answers when nobody waits any more.
func wait(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func (a *Arena) intrude(w http.ResponseWriter, _ *http.Request) {
	a.intruded.Add(1)
	// Whoever does not read it has still been here.
	_, _ = w.Write([]byte(a.Canary))
}
