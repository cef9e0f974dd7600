package faults

import (
	"fmt"
	"io"
	"time"

	"github.com/c386954a/sallyport/internal/output"
)

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
