package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/c386954a/sallyport/internal/compare/faults"
)

// printFaults shows the report as a person reads it: the verdicts of all
// models beside each other, then the figures of each. No line is longer than
// 100 columns, reasons aside.
func printFaults(out io.Writer, r *faults.Report) error {
	t := faultsTable{report: r, color: colored(out)}
	t.matrix()
	for _, m := range r.Models {
		t.model(m)
	}
	t.summary()
	_, err := io.WriteString(out, t.text.String())
	return err
}

// faultsTable is the text in the making.
type faultsTable struct {
	report *faults.Report
	color  bool
	text   strings.Builder
}

const (
	titleWidth   = 28
	detailWidth  = 31
	verdictWidth = 14
)

func (t *faultsTable) matrix() {
	fmt.Fprintf(&t.text, "%*s", titleWidth, "")
	for i, m := range t.report.Models {
		fmt.Fprintf(&t.text, "%-*s", t.column(i), m.ID)
	}
	t.text.WriteString("\n")
	for _, f := range t.report.Faults {
		fmt.Fprintf(&t.text, "%-*s", titleWidth, f.Title)
		for i, m := range t.report.Models {
			t.verdict(t.report.Cell(m.ID, f.ID), t.column(i))
		}
		t.text.WriteString("\n")
	}
}

// column is the width of a column: the last one ends with its text.
func (t *faultsTable) column(i int) int {
	if i == len(t.report.Models)-1 {
		return 0
	}
	return verdictWidth
}

func (t *faultsTable) model(m faults.Model) {
	fmt.Fprintf(&t.text, "\n%s: %s\n", m.ID, m.Title)
	fmt.Fprintf(&t.text, "%-*s%-9s%-10s%-12s%-13s%-10s%s\n", detailWidth, "  fault", "got", "after", "failed", "memory", "back", "verdict")
	for _, f := range t.report.Faults {
		c := t.report.Cell(m.ID, f.ID)
		if c == nil {
			continue
		}
		n := &c.Neighbours
		fmt.Fprintf(&t.text, "  %-*s%-9s%-10s%-12s%-13s%-10s", detailWidth-2, f.Title, gotStatus(c), milliseconds(c.Got.After),
			fmt.Sprintf("%d %d %d %d", n.SameAPI.Failed, n.SamePlugin.Failed, n.SameModel.Failed, n.OtherAPI.Failed),
			gatewayMemory(c), backAfter(c))
		t.verdict(c, 0)
		fmt.Fprintf(&t.text, "\n    %s\n", reason(c))
	}
}

// verdict writes the verdict of a cell, padded to a width.
func (t *faultsTable) verdict(c *faults.Cell, width int) {
	word, color := "-", ""
	if c != nil {
		word, color = verdictLook(c.Verdict)
	}
	space := strings.Repeat(" ", max(0, width-len(word)))
	if t.color && color != "" {
		word = color + word + "\x1b[0m"
	}
	t.text.WriteString(word + space)
}

func verdictLook(v faults.Verdict) (word, color string) {
	switch v {
	case faults.Contained:
		return string(v), "\x1b[32m"
	case faults.Degraded:
		return string(v), "\x1b[33m"
	case faults.ByDesign:
		return string(v), "\x1b[36m"
	case faults.NotContained:
		return string(v), "\x1b[1;31m"
	}
	return "no verdict", "\x1b[1;31m"
}

func reason(c *faults.Cell) string {
	if c.Error != "" {
		return c.Why + ": " + c.Error
	}
	return c.Why
}

func gotStatus(c *faults.Cell) string {
	if c.Got.Status == 0 {
		return "nothing"
	}
	return strconv.Itoa(c.Got.Status)
}

func backAfter(c *faults.Cell) string {
	if c.Back == nil {
		return "never"
	}
	return milliseconds(*c.Back)
}

func gatewayMemory(c *faults.Cell) string {
	if c.Memory.Peak == nil {
		return "?"
	}
	return fmt.Sprintf("%+.1f MiB", float64(*c.Memory.Peak)/(1<<20))
}

func milliseconds(ms float64) string {
	if ms >= 1000 {
		return fmt.Sprintf("%.1f s", ms/1e3)
	}
	return fmt.Sprintf("%.1f ms", ms)
}

func (t *faultsTable) summary() {
	counts := map[faults.Verdict]int{}
	for i := range t.report.Cells {
		counts[t.report.Cells[i].Verdict]++
	}
	fmt.Fprintf(&t.text, `
got, after   what the first faulty request got, and when; plugins have %v
failed       harmless requests that failed: of the same API, plugin, model, and of others
memory       how much more the gateway took at most
back         when the plugin served again

%d cells in %.0f s on %d processors: %d contained, %d degraded, %d by design, %d not contained
`, faults.Timeout, len(t.report.Cells), t.report.Took/1e3, t.report.CPUs,
		counts[faults.Contained], counts[faults.Degraded], counts[faults.ByDesign], counts[faults.NotContained])
	if !t.report.OK {
		t.text.WriteString("NOT OK: a cell has no verdict, or the sandbox did not contain a fault\n")
	}
}

// progressLine says which cell was done last, on one line that is written over
// on a terminal.
type progressLine struct {
	out      io.Writer
	terminal bool
	start    time.Time
	width    int
}

func newProgressLine(out io.Writer) *progressLine {
	return &progressLine{out: out, terminal: isTerminal(out), start: time.Now()}
}

func (p *progressLine) show(done, all int, c *faults.Cell) {
	verdict, _ := verdictLook(c.Verdict)
	left := time.Since(p.start) / time.Duration(done) * time.Duration(all-done)
	text := fmt.Sprintf("%d/%d  %s  %s  %s", done, all, c.Model, c.Fault, verdict)
	if !p.terminal {
		fmt.Fprintln(p.out, text)
		return
	}
	text += fmt.Sprintf("  (%v left)", left.Round(time.Second))
	fmt.Fprintf(p.out, "\r%-*s", p.width, text)
	p.width = len(text)
}

// clear removes the line.
func (p *progressLine) clear() {
	if p.terminal && p.width > 0 {
		fmt.Fprintf(p.out, "\r%*s\r", p.width, "")
	}
}
