package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/examples"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/proxy"
)

// demoModels are the isolation models the demo shows, in the order in which
// its combined API runs them.
var demoModels = [...]string{config.JSVM, config.Wasm, config.Process}

// demoAll is the API whose requests pass all of them.
const demoAll = "all"

// demo is a whole installation for one run: an upstream, three plugins that do
// the same in three models, and a gateway, from a configuration file like any
// other in a folder of its own.
type demo struct {
	dir      string
	cfg      *config.Config
	upstream *demoUpstream
	gateway  *gateway
	lab      *labRig // nil: no lab
	client   http.Client
	url      string
	labURL   string

	cancel context.CancelFunc
	served chan error
}

// demoOptions are where a demo listens: on a free port of the same host if the
// one that is asked for is taken. Without an address for it, there is no lab.
type demoOptions struct {
	listen, admin string
	access        func(*proxy.Access)
}

// startDemo brings a demo up.
func startDemo(ctx context.Context, o demoOptions, logger *zerolog.Logger) (*demo, error) {
	d := &demo{served: make(chan error, 1), client: http.Client{Transport: &http.Transport{}}}
	if err := d.open(ctx, o, logger); err != nil {
		return nil, errors.Join(err, d.release())
	}
	ls, err := d.listen(ctx, o)
	if err != nil {
		return nil, errors.Join(err, d.gateway.release(ctx), d.release())
	}
	ctx, d.cancel = context.WithCancel(ctx)
	go func() { d.served <- d.gateway.serve(ctx, ls, 5*time.Second) }()
	if d.lab != nil {
		d.lab.serve(ctx, d.url)
	}
	return d, nil
}

// listen opens the ports.
func (d *demo) listen(ctx context.Context, o demoOptions) (ls listeners, err error) {
	if ls.public, err = listenNear(ctx, o.listen); err != nil {
		return ls, err
	}
	d.url = "http://" + ls.public.Addr().String()
	if d.lab == nil {
		return ls, nil
	}
	if ls.admin, err = listenNear(ctx, o.admin); err != nil {
		return ls, errors.Join(err, ls.public.Close())
	}
	d.labURL = "http://" + ls.admin.Addr().String() + "/lab/"
	return ls, nil
}

// open brings everything up except the ports.
func (d *demo) open(ctx context.Context, o demoOptions, logger *zerolog.Logger) (err error) {
	if d.upstream, err = startDemoUpstream(ctx); err != nil {
		return err
	}
	if d.dir, err = os.MkdirTemp("", "sallyport-demo-"); err != nil {
		return err
	}
	file, err := d.writeFiles()
	if err != nil {
		return err
	}
	if d.cfg, err = config.Load(file, nil); err != nil {
		return err
	}
	w := watchers{access: o.access}
	if o.admin != "" {
		if err := d.addLab(ctx, o.admin); err != nil {
			return err
		}
		w.injector = d.lab
	}
	d.gateway, err = openGateway(ctx, d.cfg, logger, w)
	return err
}

// addLab adds what the isolation lab injects, and the listener that shows it.
// The process of the demo has the handlers for both.
func (d *demo) addLab(ctx context.Context, addr string) (err error) {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	if d.lab, err = openLabRig(ctx, []string{program, demoChildName}, ""); err != nil {
		return err
	}
	d.cfg.Admin = &config.Admin{Listen: config.Text{Value: addr}}
	return d.lab.extend(d.cfg)
}

// Close ends the demo and waits for all of it.
func (d *demo) Close() error {
	d.client.CloseIdleConnections()
	d.cancel()
	err := <-d.served
	return errors.Join(err, d.release())
}

// release lets go of what the gateway does not own.
func (d *demo) release() error {
	var errs []error
	if d.upstream != nil {
		errs = append(errs, d.upstream.Close())
	}
	if d.lab != nil {
		errs = append(errs, d.lab.Close())
	}
	if d.dir != "" {
		errs = append(errs, os.RemoveAll(d.dir))
	}
	return errors.Join(errs...)
}

// writeFiles lays out configuration and plugins as a user would.
func (d *demo) writeFiles() (configFile string, err error) {
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	files := map[string][]byte{
		"headers.wasm":   examples.HeadersWasm,
		"headers.js":     examples.HeadersJS,
		"sallyport.yaml": demoConfig(d.upstream.URL(), program),
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(d.dir, name), data, 0o600); err != nil {
			return "", err
		}
	}
	return filepath.Join(d.dir, "sallyport.yaml"), nil
}

// demoConfig binds the three plugins to one API each, and to one together.
func demoConfig(upstream, program string) []byte {
	return fmt.Appendf(nil, `version: 1
listen: "127.0.0.1:0"
defaults: { timeout: 1s }
coproc: { command: [%[2]s, %[3]s] }
plugins:
  jsvm:   { runtime: jsvm, source: headers.js, entry: headers }
  wasm:   { runtime: wasm, source: headers.wasm }
  coproc: { runtime: coproc, entry: headers }
apis:
  - { name: jsvm,   match: { path: /jsvm/ },   upstream: { url: %[1]s }, hooks: { pre: [jsvm] } }
  - { name: wasm,   match: { path: /wasm/ },   upstream: { url: %[1]s }, hooks: { pre: [wasm] } }
  - { name: coproc, match: { path: /coproc/ }, upstream: { url: %[1]s }, hooks: { pre: [coproc] } }
  - { name: all,    match: { path: /all/ },    upstream: { url: %[1]s }, hooks: { pre: [jsvm, wasm, coproc] } }
`, quoteYAML(upstream), quoteYAML(program), quoteYAML(demoChildName))
}

// quoteYAML returns s as a string of the configuration, where a dollar sign
// would stand for a value of the environment.
func quoteYAML(s string) string { return strconv.Quote(strings.ReplaceAll(s, "$", "$$")) }

// listenNear listens on addr, or on any port of its host if that is taken.
func listenNear(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err == nil {
		return ln, nil
	}
	host, _, splitErr := net.SplitHostPort(addr)
	if splitErr != nil {
		return nil, err
	}
	return lc.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
}
