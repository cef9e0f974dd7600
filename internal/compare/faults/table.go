package faults

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/c386954a/sallyport/internal/output"
)

// Print shows the report as a person reads it: the verdicts of all models beside
// each other, then the figures of each. No line is longer than 100 columns,
// except for reasons.
func (r *SuiteReport) Print(out io.Writer) error {
	t := reportTable{report: r, color: output.Colored(out)}
	t.matrix()
	for _, m := range r.Models {
		t.model(m)
	}
	t.summary()
	_, err := io.WriteString(out, t.text.String())
	return err
}

// reportTable is the text in the making.
type reportTable struct {
	report *SuiteReport
	color  bool
	text   strings.Builder
}

const (
	titleWidth   = 28
	detailWidth  = 31
	verdictWidth = 14
)

func (t *reportTable) matrix() {
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
func (t *reportTable) column(i int) int {
	if i == len(t.report.Models)-1 {
		return 0
	}
	return verdictWidth
}

func (t *reportTable) model(m Model) {
	fmt.Fprintf(&t.text, "\n%s: %s\n", m.ID, m.Title)
	fmt.Fprintf(&t.text, "%-*s%-9s%-10s%-12s%-13s%-10s%s\n", detailWidth, "  fault", "got", "after", "failed", "memory",
		"back", "verdict")
	for _, f := range t.report.Faults {
		c := t.report.Cell(m.ID, f.ID)
		if c == nil {
			continue
		}
		n := &c.Neighbours
		fmt.Fprintf(&t.text, "  %-*s%-9s%-10s%-12s%-13s%-10s", detailWidth-2, f.Title, gotStatus(c),
			milliseconds(c.Got.After),
			fmt.Sprintf("%d %d %d %d", n.SameAPI.Failed, n.SamePlugin.Failed, n.SameModel.Failed, n.OtherAPI.Failed),
			gatewayMemory(c), backAfter(c))
		t.verdict(c, 0)
		fmt.Fprintf(&t.text, "\n    %s\n", reason(c))
	}
}

// verdict writes the verdict of a cell, padded to a width.
func (t *reportTable) verdict(c *Cell, width int) {
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

func verdictLook(v Judgement) (word, color string) {
	switch v {
	case Contained:
		return string(v), "\x1b[32m"
	case Degraded:
		return string(v), "\x1b[33m"
	case ByDesign:
		return string(v), "\x1b[36m"
	case NotContained:
		return string(v), "\x1b[1;31m"
	}
	return "no verdict", "\x1b[1;31m"
}

func reason(c *Cell) string {
	if c.Error != "" {
		return c.Why + ": " + c.Error
	}
	return c.Why
}

func gotStatus(c *Cell) string {
	if c.Got.Status == 0 {
		return "nothing"
	}
	return strconv.Itoa(c.Got.Status)
}

func backAfter(c *Cell) string {
	if c.Back == nil {
		return "never"
	}
	return milliseconds(*c.Back)
}

func gatewayMemory(c *Cell) string {
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

func (t *reportTable) summary() {
	counts := map[Judgement]int{}
	for i := range t.report.Cells {
		counts[t.report.Cells[i].Verdict]++
	}
	fmt.Fprintf(&t.text, `
got, after   what the first faulty request got, and when; plugins have %v
failed       harmless requests that failed: of the same API, plugin, model, and of others
memory       how much more the gateway took at most
back         when the plugin served again

%d cells in %.0f s on %d processors: %d contained, %d degraded, %d by design, %d not contained
`, Timeout, len(t.report.Cells), t.report.Took/1e3, t.report.CPUs,
		counts[Contained], counts[Degraded], counts[ByDesign], counts[NotContained])
	if !t.report.OK {
		t.text.WriteString("NOT OK: a cell has no verdict, or the sandbox did not contain a fault\n")
	}
}

// Progress says which cell was done last, on one line that is written over
// on a terminal.
type Progress struct {
	out      io.Writer
	terminal bool
	start    time.Time
	width    int
}

// NewProgress returns a line on out.
func NewProgress(out io.Writer) *Progress {
	return &Progress{out: out, terminal: output.IsTerminal(out), start: time.Now()}
}

// Show is for [Config.Progress].
func (p *Progress) Show(done, all int, c *Cell) {
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

// Clear removes the line.
func (p *Progress) Clear() {
	if p.terminal && p.width > 0 {
		fmt.Fprintf(p.out, "\r%*s\r", p.width, "")
	}
}
