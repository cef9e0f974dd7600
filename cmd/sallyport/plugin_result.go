package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/internal/fixture"
)

// testReport is what all tests came to.
type testReport struct {
	OK    bool         `json:"ok"`
	Tests []testResult `json:"tests"`
}

// testResult is what one test came to.
type testResult struct {
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

// show prints the report. It returns an error if a test failed.
func (r *testReport) show(out io.Writer, asJSON, verbose bool) error {
	var err error
	if asJSON {
		err = printJSON(out, r)
	} else {
		err = r.print(out, verbose)
	}
	if err == nil && !r.OK {
		return &exitError{code: exitCheck}
	}
	return err
}

// print shows the report to people.
func (r *testReport) print(out io.Writer, verbose bool) error {
	p := paintFor(out)
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

func (r *testReport) summary() string {
	failed, updated := 0, 0
	for i := range r.Tests {
		switch t := &r.Tests[i]; {
		case !t.OK:
			failed++
		case t.Updated:
			updated++
		}
	}
	text := plural(len(r.Tests), "test") + ": ok"
	if failed > 0 {
		text = fmt.Sprintf("%s: %d failed", plural(len(r.Tests), "test"), failed)
	}
	if updated > 0 {
		text += fmt.Sprintf(", %d written: look at the changes", updated)
	}
	return text
}

func (t *testResult) print(out io.Writer, p paint, width int, verbose bool) {
	switch {
	case t.Updated:
		fmt.Fprintf(out, "%swrote%s %-*s  %s\n", p.bold, p.plain, width, t.Name, t.File)
	case t.OK:
		fmt.Fprintf(out, "%sok%s    %-*s  %s\n", p.green, p.plain, width, t.Name, t.About)
	default:
		fmt.Fprintf(out, "%sFAIL%s  %-*s  %s\n", p.red, p.plain, width, t.Name, t.About)
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
func (t *testResult) faulty() bool {
	return slices.ContainsFunc(t.Logs, func(l logLine) bool { return l.Fault != "" })
}

// printFailure shows what is different.
func (t *testResult) printFailure(out io.Writer, p paint) {
	if t.Problem != "" {
		fmt.Fprintf(out, "      %s\n", t.Problem)
	}
	lines := fixture.Diff(t.Want, t.Got)
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(out, "      %s- expected%s, %s+ what happened%s\n", p.red, p.plain, p.green, p.plain)
	for _, l := range lines {
		printDiffLine(out, p, l)
	}
}

// maxDiffLine is how much of a long line is shown.
const maxDiffLine = 200

func printDiffLine(out io.Writer, p paint, l fixture.Line) {
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
		text = p.red + text + p.plain
	case '+':
		text = p.green + text + p.plain
	}
	fmt.Fprintf(out, "      %s\n", text)
}
