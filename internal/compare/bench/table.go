package bench

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Print writes the result as a person reads it on a terminal.
func (r *Result) Print(out io.Writer) error {
	for _, h := range r.Hooks {
		fmt.Fprintf(out, "%s (%s)\n\n", h.Title, h.Point)
		if err := r.printCost(out, h.Name); err != nil {
			return err
		}
		fmt.Fprintln(out)
		if err := r.printLatency(out, h.Name); err != nil {
			return err
		}
		fmt.Fprintln(out)
	}
	r.printMethod(out)
	for _, s := range r.Skipped {
		fmt.Fprintf(out, "not measured: %s, %s: %s\n", s.Hook, s.Name, s.Reason)
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(out, "WARNING: %s\n", w)
	}
	return nil
}

// printCost is the table of everything but latencies.
func (r *Result) printCost(out io.Writer, hook string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, named("ROW")+"\tCPU µs\tGATEWAY\tPLUGIN\tADDED\t±\tREQ/S\tALLOCS\tINSTANCE KiB\tCOLD START ms\tLOAD ms\t")
	for i := range r.Rows {
		row := &r.Rows[i]
		if row.Hook != hook {
			continue
		}
		fmt.Fprintf(w, "%s\t%.1f\t%.1f\t%s\t%+.1f\t%.1f\t%.0f\t%.1f\t%s\t%.0f\t%.1f\t\n",
			named(row.Name), row.CPU, row.GatewayCPU, unlessZero(row.PluginCPU), row.Added, row.AddedDev, row.Rate, row.Allocs,
			orDash(row.Memory), row.ColdStart, row.Load)
	}
	return w.Flush()
}

// printLatency is the table of what is added to latencies.
func (r *Result) printLatency(out io.Writer, hook string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, named("ADDED LATENCY µs")+"\tALONE p50\t")
	for _, percent := range percents {
		fmt.Fprintf(w, "%d%% p50\tp99\tp99.9\t", percent)
	}
	fmt.Fprintln(w)
	bare := r.find(hook, rowBare)
	for i := range r.Rows {
		row := &r.Rows[i]
		if row.Hook != hook || row.Name == rowBare {
			continue
		}
		fmt.Fprintf(w, "%s\t%+.0f\t", named(row.Name), row.AloneP50-bare.AloneP50)
		for _, l := range row.Latency {
			fmt.Fprintf(w, "%+.0f\t%+.0f\t%s\t", l.AddedP50, l.AddedP99, orDash(l.AddedP999))
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

// printMethod says on what and how was measured.
func (r *Result) printMethod(out io.Writer) {
	m := &r.Machine
	fmt.Fprintf(out, "machine: %s/%s %s, %s, %d processors, %s, load %s; %s, sallyport %s%s\n",
		m.OS, m.Arch, m.Kernel, m.CPU, m.Processors, m.Memory, m.Load, m.Go, r.Version, programs(m.Programs))
	o := &r.Options
	fmt.Fprintf(out, "method: %d connections, chain of %d, %d rounds of %.0f ms slices per row in shuffled order, rates of %.1f s; took %.0f s\n",
		o.Concurrency, o.Chain, o.Rounds, 1e3*o.Slice, o.Pace, r.Took)
	fmt.Fprintln(out, "        added: median of differences from `no plugin` in the same round, ± median deviation; latency at 10, 50 and 80 % of the row's own rate")
	for _, n := range r.Noise {
		fmt.Fprintf(out, "noise: %s: two equal gateways differ by %+.2f µs; differences below %.2f µs mean nothing; slices spread by %.0f %%\n",
			n.Hook, n.Added, n.Floor, 100*n.Spread)
	}
}

// named pads a name to the longest, so that names stand to the left in a table
// whose figures stand to the right.
func named(name string) string {
	const longest = 26
	return fmt.Sprintf("%-*s", longest, name)
}

func programs(versions map[string]string) string {
	var b strings.Builder
	for _, name := range []string{"node", "python3"} {
		if v := versions[name]; v != "" {
			b.WriteString(", " + name + " " + v)
		}
	}
	return b.String()
}

func orDash(v *float64) string {
	if v == nil {
		return "–"
	}
	return strconv.FormatFloat(*v, 'f', 0, 64)
}

func unlessZero(v float64) string {
	if v == 0 {
		return "–"
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}
