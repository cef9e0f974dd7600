package needs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/internal/needs"
)

// recorder records how a test would have ended.
type recorder struct{ skipped, failed string }

func (r *recorder) Helper()           {}
func (r *recorder) Skip(args ...any)  { r.skipped = fmt.Sprint(args...) }
func (r *recorder) Fatal(args ...any) { r.failed = fmt.Sprint(args...) }

// TestAHalfInstalledProgramCountsAsMissing is about a program that is there and
// fails, like a compiler without its runtime.
func TestAHalfInstalledProgramCountsAsMissing(t *testing.T) {
	half := filepath.Join(t.TempDir(), "cc")
	if err := os.WriteFile(half, []byte("#!/bin/sh\necho cannot find libclang_rt.asan >&2\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ ci, program, says string }{
		{"", half, "cannot find libclang_rt.asan: apt install clang-19"},
		{"", filepath.Join(t.TempDir(), "absent"), "apt install clang-19"},
		{"1", half, "apt install clang-19"},
	} {
		t.Setenv("SALLYPORT_CI", c.ci)
		var r recorder
		needs.Program(&r, "clang-19", c.program, "--version")
		got, other := r.skipped, r.failed
		if c.ci != "" {
			got, other = other, got
		}
		if !strings.HasSuffix(got, c.says) || other != "" {
			t.Errorf("SALLYPORT_CI=%s: skipped %q, failed %q, want %q", c.ci, r.skipped, r.failed, c.says)
		}
	}
}

func TestAProgramThatWorksIsThere(t *testing.T) {
	var r recorder
	if needs.Program(&r, "golang", "go", "version"); r != (recorder{}) {
		t.Errorf("skipped %q, failed %q", r.skipped, r.failed)
	}
}
