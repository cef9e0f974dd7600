package demo

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/c386954a/sallyport/internal/compare/faults/attack"
	child "github.com/c386954a/sallyport/sdk/coproc/go"
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

// Child is the external process of the demo, which shares nothing with the
// gateway but a pipe. It also does the harm that the isolation lab asks for.
// args are those of the command behind its name.
func Child(args []string) error { return attack.Child(args, handler()) }

// handler is the header hook as an external process implements it.
func handler() child.Handler {
	return child.Handler{
		Name: "headers", Hooks: []child.Hook{child.Pre},
		Headers: []string{"authorization", "user-agent"}, Writes: []child.Part{"headers"},
		Func: editHeaders,
	}
}

func editHeaders(_ context.Context, c *child.Call) (*child.Result, error) {
	key, agent := "", ""
	for _, f := range c.Request.Header {
		switch strings.ToLower(f.Name) {
		case "authorization":
			key = f.Value
		case "user-agent":
			agent = f.Value
		}
	}
	if key == "" {
		return unauthorized(), nil
	}
	_, token, _ := strings.Cut(key, " ")
	tenant, _, _ := strings.Cut(token, ".")
	return &child.Result{Action: "continue", Request: &child.Edits{
		DeleteHeaders: []string{"X-Debug"},
		SetHeaders:    child.Fields{{Name: "X-Tenant", Value: tenant}, {Name: "X-Agent", Value: agent}},
	}}, nil
}

func unauthorized() *child.Result {
	return &child.Result{Action: "respond", Request: &child.Edits{Overrides: &child.Overrides{
		ResponseCode: 401, ResponseBody: `{"error":"authorization required"}`, OverrideError: true,
	}}}
}
