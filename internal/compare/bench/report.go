package bench

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

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
