package page

import (
	"fmt"
	"math"

	"github.com/c386954a/sallyport/internal/compare/bench"
)

// chart is a figure for each row, as dots on a logarithmic axis: the rows
// differ by factors of a hundred, and a bar on such an axis would say nothing.
type chart struct {
	ID, Title, Note, Unit string
	Ticks                 []tick
	Bars                  []bar
}

// tick is one mark of the axis.
type tick struct {
	At    string // per cent of the width
	Label string
	Edge  string // where the label goes: start, middle or end
}

// bar is one row of a chart: its dots, and the span between them.
type bar struct {
	Name, Model, Label string // Label says in words what is drawn
	From, To           string // of the span, per cent of the width
	Dots               []dot
	Value              string
}

// dot is one figure.
type dot struct {
	At    string
	Small bool // beside the main one
	Title string
}

// point is what a row has to show: a main value and others beside it.
type point struct {
	row    *bench.Row
	main   float64
	others []float64
	names  []string // of the others
}

// charts draws what a hook has found.
func charts(hook string, rows []bench.Row) []chart {
	var cpu, rate, latency, memory, start []point
	for i := range rows {
		r := &rows[i]
		cpu = append(cpu, point{r, r.CPU, []float64{r.CPUMin, r.CPUMax}, []string{"least", "most"}})
		rate = append(rate, point{r, r.Rate, []float64{r.RateMin, r.RateMax}, []string{"least", "most"}})
		latency = append(latency, atHalf(r))
		start = append(start, point{row: r, main: r.ColdStart})
		if r.Memory != nil {
			memory = append(memory, point{row: r, main: *r.Memory})
		}
	}
	all := []chart{
		draw("cpu", "CPU time of a request", "Gateway and plugin together, median of the rounds; the small dots are the least and the most of them. Less is better.", "µs", cpu),
		draw("rate", "Requests a second", "With all connections busy; client and upstream share the machine. More is better.", "req/s", rate),
		draw("latency", "Latency at half of the row's own rate",
			"The large dot is p50, the small ones p99 and, with enough requests, p99.9; from when a request was due. Less is better.", "µs", latency),
		draw("memory", "Memory of one instance",
			"Resident pages of an instance in the sandbox, the resident process, or what an interpreter allocates for the request it is made for.", "KiB", memory),
		draw("start", "Cold start", "From the start of the program to the first answer through the plugin, machine code kept.", "ms", start),
	}
	for i := range all {
		all[i].ID = hook + "-" + all[i].ID
	}
	return all
}

// atHalf is the latency at half of the rate.
func atHalf(r *bench.Row) point {
	p := point{row: r, main: r.P50, others: []float64{r.P99}, names: []string{"p99"}}
	for _, l := range r.Latency {
		if l.Percent == 50 && l.P999 != nil {
			p.others, p.names = append(p.others, *l.P999), append(p.names, "p99.9")
		}
	}
	return p
}

func draw(id, title, note, unit string, points []point) chart {
	c := chart{ID: id, Title: title, Note: note, Unit: unit}
	a := newAxis(points)
	c.Ticks = a.ticks()
	for i := range points {
		c.Bars = append(c.Bars, points[i].draw(a, unit))
	}
	return c
}

func (p *point) draw(a axis, unit string) bar {
	b := bar{
		Name: p.row.Name, Model: p.row.Model, Value: number(p.main),
		Label: fmt.Sprintf("%s: %s %s", p.row.Name, number(p.main), unit),
	}
	from, to := p.main, p.main
	for i, v := range p.others {
		if v <= 0 {
			continue
		}
		from, to = min(from, v), max(to, v)
		title := fmt.Sprintf("%s %s %s", p.names[i], number(v), unit)
		b.Label += ", " + title
		b.Dots = append(b.Dots, dot{At: a.at(v), Small: true, Title: title})
	}
	b.Dots = append(b.Dots, dot{At: a.at(p.main), Title: b.Value + " " + unit})
	b.From, b.To = a.at(from), a.at(to)
	return b
}

// axis is logarithmic, from one power of ten to another.
type axis struct{ low, high float64 } // exponents

func newAxis(points []point) axis {
	low, high := math.Inf(1), math.Inf(-1)
	for i := range points {
		for _, v := range append([]float64{points[i].main}, points[i].others...) {
			if v > 0 {
				low, high = min(low, math.Floor(math.Log10(v))), max(high, math.Ceil(math.Log10(v)))
			}
		}
	}
	if low > high {
		return axis{0, 1}
	}
	return axis{low, max(high, low+1)}
}

// at returns where a value is, in per cent of the width, with room for half a
// dot at both ends.
func (a axis) at(v float64) string {
	const margin = 2
	part := 0.0
	if v > 0 {
		part = (math.Log10(v) - a.low) / (a.high - a.low)
	}
	return fmt.Sprintf("%.2f%%", margin+part*(100-2*margin))
}

func (a axis) ticks() (all []tick) {
	for e := a.low; e <= a.high; e++ {
		v := math.Pow(10, e)
		t := tick{At: a.at(v), Label: number(v), Edge: "middle"}
		if v >= 1 {
			t.Label = thousands(fmt.Sprintf("%.0f", v))
		}
		switch e {
		case a.low:
			t.Edge = "start"
		case a.high:
			t.Edge = "end"
		}
		all = append(all, t)
	}
	return all
}
