package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Print writes the comparison as a person reads it on a terminal.
func (b *Beside) Print(out io.Writer) error {
	fmt.Fprintln(out, "Header hook: two header fields read, two set, one removed")
	for _, n := range b.Concurrency {
		fmt.Fprintf(out, "\n%d connections\n\n", n)
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(w, named("ROW")+"\tCPU µs\t±\tADDED\tREQ/S\tp50 µs\tp99 µs\tCPU / nginx + Lua\t")
		for _, row := range b.Rows {
			if row.Connections != n {
				continue
			}
			fmt.Fprintf(w, "%s\t%.1f\t%.1f\t%+.1f\t%.0f\t%.0f\t%.0f\t%s\t\n",
				named(row.Name), row.CPU, row.CPUDev, row.Added, row.Rate, row.P50, row.P99, ratio(row.Ratio))
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	m := &b.Machine
	fmt.Fprintf(out, "\nmachine: %s/%s %s, %s, %d processors, %s, load %s; %s, sallyport %s\n",
		m.OS, m.Arch, m.Kernel, m.CPU, m.Processors, m.Memory, m.Load, m.Go, b.Version)
	fmt.Fprintf(out, "peers: %s\n", strings.Join(b.Peers, "; "))
	fmt.Fprintf(out, "method: one upstream, one client; %d rounds of slices in shuffled order, %.1f s for each row; CPU of all processes of a\n"+
		"        gateway, median ± median deviation; added: to the same gateway without the hook; latency at half of the row's own rate\n", b.Rounds, b.Duration)
	for _, what := range b.Missing {
		fmt.Fprintf(out, "not measured: %s\n", what)
	}
	return nil
}

func ratio(v float64) string {
	if v == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", v)
}
