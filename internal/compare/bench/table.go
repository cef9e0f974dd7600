package bench

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
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

// report adds the rows of a session to the result.
func (s *session) report(r *Result) {
	bare := s.bare()
	for _, x := range s.subjects {
		r.Rows = append(r.Rows, s.reportRow(x, bare))
	}
	r.Noise = append(r.Noise, s.noise())
}

func (s *session) reportRow(x, bare *subject) Row {
	total := x.totals()
	added := differences(total, bare.totals())
	out := Row{
		Hook: s.hook.Name, Name: x.Name, Model: x.Model, Guest: x.Guest, Mode: x.Mode, Chain: s.chainOf(x),
		CPU: us(median(total)), GatewayCPU: us(median(x.gatewayCPU)), PluginCPU: us(median(x.pluginCPU)),
		CPUMin: us(slices.Min(total)), CPUMax: us(slices.Max(total)),
		Added: us(median(added)), AddedDev: us(deviation(added)),
		Rate: round(median(x.rates), 0), RateMin: round(slices.Min(x.rates), 0), RateMax: round(slices.Max(x.rates), 0),
		AloneP50: round(x.aloneP50, 1), Allocs: round(x.allocs, 2), Bytes: round(x.bytes, 0),
		Memory: x.instanceMemory(), Instances: x.end.Instances, GatewayMemory: round(float64(x.memory)/(1<<20), 1),
		ColdStart: ms(x.coldStart), Load: ms(x.load),
	}
	for i, percent := range percents {
		out.Latency = append(out.Latency, x.paces[i].report(percent))
		if percent == 50 {
			out.P50, out.P99 = out.Latency[i].P50, out.Latency[i].P99
		}
	}
	return out
}

// chainOf is the number of plugins a request passes.
func (s *session) chainOf(x *subject) int {
	if x.row.plugin != nil {
		return s.options.Chain
	}
	return 0
}

// totals is the CPU time of each slice, gateway and plugin together.
func (x *subject) totals() []float64 {
	out := slices.Clone(x.gatewayCPU)
	for i, v := range x.pluginCPU {
		out[i] += v
	}
	return out
}

// instanceMemory is the memory of one instance in KiB, nil where there are
// none.
func (x *subject) instanceMemory() *float64 {
	switch {
	case x.Model == modelProcess:
		return kib(float64(x.external))
	case x.end.Instances > 0 && x.end.Memory > 0:
		return kib(float64(x.end.Memory) / float64(x.end.Instances))
	case x.Guest == "javascript":
		return kib(x.bytes)
	}
	return nil
}

func kib(bytes float64) *float64 {
	v := round(bytes/1024, 1)
	return &v
}

// report makes figures of the histograms.
func (p *pace) report(percent int) Latency {
	out := Latency{
		Percent: percent, Rate: round(p.rate, 1), Requests: int(p.row.TotalCount()), Late: p.late,
		P50: quantile(p.row, 50), P99: quantile(p.row, 99),
	}
	out.AddedP50 = round(out.P50-quantile(p.bare, 50), 1)
	out.AddedP99 = round(out.P99-quantile(p.bare, 99), 1)
	if min(p.row.TotalCount(), p.bare.TotalCount()) >= enoughForP999 {
		p999 := quantile(p.row, 99.9)
		added := round(p999-quantile(p.bare, 99.9), 1)
		out.P999, out.AddedP999 = &p999, &added
	}
	return out
}

// enoughForP999 is how many requests it takes that one is beyond it.
const enoughForP999 = 1000

func quantile(h *hdrhistogram.Histogram, q float64) float64 {
	return round(micros(h.ValueAtQuantile(q)), 1)
}

func us(ns float64) float64 { return round(micros(ns), 2) }

func ms(d time.Duration) float64 { return round(float64(d.Microseconds())/1e3, 1) }

// noise compares the two gateways without a plugin.
func (s *session) noise() Noise {
	first, again := s.subjects[0].totals(), s.subjects[1].totals()
	n := Noise{Hook: s.hook.Name, Added: us(median(differences(again, first)))}
	both := slices.Concat(first, again)
	n.Spread = round(deviation(both)/median(both), 3)
	// The median of n differences is about as exact as their deviation
	// divided by the square root of n.
	exact := 2 * 1.4826 * deviation(differences(again, first)) / math.Sqrt(float64(len(first)))
	n.Floor = round(max(math.Abs(n.Added), micros(exact)), 2)
	return n
}

// What makes a run too noisy to be trusted.
const (
	noisySpread = 0.15 // of the slices of one row
	noisyFloor  = 0.05 // of the CPU time of the gateway without a plugin
)

// warn adds what a reader has to know before believing the figures.
func (r *Result) warn() {
	for _, n := range r.Noise {
		bare := r.find(n.Hook, rowBare)
		if n.Spread > noisySpread {
			r.Warnings = append(r.Warnings, fmt.Sprintf(
				"%s: this machine is noisy: slices of the same gateway differ by %.0f %% from their median. Repeat it when nothing else runs",
				n.Hook, 100*n.Spread))
		}
		if n.Floor > noisyFloor*bare.CPU {
			r.Warnings = append(r.Warnings, fmt.Sprintf(
				"%s: two equal gateways are %.1f µs apart: do not trust differences below that. Take more --rounds", n.Hook, n.Floor))
		}
	}
	for i := range r.Rows {
		r.warnLate(&r.Rows[i])
	}
}

// warnLate tells of rates that a row could not keep up with.
func (r *Result) warnLate(row *Row) {
	for _, l := range row.Latency {
		if l.Late > 0 {
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s: %s left %d of %d requests late at %d %% of its rate",
				row.Hook, row.Name, l.Late, l.Late+l.Requests, l.Percent))
		}
	}
}

// find returns a row, an empty one if it is not there.
func (r *Result) find(hook, name string) *Row {
	for i := range r.Rows {
		if r.Rows[i].Hook == hook && r.Rows[i].Name == name {
			return &r.Rows[i]
		}
	}
	return &Row{}
}
