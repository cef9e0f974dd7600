package plugintool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/c386954a/sallyport/internal/fixture"
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
