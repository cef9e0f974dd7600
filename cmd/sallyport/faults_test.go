package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/internal/compare/faults"
	"github.com/c386954a/sallyport/internal/longtest"
)

// runSuite runs the command as a user does and returns its report and exit
// code.
func runSuite(t *testing.T, args ...string) (*faults.SuiteReport, int) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "sallyport", append([]string{"faults", "--json"}, args...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+dir, "GORACE=atexit_sleep_ms=0")
	var out, progress bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &progress
	if err := os.Chmod(dir, 0o755); err != nil { // the external process may be another user
		t.Fatal(err)
	}
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	var r faults.SuiteReport
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%v\n%s\n%s", err, &out, &progress)
	}
	if n := strings.Count(progress.String(), "\n"); n != len(r.Cells) {
		t.Errorf("%d lines of progress for %d cells", n, len(r.Cells))
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	return &r, cmd.ProcessState.ExitCode()
}

// TestTheWholeSuiteHasAVerdictForEveryCell is the promise of the sandbox: of
// no fault is it not contained. All faults are a minute's work, so they are for
// long tests.
func TestTheWholeSuiteHasAVerdictForEveryCell(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	start := time.Now()
	all, args := faults.Faults(), []string(nil)
	if !longtest.Enabled() {
		_, all, _ = faults.Choose(nil, fewFaults)
		args = []string{"--fault", strings.Join(fewFaults, ",")}
	}
	r, code := runSuite(t, args...)
	t.Logf("%d cells in %v", len(r.Cells), time.Since(start).Round(time.Second))
	if code != exitOK || !r.OK {
		t.Errorf("exit code %d, ok %v", code, r.OK)
	}
	for _, m := range faults.Models() {
		for _, f := range all {
			c := r.Cell(m.ID, f.ID)
			switch {
			case c == nil:
				t.Errorf("%s, %s: the cell is missing", m.ID, f.ID)
			case c.Verdict == "" || m.Sandbox && c.Verdict == faults.NotContained:
				t.Errorf("%s, %s: %q because %s %s", m.ID, f.ID, c.Verdict, c.Why, c.Error)
			}
		}
	}
	wantHonest(t, r)
}

// fewFaults are one of each kind, and those that some models do not
// contain.
var fewFaults = []string{"hang", "memory-step", "crash", "kill", "leak-requests", "file", "socket"}

// wantHonest fails if a model looks better than it can be.
func wantHonest(t *testing.T, r *faults.SuiteReport) {
	t.Helper()
	for _, c := range []struct {
		model, fault string
		want         faults.Judgement
	}{
		{faults.JSVM, "memory-step", faults.Contained},
		{faults.JSVM, "socket", faults.NotContained},
		{faults.Process, "leak-requests", faults.ByDesign},
		{faults.Process, "crash", faults.Degraded},
		{faults.Bare, "file", faults.NotContained},
		{faults.Bare, "socket", faults.NotContained},
		{faults.Bare, "kill", faults.NotContained},
	} {
		if cell := r.Cell(c.model, c.fault); cell != nil && cell.Verdict != c.want {
			t.Errorf("%s, %s: %q because %s, want %q", c.model, c.fault, cell.Verdict, cell.Why, c.want)
		}
	}
}

// TestTheSuiteFailsWhenALimitIsOff: whoever switches off what holds a fault
// must see a red cell, or the suite proves nothing.
func TestTheSuiteFailsWhenALimitIsOff(t *testing.T) {
	if testing.Short() {
		t.Skip("takes memory and time")
	}
	for limit, fault := range map[string]string{"deadline": "hang", "memory": "memory-step", "reset": "leak-requests"} {
		t.Run(limit, func(t *testing.T) {
			r, code := runSuite(t, "--break", limit, "--model", faults.Wasm, "--fault", "crash,"+fault)
			c := r.Cell(faults.Wasm, fault)
			if c == nil || c.Verdict != faults.NotContained || code != exitCheck || r.OK {
				t.Errorf("exit code %d, ok %v, cell %+v", code, r.OK, c)
			}
			if c := r.Cell(faults.Wasm, "crash"); c == nil || c.Verdict == faults.NotContained {
				t.Errorf("the crash does not depend on the limit: %+v", c)
			}
		})
	}
}

func TestAFewFaultsOfEachModel(t *testing.T) {
	r, code := runSuite(t, "--model", "wasm,jsvm", "--fault", "crash,leak-apis")
	if code != exitOK || len(r.Cells) != 4 {
		t.Errorf("exit code %d, %d cells", code, len(r.Cells))
	}
	for _, c := range r.Cells {
		if c.Verdict == "" || c.Verdict == faults.NotContained {
			t.Errorf("%s, %s: %q because %s %s", c.Model, c.Fault, c.Verdict, c.Why, c.Error)
		}
	}
}
