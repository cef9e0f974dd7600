// Package parts plays the parts of the benchmark that run in processes of their
// own: the upstream, a plain forwarder, the gateway and the external process.
package parts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/app"
	"github.com/c386954a/sallyport/internal/compare/bench"
	"github.com/c386954a/sallyport/internal/compare/bench/guest"
	"github.com/c386954a/sallyport/internal/compare/bench/plain"
	"github.com/c386954a/sallyport/internal/compare/bench/reference"
	"github.com/c386954a/sallyport/internal/config"
	child "github.com/c386954a/sallyport/sdk/coproc/go"
)

// ErrUnknown says that there is no such part.
var ErrUnknown = errors.New("no part")

// Play plays a part until its input ends. argument is the address that a
// forwarder sends to, or the configuration file of a gateway.
func Play(ctx context.Context, part, argument string, in io.Reader, out, log io.Writer) error {
	switch part {
	case bench.ChildUpstream:
		return servePlain(ctx, plain.NewUpstream(), in, out)
	case bench.ChildForwarder:
		return servePlain(ctx, plain.NewForwarder(argument), in, out)
	case bench.ChildGateway:
		return serveGateway(ctx, argument, in, out, log)
	case bench.ChildProcess:
		return Process()
	}
	return fmt.Errorf("%w %q", ErrUnknown, part)
}

// servePlain serves until the input ends.
func servePlain(ctx context.Context, s *plain.Responder, in io.Reader, out io.Writer) error {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	err = bench.Serve(in, out, bench.Ready{Address: ln.Addr().String()}, nil)
	return errors.Join(err, s.Close(), <-served)
}

// serveGateway serves a configuration as `run` does, with the references among
// the built-in steps, until the input ends.
func serveGateway(ctx context.Context, file string, in io.Reader, out, log io.Writer) error {
	logger := zerolog.New(log).Level(zerolog.WarnLevel)
	cfg, err := config.Load(file, os.LookupEnv)
	if err != nil {
		return err
	}
	a, err := open(ctx, cfg, &logger)
	if err != nil {
		return err
	}
	ls, err := app.Listen(ctx, cfg)
	if err != nil {
		return errors.Join(err, a.Close(ctx))
	}
	ctx, cancel := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- a.Run(ctx, ls) }()
	ready := bench.Ready{Address: ls.Public.Addr().String(), Load: a.Generation().LoadTime()}
	err = bench.Serve(in, out, ready, func(s *bench.State) { count(a, s) })
	cancel()
	return errors.Join(err, <-served)
}

// open opens a gateway with the references, and with the key that the auth
// hooks look up in its store, which ends with the process.
func open(ctx context.Context, cfg *config.Config, logger *zerolog.Logger) (*app.App, error) {
	st, err := app.OpenStore(cfg)
	if err != nil {
		return nil, err
	}
	if err := seed(st); err != nil {
		return nil, err
	}
	return app.New(ctx, cfg, app.Options{Logger: logger, Store: st, Builtin: func(next abi.Runtime) abi.Runtime {
		return reference.New(reference.Config{Next: next, KV: st})
	}})
}

// seed stores the key for plugins, and for scripts, whose keys have a prefix.
func seed(kv abi.KV) error {
	deadline := time.Now().Add(time.Second)
	for _, key := range []string{guest.StoreKey, "jsvm:k:" + guest.StoreKey} {
		if err := kv.Set(deadline, []byte(key), []byte(guest.Tenant), 0); err != nil {
			return err
		}
	}
	return nil
}

// count reads what the chains and the runtimes have counted.
func count(a *app.App, s *bench.State) {
	s.Faults = map[string]uint64{}
	for _, c := range a.Generation().Chains() {
		for step := range c.Steps() {
			n := step.Stats().Snapshot()
			s.Calls += n.Calls
			for kind, count := range n.Faults {
				if count > 0 {
					s.Faults[abi.Kind(kind).String()] += count
				}
			}
			if r, ok := step.Plugin.(abi.Reporter); ok {
				status := r.Status()
				s.Instances += status.Instances
				s.Memory += status.Memory
			}
		}
	}
	s.Process = a.ProcessID()
}

// Process has the four hooks of the benchmark as an external process in Go.
func Process() error {
	pair := []string{"authorization", "user-agent"}
	headers, body := []child.Part{child.Headers}, []child.Part{child.Headers, child.Body}
	return child.Main(
		child.Handler{Name: "headers", Hooks: []child.Hook{child.Pre}, Headers: pair, Writes: headers, Func: processHeaders},
		child.Handler{
			Name: "json", Hooks: []child.Hook{child.Post}, Headers: []string{}, Body: child.Text, Writes: body,
			Func: processJSON,
		},
		child.Handler{
			Name: "auth", Hooks: []child.Hook{child.Auth}, Headers: pair[:1],
			Writes: []child.Part{child.Headers, child.SessionValues}, Func: processAuth,
		},
		child.Handler{
			Name: "response", Hooks: []child.Hook{child.Response}, Headers: []string{}, Body: child.Text,
			Writes: body, Func: processResponse,
		},
	)
}

// tokenOf returns what follows the scheme in "Bearer TENANT.SECRET".
func tokenOf(c *child.Call) string {
	value, _ := c.Request.Get("Authorization")
	_, token, _ := strings.Cut(value, " ")
	return token
}

// processHeaders reads two fields, sets two and removes one.
func processHeaders(_ context.Context, c *child.Call) (*child.Result, error) {
	agent, _ := c.Request.Get("User-Agent")
	tenant, _, _ := strings.Cut(tokenOf(c), ".")
	return child.Edit(child.Edits{
		SetHeaders:    child.Fields{{Name: "X-Tenant", Value: tenant}, {Name: "X-Agent", Value: agent}},
		DeleteHeaders: []string{"X-Debug"},
	}), nil
}

// processJSON reads a body, changes one member and sets two fields.
func processJSON(_ context.Context, c *child.Call) (*child.Result, error) {
	var order map[string]any
	if err := json.Unmarshal(c.Request.Body(), &order); err != nil {
		return nil, err
	}
	id, _ := order["id"].(string)
	status, _ := order["status"].(string)
	order["status"] = "seen"
	e := child.Edits{SetHeaders: child.Fields{{Name: "X-Order", Value: id}, {Name: "X-Status", Value: status}}}
	if err := setJSON(&e, order); err != nil {
		return nil, err
	}
	return child.Edit(e), nil
}

// processAuth looks the tenant of the key up: in its own memory, that is what
// a process is for.
func processAuth(_ context.Context, c *child.Call) (*child.Result, error) {
	if tokenOf(c) != guest.Key {
		return child.Refuse(401, "unknown key"), nil
	}
	r := child.Allow(&child.Session{KeyID: guest.Tenant})
	r.Request = &child.Edits{SetHeaders: child.Fields{{Name: "X-Tenant", Value: guest.Tenant}}}
	return r, nil
}

// processResponse sets a field, removes one and changes a member of the body.
func processResponse(_ context.Context, c *child.Call) (*child.Result, error) {
	var body map[string]any
	if err := json.Unmarshal(c.Response.Body(), &body); err != nil {
		return nil, err
	}
	body["status"] = "seen"
	e := child.Edits{
		SetHeaders: child.Fields{{Name: "X-Rewritten", Value: "1"}}, DeleteHeaders: []string{"X-Powered-By"},
	}
	if err := setJSON(&e, body); err != nil {
		return nil, err
	}
	return child.EditReply(e), nil
}

func setJSON(e *child.Edits, v any) error {
	text, err := json.Marshal(v)
	if err == nil {
		e.SetBody(text)
	}
	return err
}
