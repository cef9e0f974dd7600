// Package demo is a whole installation for one run: an upstream, the same plugin
// in three isolation models, and a gateway that shows one request pass them.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/examples"
	"github.com/c386954a/sallyport/internal/app"
	"github.com/c386954a/sallyport/internal/compare/rig"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/proxy"
)

// models are the isolation models the demo shows, in the order in which its
// combined API runs them.
var models = [...]string{config.JSVM, config.Wasm, config.Process}

// allModels is the API whose requests pass all of them.
const allModels = "all"

// grace is how long requests have when the demo ends.
const grace = 5 * time.Second

// Demo is a running demo. Its configuration is a file like any other, in a
// folder of its own. Make one with [Start].
type Demo struct {
	options  Config
	dir      string
	cfg      *config.Config
	upstream *echo
	app      *app.App
	lab      *rig.Rig // nil: no lab
	client   http.Client
	url      string
	labURL   string

	cancel context.CancelFunc
	served chan error
}

// Config are where a demo listens: on a free port of the same host if the one
// that is asked for is taken.
type Config struct {
	Listen string
	Admin  string // of the isolation lab; empty: there is no lab

	// Child is the command of the external process. It must call [Child].
	Child []string

	Access func(*proxy.AccessRecord) // as in [app.Options]
	Logger *zerolog.Logger
}

// Start brings a demo up. The caller must call Close.
func Start(ctx context.Context, o Config) (*Demo, error) {
	d := &Demo{options: o, served: make(chan error, 1), client: http.Client{Transport: &http.Transport{}}}
	if err := d.open(ctx); err != nil {
		return nil, errors.Join(err, d.release())
	}
	ls, err := d.listen(ctx)
	if err != nil {
		return nil, errors.Join(err, d.app.Close(ctx), d.release())
	}
	ctx, d.cancel = context.WithCancel(ctx)
	go func() { d.served <- d.app.Run(ctx, ls) }()
	if d.lab != nil {
		d.lab.Serve(ctx, d.url)
	}
	return d, nil
}

// listen opens the ports.
func (d *Demo) listen(ctx context.Context) (ls app.Listeners, err error) {
	if ls.Public, err = listenNear(ctx, d.options.Listen); err != nil {
		return ls, err
	}
	d.url = "http://" + ls.Public.Addr().String()
	if d.lab == nil {
		return ls, nil
	}
	if ls.Admin, err = listenNear(ctx, d.options.Admin); err != nil {
		return ls, errors.Join(err, ls.Public.Close())
	}
	d.labURL = "http://" + ls.Admin.Addr().String() + "/lab/"
	return ls, nil
}

// open brings everything up except the ports.
func (d *Demo) open(ctx context.Context) (err error) {
	if d.upstream, err = startEcho(ctx); err != nil {
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
	d.cfg.Timeouts.Shutdown = grace
	o := app.Options{Logger: d.options.Logger, Access: d.options.Access}
	if d.options.Admin != "" {
		if err := d.addLab(ctx); err != nil {
			return err
		}
		o.Injector = d.lab
	}
	d.app, err = app.New(ctx, d.cfg, o)
	return err
}

// addLab adds what the isolation lab injects, and the listener that shows it.
// The process of the demo has the handlers for both.
func (d *Demo) addLab(ctx context.Context) (err error) {
	d.cfg.Admin = &config.Admin{Listen: config.Text{Value: d.options.Admin}}
	if d.lab, err = rig.Open(ctx, d.cfg, d.options.Child); err != nil {
		return err
	}
	return d.lab.Extend(d.cfg)
}

// Close ends the demo and waits for all of it.
func (d *Demo) Close() error {
	d.client.CloseIdleConnections()
	d.cancel()
	err := <-d.served
	return errors.Join(err, d.release())
}

// release lets go of what the gateway does not own.
func (d *Demo) release() error {
	var errs []error
	if d.upstream != nil {
		errs = append(errs, d.upstream.close())
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
func (d *Demo) writeFiles() (configFile string, err error) {
	files := map[string][]byte{
		"headers.wasm":     examples.HeadersWasm,
		"headers.js":       examples.HeadersJS,
		config.DefaultFile: configuration(d.upstream.url(), d.options.Child),
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(d.dir, name), data, 0o600); err != nil {
			return "", err
		}
	}
	return filepath.Join(d.dir, config.DefaultFile), nil
}

// configuration binds the three plugins to one API each, and to one together.
func configuration(upstream string, command []string) []byte {
	var words []string
	for _, word := range command {
		words = append(words, quoteYAML(word))
	}
	return fmt.Appendf(nil, `version: 1
listen: "127.0.0.1:0"
defaults: { timeout: 1s }
coproc: { command: [%[2]s] }
plugins:
  jsvm:   { runtime: jsvm, source: headers.js, entry: headers }
  wasm:   { runtime: wasm, source: headers.wasm }
  coproc: { runtime: coproc, entry: headers }
apis:
  - { name: jsvm,   match: { path: /jsvm/ },   upstream: { url: %[1]s }, hooks: { pre: [jsvm] } }
  - { name: wasm,   match: { path: /wasm/ },   upstream: { url: %[1]s }, hooks: { pre: [wasm] } }
  - { name: coproc, match: { path: /coproc/ }, upstream: { url: %[1]s }, hooks: { pre: [coproc] } }
  - { name: all,    match: { path: /all/ },    upstream: { url: %[1]s }, hooks: { pre: [jsvm, wasm, coproc] } }
`, quoteYAML(upstream), strings.Join(words, ", "))
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

// Print shows the report as a person reads it.
func (r *Findings) Print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MODEL\tREQUEST\tVERDICT\tCHANGED\tADDED p50\tp99\t")
	for _, model := range models {
		m := r.Models[model]
		fmt.Fprintf(w, "%s\twith Authorization\t%s\t%s\t%.0f µs\t%.0f µs\t\n", model, m.Allowed.verdict(),
			m.Allowed.summary(), m.P50, m.P99)
		fmt.Fprintf(w, "\twithout\t%s\t%s\t\t\t\n", m.Rejected.verdict(), m.Rejected.summary())
	}
	fmt.Fprintf(w, "all three\twith Authorization\t%s\t%s\t\t\t\n", r.Chain.Probe.verdict(), r.Chain.Probe.summary())
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "\n"+r.conclusion())
	return err
}

func (r *Findings) conclusion() string {
	if r.OK {
		return fmt.Sprintf("ok: %d models, same edits, same refusals (times of %d calls each, on this machine)",
			len(r.Models), rounds+1)
	}
	return "NOT OK: see the rows above"
}

func (p *Probe) verdict() string {
	switch {
	case p.Problem != "":
		return fmt.Sprintf("WRONG %d", p.Status)
	case p.Reached:
		return fmt.Sprintf("continue %d", p.Status)
	}
	return fmt.Sprintf("respond %d", p.Status)
}

func (p *Probe) summary() string {
	switch {
	case p.Problem != "":
		return p.Problem
	case !p.Reached:
		return "answered by the plugin; the upstream never saw it"
	}
	return strings.Join(p.Changed, ", ")
}

// Introduce prints what was started and what to try.
func (d *Demo) Introduce(out io.Writer) {
	fmt.Fprintf(out, `gateway   %[1]s
lab       %[5]s  inject faults, see how they end
upstream  %[2]s  answers with the request it received
config    %[3]s

  /jsvm/    legacy JavaScript middleware on otto    headers.js
  /wasm/    WebAssembly module in the sandbox       headers.wasm
  /coproc/  external process, JSON-RPC on a pipe    this program, as `+"`%[4]s`"+`
  /all/     one request through all three

try
  curl -i -H 'Authorization: Bearer acme.s3cret' -H 'X-Debug: 1' %[1]s/all/hello
  curl -i %[1]s/wasm/hello

requests (Ctrl-C ends the demo)
`, d.url, d.upstream.url(), d.cfg.File, strings.Join(d.options.Child[1:], " "), d.labURL)
}

// PrintAccess prints a line for a request that has ended, those of the lab
// aside.
func PrintAccess(out io.Writer, a *proxy.AccessRecord) {
	if strings.HasPrefix(a.API, "lab-") {
		return
	}
	fmt.Fprintf(out, "%s  %d  %-4s %-20s %-24s %6.2f ms\n",
		time.Now().Format(time.TimeOnly), a.Status, a.Method, a.URI, through(a.API), float64(a.Duration.Microseconds())/1e3)
}

// through names the models that the requests of an API pass.
func through(api string) string {
	if api == allModels {
		return strings.Join(models[:], " → ")
	}
	return api
}
