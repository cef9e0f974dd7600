//go:build unix

package faults_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/internal/compare/faults"
)

// script writes a shell script and returns the command that runs it.
func script(t *testing.T, text string) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "gateway.sh")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"/bin/sh", file}
}

// few is a run of two cells.
func few(gateway []string) faults.Config {
	return faults.Config{Gateway: gateway, Child: gateway[:1], Models: faults.Models()[:1], Faults: faults.Faults()[:2]}
}

func TestAGatewayThatDoesNotStartLeavesCellsWithoutVerdict(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	c := few(script(t, "echo 'no such key' >&2; exit 3"))
	var told int
	c.Progress = func(done, all int, _ *faults.Cell) {
		if told++; done != told || all != 2 {
			t.Errorf("Progress(%d, %d), want %d of 2", done, all, told)
		}
	}
	r, err := faults.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if r.OK || len(r.Cells) != 2 || told != 2 {
		t.Errorf("report = %+v, told %d times", r, told)
	}
	for _, cell := range r.Cells {
		if cell.Verdict != "" || !strings.Contains(cell.Error, "exit status 3") || !strings.Contains(cell.Error, "no such key") {
			t.Errorf("cell = %+v", cell)
		}
	}
	wantEmpty(t, os.Getenv("TMPDIR"))
}

func TestAnInterruptStopsTheGateway(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	pidFile := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	gateway := script(t, "echo $$ > "+pidFile+"; kill -INT $PPID 2>/dev/null; exec sleep 60")
	interrupted := catchInterrupt(t, cancel)
	_, err := faults.Run(ctx, few(gateway))
	<-interrupted
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Run() = %v, want context canceled", err)
	}
	wantGone(t, pidFile)
	wantEmpty(t, os.Getenv("TMPDIR"))
}

// wantEmpty fails if a folder has anything in it.
func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		t.Errorf("%s is left", f.Name())
	}
}
