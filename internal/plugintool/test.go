// Package plugintool helps the authors of plugins: [New] makes the folder of a
// plugin, [Build] builds it, [Tester] plays its test requests, and [Inspect]
// shows what a plugin implements, imports and needs.
package plugintool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/c386954a/sallyport/internal/fixture"
	"github.com/c386954a/sallyport/internal/output"
)

// Tester plays fixtures one after another. Neighbours with the same
// configuration share one load of the plugins.
type Tester struct {
	Config string // file; found from the argument of Run if empty
	Update bool   // write what happens into the fixtures
	Lookup func(string) (string, bool)
	Notes  io.Writer // is told that a plugin is older than its source

	stage *testBed     // nil before the first fixture and after the last
	of    *fixtureFile // whose configuration is on the stage
}

// Run plays what an argument names: a folder of fixtures or one of them.
func (t *Tester) Run(ctx context.Context, arg string) (report *TestReport, err error) {
	paths, err := findFixtures(arg)
	if err != nil {
		return nil, err
	}
	if t.Config == "" {
		if t.Config, err = configOf(arg); err != nil {
			return nil, err
		}
	}
	if err := t.checkBuilt(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.close(ctx)) }()
	report = &TestReport{OK: true}
	for _, path := range paths {
		f := readFixture(path)
		if f.err == nil {
			if err := t.ready(ctx, f); err != nil {
				return nil, err
			}
		}
		r := t.play(f)
		report.OK = report.OK && r.OK
		report.Tests = append(report.Tests, r)
	}
	return report, nil
}

// checkBuilt fails if the plugin beside the configuration was never built, and
// says so if that was before its source was last changed.
func (t *Tester) checkBuilt() error {
	b, err := openBuild(filepath.Dir(t.Config), t.Lookup)
	if b == nil || err != nil {
		return err
	}
	newer, err := b.newerSource()
	if err == nil && newer != "" {
		fmt.Fprintf(t.Notes, "note: %s is newer than %s: build it again with `sallyport plugin build`\n", newer,
			b.recipe.Output.Value)
	}
	return err
}

// ready brings the configuration of a fixture on the stage.
func (t *Tester) ready(ctx context.Context, f *fixtureFile) error {
	if t.stage != nil && f.sameSetup(t.of) {
		return nil
	}
	if err := t.close(ctx); err != nil {
		return err
	}
	cfg, err := f.load(t.Config, t.Lookup)
	if err == nil {
		t.of = f
		t.stage, err = openStage(ctx, cfg)
	}
	return err
}

func (t *Tester) close(ctx context.Context) error {
	if t.stage == nil {
		return nil
	}
	s := t.stage
	t.stage = nil
	return s.close(ctx)
}

// play plays one file and compares.
func (t *Tester) play(f *fixtureFile) TestResult {
	r := TestResult{Name: f.name, File: f.path, About: f.about}
	if f.err != nil {
		r.Problem = f.err.Error()
		return r
	}
	t.stage.logs.take()
	start := time.Now()
	got, err := t.stage.play(&f.Case)
	r.Micros = time.Since(start).Microseconds()
	r.Logs = t.stage.logs.take()
	if err != nil {
		r.Problem = err.Error()
		return r
	}
	want := f.want.Settle(got).String()
	switch r.OK = f.complete && want == got.String(); {
	case r.OK:
	case t.Update:
		f.write(&r, got)
	case !f.complete:
		r.Problem = "a section `upstream` or `reply` is missing: --update writes what happens"
	default:
		r.Want, r.Got = want, got.String()
	}
	return r
}

// write puts the outcome into the file.
func (f *fixtureFile) write(r *TestResult, got fixture.Played) {
	info, err := os.Stat(f.path)
	if err == nil {
		err = os.WriteFile(f.path, fixture.Update(f.data, got), info.Mode().Perm())
	}
	if err != nil {
		r.Problem = err.Error()
		return
	}
	r.OK, r.Updated = true, true
}

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
