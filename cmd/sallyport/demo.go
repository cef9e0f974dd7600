package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/proxy"
)

func newDemoCmd() *cobra.Command {
	var once, asJSON bool
	var o demoOptions
	var logs logFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show one request pass a plugin in each isolation model",
		Long: "Start an upstream and a gateway with the same plugin in three isolation models:\n" +
			"legacy JavaScript, WebAssembly and an external process. Nothing else is needed.\n" +
			"The isolation lab is a page that injects faults into them and shows what happens.\n" +
			"With --once, send requests through each of them, print what happened and stop.",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON && !once {
				return usageError(cmd, errors.New("--json goes with --once"))
			}
			logger, err := logs.logger(cmd.ErrOrStderr())
			if err != nil {
				return usageError(cmd, err)
			}
			if once {
				return demoOnce(cmd.Context(), cmd.OutOrStdout(), logger, asJSON)
			}
			return demoLive(cmd.Context(), cmd.OutOrStdout(), logger, o)
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "send requests through each model, print a table and stop")
	cmd.Flags().BoolVar(&asJSON, "json", false, "with --once: print the result as JSON")
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:8080", "`ADDRESS` to listen on; if it is taken, a free port")
	cmd.Flags().StringVar(&o.admin, "admin", "127.0.0.1:9901", "`ADDRESS` of the isolation lab; if it is taken, a free port")
	logs.add(cmd, "error") // the page shows the faults
	return cmd
}

// demoOnce exits with an error unless everything held.
func demoOnce(ctx context.Context, out io.Writer, logger *zerolog.Logger, asJSON bool) error {
	d, err := startDemo(ctx, demoOptions{listen: "127.0.0.1:0"}, logger)
	if err != nil {
		return err
	}
	report, err := d.probe(ctx)
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(out, report)
	} else {
		err = report.print(out)
	}
	if err == nil && !report.OK {
		return &exitError{code: exitCheck}
	}
	return err
}

// print shows the report as a person reads it.
func (r *demoReport) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MODEL\tREQUEST\tVERDICT\tCHANGED\tADDED p50\tp99\t")
	for _, model := range demoModels {
		m := r.Models[model]
		fmt.Fprintf(w, "%s\twith Authorization\t%s\t%s\t%.0f µs\t%.0f µs\t\n", model, m.Allowed.verdict(), m.Allowed.summary(), m.P50, m.P99)
		fmt.Fprintf(w, "\twithout\t%s\t%s\t\t\t\n", m.Rejected.verdict(), m.Rejected.summary())
	}
	fmt.Fprintf(w, "all three\twith Authorization\t%s\t%s\t\t\t\n", r.Chain.Probe.verdict(), r.Chain.Probe.summary())
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "\n"+r.conclusion())
	return err
}

func (r *demoReport) conclusion() string {
	if r.OK {
		return fmt.Sprintf("ok: %d models, same edits, same refusals (times of %d calls each, on this machine)", len(r.Models), demoRounds+1)
	}
	return "NOT OK: see the rows above"
}

func (p *probe) verdict() string {
	switch {
	case p.Problem != "":
		return fmt.Sprintf("WRONG %d", p.Status)
	case p.Reached:
		return fmt.Sprintf("continue %d", p.Status)
	}
	return fmt.Sprintf("respond %d", p.Status)
}

func (p *probe) summary() string {
	switch {
	case p.Problem != "":
		return p.Problem
	case !p.Reached:
		return "answered by the plugin; the upstream never saw it"
	}
	return strings.Join(p.Changed, ", ")
}

// demoLive runs until it is interrupted and prints a line for each request,
// those of the lab aside.
func demoLive(ctx context.Context, out io.Writer, logger *zerolog.Logger, o demoOptions) error {
	var mu sync.Mutex // requests end on many goroutines
	o.access = func(a *proxy.Access) {
		if strings.HasPrefix(a.API, "lab-") {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		printAccess(out, a)
	}
	d, err := startDemo(ctx, o, logger)
	if err != nil {
		return err
	}
	mu.Lock()
	d.introduce(out)
	mu.Unlock()
	<-ctx.Done()
	fmt.Fprintln(out, "stopping")
	return d.Close()
}

// introduce prints what was started and what to try.
func (d *demo) introduce(out io.Writer) {
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
`, d.url, d.upstream.URL(), d.cfg.File, demoChildName, d.labURL)
}

func printAccess(out io.Writer, a *proxy.Access) {
	fmt.Fprintf(out, "%s  %d  %-4s %-20s %-24s %6.2f ms\n",
		time.Now().Format(time.TimeOnly), a.Status, a.Method, a.URI, through(a.API), float64(a.Duration.Microseconds())/1e3)
}

// through names the models that the requests of an API pass.
func through(api string) string {
	if api == demoAll {
		return strings.Join(demoModels[:], " → ")
	}
	return api
}
