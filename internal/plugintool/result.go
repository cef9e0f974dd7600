package plugintool

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/internal/fixture"
	"github.com/c386954a/sallyport/internal/output"
)

// TestReport is what all tests came to.
type TestReport struct {
	OK    bool         `json:"ok"`
	Tests []TestResult `json:"tests"`
}

// TestResult is what one test came to.
type TestResult struct {
	Name    string    `json:"name"`
	File    string    `json:"file"`
	About   string    `json:"about"`
	OK      bool      `json:"ok"`
	Updated bool      `json:"updated,omitempty"`
	Problem string    `json:"problem,omitempty"` // why it could not be played
	Micros  int64     `json:"micros"`            // the chain alone
	Want    string    `json:"want,omitempty"`
	Got     string    `json:"got,omitempty"`
	Logs    []logLine `json:"logs,omitempty"`
}

// Print shows the report to people. What plugins log is shown where a test
// failed, and everywhere if verbose.
func (r *TestReport) Print(out io.Writer, verbose bool) error {
	p := output.PaintFor(out)
	width := 0
	for i := range r.Tests {
		width = max(width, len(r.Tests[i].Name))
	}
	for i := range r.Tests {
		r.Tests[i].print(out, p, width, verbose)
	}
	_, err := fmt.Fprintln(out, r.summary())
	return err
}

func (r *TestReport) summary() string {
	failed, updated := 0, 0
	for i := range r.Tests {
		switch t := &r.Tests[i]; {
		case !t.OK:
			failed++
		case t.Updated:
			updated++
		}
	}
	text := output.Plural(len(r.Tests), "test") + ": ok"
	if failed > 0 {
		text = fmt.Sprintf("%s: %d failed", output.Plural(len(r.Tests), "test"), failed)
	}
	if updated > 0 {
		text += fmt.Sprintf(", %d written: look at the changes", updated)
	}
	return text
}

func (t *TestResult) print(out io.Writer, p output.Paint, width int, verbose bool) {
	switch {
	case t.Updated:
		fmt.Fprintf(out, "%swrote%s %-*s  %s\n", p.Bold, p.Plain, width, t.Name, t.File)
	case t.OK:
		fmt.Fprintf(out, "%sok%s    %-*s  %s\n", p.Green, p.Plain, width, t.Name, t.About)
	default:
		fmt.Fprintf(out, "%sFAIL%s  %-*s  %s\n", p.Red, p.Plain, width, t.Name, t.About)
		fmt.Fprintf(out, "      %s\n", t.File)
		t.printFailure(out, p)
	}
	if !t.OK || verbose || t.Updated && t.faulty() {
		for _, l := range t.Logs {
			l.print(out, p)
		}
	}
}

// faulty reports whether a plugin was at fault, expected or not.
func (t *TestResult) faulty() bool {
	return slices.ContainsFunc(t.Logs, func(l logLine) bool { return l.Fault != "" })
}

// printFailure shows what is different.
func (t *TestResult) printFailure(out io.Writer, p output.Paint) {
	if t.Problem != "" {
		fmt.Fprintf(out, "      %s\n", t.Problem)
	}
	lines := fixture.Diff(t.Want, t.Got)
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(out, "      %s- expected%s, %s+ what happened%s\n", p.Red, p.Plain, p.Green, p.Plain)
	for _, l := range lines {
		printDiffLine(out, p, l)
	}
}

// maxDiffLine is how much of a long line is shown.
const maxDiffLine = 200

func printDiffLine(out io.Writer, p output.Paint, l fixture.Line) {
	text := string(l.Op) + " " + l.Text
	if len(text) > maxDiffLine {
		text = strings.ToValidUTF8(text[:maxDiffLine], "") + "…"
	}
	if text = strings.TrimRight(text, " "); text == "" {
		fmt.Fprintln(out)
		return
	}
	switch l.Op {
	case '-':
		text = p.Red + text + p.Plain
	case '+':
		text = p.Green + text + p.Plain
	}
	fmt.Fprintf(out, "      %s\n", text)
}
