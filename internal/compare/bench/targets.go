package bench

import (
	"context"
	"fmt"
	"io"
	"math"
	"text/tabwriter"
)

// Target is one figure that was promised, and what it is here.
type Target struct {
	ID       string  `json:"id"`
	What     string  `json:"what"`
	Unit     string  `json:"unit"`
	Must     float64 `json:"must"`
	Aim      float64 `json:"aim"`
	Least    bool    `json:"least,omitempty"` // must be at least that much, not at most
	Measured float64 `json:"measured"`
	Met      bool    `json:"met"`
}

// Targets is what was promised of the gateway as a whole.
type Targets struct {
	Schema  int       `json:"schema"`
	Version string    `json:"version"`
	Machine Machine   `json:"machine"`
	Targets []Target  `json:"targets"`
	Loops   Loops     `json:"loops"`
	Runs    []*Result `json:"runs"` // what the figures are from
}

// MeasureTargets measures the targets that a whole gateway can show, in three
// runs and two scenes. Rows, hooks, chain and concurrency of the options are
// its own; figures of packages are in their benchmarks.
func MeasureTargets(ctx context.Context, o Options) (*Targets, error) {
	plain, chained, many := o, o, o
	plain.Rows, plain.Hooks, plain.Chain, plain.Concurrency = nil, nil, 1, 16
	chained.Rows, chained.Hooks, chained.Chain, chained.Concurrency = []string{"wasm c fresh"}, nil, 8, 16
	many.Rows, many.Hooks, many.Chain, many.Concurrency = []string{"coproc"}, nil, 1, 64
	t := &Targets{Schema: Schema, Version: o.Version}
	for _, run := range []Options{plain, chained, many} {
		r, err := Run(ctx, run)
		if err != nil {
			return nil, err
		}
		t.Runs = append(t.Runs, r)
	}
	t.Machine = t.Runs[0].Machine
	if err := plain.Validate(); err != nil {
		return nil, err
	}
	loops, err := measureLoops(ctx, &plain)
	if err != nil {
		return nil, err
	}
	idle, err := measureIdle(ctx, &plain)
	if err != nil {
		return nil, err
	}
	t.Loops = *loops
	t.fill(idle)
	return t, nil
}

// fill takes the figures out of the runs. A row that was not measured leaves
// its target out.
func (t *Targets) fill(idle float64) {
	all, chained, many := t.Runs[0], t.Runs[1], t.Runs[2]
	row := func(r *Result, name string) *Row { return r.find("headers", name) }
	bare, one := row(all, rowBare), row(all, "wasm c fresh")
	t.most("T1", "bare gateway against the fasthttp forwarder", "x", 1.15, 1.05,
		bare.CPU/row(all, "fasthttp forwarder").CPU)
	for _, language := range []string{"c", "assemblyscript", "rust"} {
		t.most("T2", "wasm "+language+" pooled adds", "µs", 5, 2, added(row(all, "wasm "+language+" pooled")))
	}
	for _, language := range []string{"c", "assemblyscript", "rust"} {
		t.most("T3", "wasm "+language+" fresh adds", "µs", 12, 5, added(row(all, "wasm "+language+" fresh")))
	}
	t.most("T4", "wasm go fresh adds", "µs", 18, 10, added(row(all, "wasm go fresh")))
	t.most("T5", "allocations per request, wasm c fresh", "", 0, 0, math.Round(one.Allocs))
	t.most("T7", "chain of 8 fresh hooks against one", "x", 8.5, 8, added(row(chained, "wasm c fresh"))/added(one))
	copied := added(row(all, "otto copied, underscore"))
	t.least("T8", "otto copied per request against jsvm", "x", 5, 10, copied/added(row(all, "jsvm otto")))
	t.least("T8", "the same, underscore used", "x", 2, 5, copied/added(row(all, "jsvm otto, underscore")))
	t.most("T9", "wasm javascript fresh adds", "µs", 250, 100, added(row(all, "wasm javascript fresh")))
	t.most("T10", "coproc go adds to the CPU of both, 64 connections", "µs", 45, 30, added(row(many, "coproc go")))
	t.most("T10", "coproc go adds to p50, one request at a time", "µs", 80, 50,
		row(all, "coproc go").AloneP50-bare.AloneP50)
	t.most("T11", "coproc node: CPU of the process, 64 connections", "µs", 30, 20, ofProcess(row(many, "coproc node")))
	t.most("T11", "coproc python: CPU of the process, 64 connections", "µs", 45, 35, ofProcess(row(many, "coproc python")))
	if memory := row(all, "wasm go fresh").Memory; memory != nil {
		t.most("T12", "memory of an instance of the Go guest, few of them live", "KiB", 200, 120, *memory)
	}
	t.most("T13", "p99 of the others while 1 % of 1,000 req/s loop", "ms", 20, 10, t.Loops.P99/1e3)
	t.most("T14", "cold start with a Go plugin, machine code kept", "ms", 500, 250, row(all, "wasm go fresh").ColdStart)
	t.most("T14", "cold start with a C plugin", "ms", 100, 50, one.ColdStart)
	t.most("T15", "gateway idle with three plugins", "MiB", 80, 50, idle)
}

// added is not a number for a row that is not there.
func added(r *Row) float64 {
	if r.Name == "" {
		return math.NaN()
	}
	return r.Added
}

// ofProcess is not a number for a row that is not there.
func ofProcess(r *Row) float64 {
	if r.Name == "" {
		return math.NaN()
	}
	return r.PluginCPU
}

func (t *Targets) most(id, what, unit string, must, aim, measured float64) {
	t.add(Target{ID: id, What: what, Unit: unit, Must: must, Aim: aim, Measured: measured, Met: measured <= must})
}

func (t *Targets) least(id, what, unit string, must, aim, measured float64) {
	t.add(Target{
		ID: id, What: what, Unit: unit, Must: must, Aim: aim, Least: true, Measured: measured,
		Met: measured >= must,
	})
}

func (t *Targets) add(one Target) {
	if math.IsNaN(one.Measured) || math.IsInf(one.Measured, 0) {
		return
	}
	one.Measured = round(one.Measured, 2)
	t.Targets = append(t.Targets, one)
}

// Print writes the targets as a person reads them.
func (t *Targets) Print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TARGET\tWHAT\tMUST\tAIM\tMEASURED\t\t")
	for i := range t.Targets {
		one := &t.Targets[i]
		sign, verdict := "≤", "met"
		if one.Least {
			sign = "≥"
		}
		if !one.Met {
			verdict = "NOT MET"
		}
		fmt.Fprintf(w, "%s\t%s\t%s %g %s\t%g\t%g\t%s\t\n", one.ID, one.What, sign, one.Must, one.Unit, one.Aim,
			one.Measured, verdict)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nloops: %d requests looped and were answered 504 after %.1f ms (p50); %d others: p50 %.0f µs, p99 %.0f µs, %d late\n\n",
		t.Loops.Looped, t.Loops.LoopedP50/1e3, t.Loops.Others, t.Loops.P50, t.Loops.P99, t.Loops.Late)
	for _, r := range t.Runs {
		r.printMethod(out)
		for _, s := range r.Skipped {
			fmt.Fprintf(out, "not measured: %s, %s: %s\n", s.Hook, s.Name, s.Reason)
		}
		for _, warning := range r.Warnings {
			fmt.Fprintf(out, "WARNING: %s\n", warning)
		}
	}
	return nil
}
