package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/fixture"
)

// pluginTester are the flags of plugin test.
type pluginTester struct {
	app            *app
	config         string
	update, asJSON bool
	verbose        bool
}

func newPluginTestCmd(a *app) *cobra.Command {
	t := &pluginTester{app: a}
	cmd := &cobra.Command{
		Use:   "test [FOLDER | FILE]",
		Short: "Play the test requests of a plugin and compare",
		Long: "Play the requests in *.txtar files through the plugins of sallyport.yaml, and\n" +
			"compare what the upstream and the client get with what the files expect. FOLDER\n" +
			"is the current one unless it is named; the files are in it or in tests/. No port\n" +
			"is opened, no upstream is needed, and the store is an empty one in memory. The\n" +
			"exit code is 4 if a test fails.",
		Args: usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			arg := "."
			if len(args) > 0 {
				arg = args[0]
			}
			return t.run(cmd.Context(), cmd.OutOrStdout(), arg)
		},
	}
	cmd.Flags().StringVarP(&t.config, "config", "c", "", "configuration `FILE`; sallyport.yaml of the folder unless given")
	cmd.Flags().BoolVar(&t.update, "update", false, "write what happens into the files")
	cmd.Flags().BoolVar(&t.asJSON, "json", false, "print the result as JSON")
	cmd.Flags().BoolVarP(&t.verbose, "verbose", "v", false, "show what plugins log also where a test passes")
	return cmd
}

// testReport is what all tests came to.
type testReport struct {
	OK    bool         `json:"ok"`
	Tests []testResult `json:"tests"`
}

// testResult is what one test came to.
type testResult struct {
	Name    string   `json:"name"`
	File    string   `json:"file"`
	About   string   `json:"about"`
	OK      bool     `json:"ok"`
	Updated bool     `json:"updated,omitempty"`
	Problem string   `json:"problem,omitempty"` // why it could not be played
	Micros  int64    `json:"micros"`            // the chain alone
	Want    string   `json:"want,omitempty"`
	Got     string   `json:"got,omitempty"`
	Logs    []string `json:"logs,omitempty"`
}

func (t *pluginTester) run(ctx context.Context, out io.Writer, arg string) error {
	configFile, paths, err := findFixtures(arg)
	if err != nil && t.config == "" {
		return err
	}
	if t.config != "" {
		configFile = t.config
	}
	if len(paths) == 0 {
		return err
	}
	report, err := t.playAll(ctx, configFile, paths)
	if err != nil {
		return err
	}
	if t.asJSON {
		err = printJSON(out, report)
	} else {
		err = t.print(out, report)
	}
	if err == nil && !report.OK {
		return &exitError{code: exitCheck}
	}
	return err
}

// playAll plays the files in order. Neighbours with the same configuration
// share one load of the plugins.
func (t *pluginTester) playAll(ctx context.Context, configFile string, paths []string) (_ *testReport, err error) {
	report := &testReport{OK: true}
	var s *stage
	var of *fixtureFile // whose configuration is on the stage
	defer func() {
		if s != nil {
			err = errors.Join(err, s.close(ctx))
		}
	}()
	for _, path := range paths {
		f := readFixture(path)
		if f.err == nil && (of == nil || !f.sameSetup(of)) {
			if s != nil {
				if err := s.close(ctx); err != nil {
					return nil, err
				}
				s = nil
			}
			if s, err = t.open(ctx, f, configFile); err != nil {
				return nil, err
			}
			of = f
		}
		r := t.play(s, f)
		report.OK = report.OK && r.OK
		report.Tests = append(report.Tests, r)
	}
	return report, nil
}

func (t *pluginTester) open(ctx context.Context, f *fixtureFile, configFile string) (*stage, error) {
	cfg, err := f.load(t.app, configFile)
	if err == nil {
		var s *stage
		if s, err = openStage(ctx, cfg); err == nil {
			return s, nil
		}
	}
	if len(f.yaml) > 0 {
		return nil, fmt.Errorf("%s: section %s: %w", f.path, defaultConfig, err)
	}
	return nil, err
}

// play plays one file and compares.
func (t *pluginTester) play(s *stage, f *fixtureFile) testResult {
	r := testResult{Name: f.name, File: f.path, About: f.about}
	if f.err != nil {
		r.Problem = f.err.Error()
		return r
	}
	s.logs.take()
	start := time.Now()
	got, err := s.play(&f.Case)
	r.Micros = time.Since(start).Microseconds()
	r.Logs = s.logs.take()
	if err != nil {
		r.Problem = err.Error()
		return r
	}
	want := f.want.Settle(got).String()
	switch r.OK = f.complete && want == got.String(); {
	case r.OK:
	case t.update:
		t.write(&r, f, got)
	case !f.complete:
		r.Problem = "a section `upstream` or `reply` is missing: --update writes what happens"
	default:
		r.Want, r.Got = want, got.String()
	}
	return r
}

// write puts the outcome into the file.
func (t *pluginTester) write(r *testResult, f *fixtureFile, got fixture.Outcome) {
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

// print shows the report to people.
func (t *pluginTester) print(out io.Writer, report *testReport) error {
	p := paintFor(out)
	width, failed, updated := 0, 0, 0
	for _, r := range report.Tests {
		width = max(width, len(r.Name))
	}
	for _, r := range report.Tests {
		switch {
		case r.Updated:
			updated++
			fmt.Fprintf(out, "%swrote%s %-*s  %s\n", p.bold, p.plain, width, r.Name, r.File)
		case r.OK:
			fmt.Fprintf(out, "%sok%s    %-*s  %s\n", p.green, p.plain, width, r.Name, r.About)
			if t.verbose {
				printLogs(out, p, r.Logs)
			}
		default:
			failed++
			fmt.Fprintf(out, "%sFAIL%s  %-*s  %s\n", p.red, p.plain, width, r.Name, r.About)
			r.printFailure(out, p)
		}
	}
	_, err := fmt.Fprintln(out, summary(len(report.Tests), failed, updated))
	return err
}

func summary(all, failed, updated int) string {
	text := plural(all, "test") + ": "
	switch {
	case failed > 0:
		text += fmt.Sprintf("%d failed", failed)
	default:
		text += "ok"
	}
	if updated > 0 {
		text += fmt.Sprintf(", %d written: look at the changes", updated)
	}
	return text
}

// printFailure shows what is different, below the name of the file.
func (r *testResult) printFailure(out io.Writer, p paint) {
	fmt.Fprintf(out, "      %s\n", r.File)
	if r.Problem != "" {
		fmt.Fprintf(out, "      %s\n", r.Problem)
	}
	if lines := fixture.Diff(r.Want, r.Got); len(lines) > 0 {
		fmt.Fprintf(out, "      %s- expected%s, %s+ what the plugin made of it%s\n", p.red, p.plain, p.green, p.plain)
		for _, l := range lines {
			printDiffLine(out, p, l)
		}
	}
	printLogs(out, p, r.Logs)
}

func printDiffLine(out io.Writer, p paint, l fixture.Line) {
	colour := map[byte]string{'-': p.red, '+': p.green}[l.Op]
	text := l.Text
	if len(text) > 200 {
		text = text[:200] + "…"
	}
	fmt.Fprintf(out, "      %s%s%s\n", colour, strings.TrimRight(string(l.Op)+" "+text, " "), plainIf(colour, p))
}

func plainIf(colour string, p paint) string {
	if colour == "" {
		return ""
	}
	return p.plain
}

func printLogs(out io.Writer, p paint, logs []string) {
	for _, line := range logs {
		fmt.Fprintf(out, "      %slog: %s%s\n", p.dim, line, p.plain)
	}
}
