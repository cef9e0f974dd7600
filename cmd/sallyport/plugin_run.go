package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/fixture"
)

func newPluginTestCmd(a *app) *cobra.Command {
	t := &pluginTester{app: a}
	var asJSON, verbose bool
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
			t.notes = cmd.ErrOrStderr()
			report, err := t.run(cmd.Context(), arg)
			if err != nil {
				return err
			}
			return report.show(cmd.OutOrStdout(), asJSON, verbose)
		},
	}
	cmd.Flags().StringVarP(&t.config, "config", "c", "", "configuration `FILE`; sallyport.yaml of the folder unless given")
	cmd.Flags().BoolVar(&t.update, "update", false, "write what happens into the files")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "show what plugins log also where a test passes")
	return cmd
}

// pluginTester plays fixtures one after another. Neighbours with the same
// configuration share one load of the plugins.
type pluginTester struct {
	app    *app
	config string
	update bool
	notes  io.Writer

	stage *stage       // nil before the first and after the last
	of    *fixtureFile // whose configuration is on the stage
}

// run plays what an argument names.
func (t *pluginTester) run(ctx context.Context, arg string) (report *testReport, err error) {
	paths, err := findFixtures(arg)
	if err != nil {
		return nil, err
	}
	if t.config == "" {
		if t.config, err = configOf(arg); err != nil {
			return nil, err
		}
	}
	if err := t.checkBuilt(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.close(ctx)) }()
	report = &testReport{OK: true}
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
func (t *pluginTester) checkBuilt() error {
	b, err := openBuild(filepath.Dir(t.config), t.app.lookup)
	if b == nil || err != nil {
		return err
	}
	newer, err := b.newerSource()
	if err == nil && newer != "" {
		fmt.Fprintf(t.notes, "note: %s is newer than %s: build it again with `sallyport plugin build`\n", newer, b.recipe.Output.Value)
	}
	return err
}

// ready brings the configuration of a fixture on the stage.
func (t *pluginTester) ready(ctx context.Context, f *fixtureFile) error {
	if t.stage != nil && f.sameSetup(t.of) {
		return nil
	}
	if err := t.close(ctx); err != nil {
		return err
	}
	cfg, err := f.load(t.config, t.app.lookup)
	if err == nil {
		t.of = f
		t.stage, err = openStage(ctx, cfg)
	}
	return err
}

func (t *pluginTester) close(ctx context.Context) error {
	if t.stage == nil {
		return nil
	}
	s := t.stage
	t.stage = nil
	return s.close(ctx)
}

// play plays one file and compares.
func (t *pluginTester) play(f *fixtureFile) testResult {
	r := testResult{Name: f.name, File: f.path, About: f.about}
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
	case t.update:
		f.write(&r, got)
	case !f.complete:
		r.Problem = "a section `upstream` or `reply` is missing: --update writes what happens"
	default:
		r.Want, r.Got = want, got.String()
	}
	return r
}

// write puts the outcome into the file.
func (f *fixtureFile) write(r *testResult, got fixture.Outcome) {
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
