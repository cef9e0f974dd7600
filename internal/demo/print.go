package demo

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/c386954a/sallyport/proxy"
)

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
