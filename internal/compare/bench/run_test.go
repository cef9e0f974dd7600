package bench_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/c386954a/sallyport/internal/compare/bench"
)

// short is a run of a second of the test binary's own gateway, with its files
// where the test can see them.
func short(t *testing.T) bench.Options {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	return bench.Options{
		Program: self(t), Rows: []string{"native"}, Duration: 80 * time.Millisecond, Rounds: 3, Concurrency: 2,
	}
}

func self(t *testing.T) string {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// left lists the files a run has left behind.
func left(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "sallyport-bench-*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestRunMeasuresEveryRow(t *testing.T) {
	o := short(t)
	var progress bytes.Buffer
	o.Progress = &progress
	r, err := bench.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, row := range r.Rows {
		names = append(names, row.Name)
		if row.CPU <= 0 || row.Rate <= 0 || row.P50 <= 0 || row.P99 < row.P50 || row.AloneP50 <= 0 || row.ColdStart <= 0 {
			t.Errorf("%+v: a figure is missing", row)
		}
		if row.CPU < row.CPUMin || row.CPU > row.CPUMax || row.Allocs <= 0 || row.Bytes <= row.Allocs {
			t.Errorf("%+v: figures contradict each other", row)
		}
		if len(row.Latency) != 3 || row.Latency[0].Requests == 0 || row.Latency[1].Percent != 50 {
			t.Errorf("%s: latency = %+v", row.Name, row.Latency)
		}
	}
	if got, want := strings.Join(names, "; "), "no plugin; no plugin, again; native go"; got != want {
		t.Errorf("rows = %s, want %s", got, want)
	}
	if r.Rows[0].Added != 0 || r.Rows[2].Chain != 1 || r.Rows[0].Chain != 0 || len(r.Noise) != 1 || r.Failed() {
		t.Errorf("result = %+v", r)
	}
	if r.Rows[2].Load != 3 {
		t.Errorf("load = %v ms, want the 3 that the gateway has told", r.Rows[2].Load)
	}
	if !strings.Contains(progress.String(), " left\n") {
		t.Errorf("progress = %q, want the time left", progress.String())
	}
	if files := left(t); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

func TestRowWhosePluginDoesNothingFails(t *testing.T) {
	o := short(t)
	t.Setenv(misbehave, "idle")
	r, err := bench.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Failed() || len(r.Rows) != 2 || !strings.Contains(r.Skipped[0].Reason, `the upstream got X-`) {
		t.Errorf("rows = %d, not measured: %+v, want a failed row", len(r.Rows), r.Skipped)
	}
}

func TestRowWhoseGatewayDoesNotStartFailsWithWhatItSaid(t *testing.T) {
	o := short(t)
	t.Setenv(misbehave, "dead")
	r, err := bench.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Failed() || !strings.Contains(r.Skipped[0].Reason, "cannot load the plugin") {
		t.Errorf("not measured: %+v, want the words of the gateway", r.Skipped)
	}
}

func TestFaultsWhileMeasuringAreAnError(t *testing.T) {
	o := short(t)
	t.Setenv(misbehave, "faults")
	_, err := bench.Run(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "native go: 3 faults of kind timeout") {
		t.Errorf("Run() = %v, want the faults", err)
	}
}

func TestEndOfTheContextEndsARunAndLeavesNothing(t *testing.T) {
	o := short(t)
	o.Duration = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = writer(func(line string) {
		if strings.Contains(line, "started ") { // two gateways are still to start
			cancel()
		}
	})
	if _, err := bench.Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("Run() = %v, want %v", err, context.Canceled)
	}
	cancel()
	if files := left(t); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

// writer calls a function with what is written.
type writer func(string)

func (w writer) Write(p []byte) (int, error) {
	w(string(p))
	return len(p), nil
}

func TestChildThatIsNotWhatItShouldBeIsAnError(t *testing.T) {
	for _, c := range []struct{ kind, want string }{
		{"dies", "no memory left for you"},
		{"garbage", "invalid character"},
		{"silent", "did not answer within 50ms"},
	} {
		t.Run(c.kind, func(t *testing.T) {
			err := bench.SpawnWithin(self(t), 50*time.Millisecond, bench.Child(c.kind, "you")...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error = %v, want %q", err, c.want)
			}
		})
	}
	if err := bench.SpawnWithin("/nowhere/sallyport", time.Second); err == nil || !strings.Contains(err.Error(), "/nowhere/sallyport") {
		t.Errorf("error = %v, want one that names the program", err)
	}
}
