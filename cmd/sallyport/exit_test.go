package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/c386954a/sallyport/internal/config"
)

// execute runs one command line and returns what it printed and its code.
func execute(ctx context.Context, a *commandLine, args ...string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	code = a.execute(ctx, streams{in: &bytes.Buffer{}, out: &out, err: &errs}, args)
	return out.String(), errs.String(), code
}

// writeConfig writes a small valid configuration.
func writeConfig(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sallyport.yaml")
	if err := os.WriteFile(file, []byte("version: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestExitCodes(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want int
	}{
		{"success", nil, exitOK},
		{"any failure", errors.New("port taken"), exitFailure},
		{"usage", usageError(newRootCmd(&commandLine{}), errors.New("unknown flag")), exitUsage},
		{"problems", config.Problems{{Text: "x"}}, exitConfig},
		{"wrapped problems", fmt.Errorf("load: %w", config.Problems{{Text: "x"}}), exitConfig},
		{"failed check", &exitError{code: exitCheck}, exitCheck},
		{"interrupt", fmt.Errorf("load: %w", context.Canceled), exitInterrupted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := exitCode(tt.err); got != tt.want {
				t.Errorf("exitCode(%v) = %d, want %d", tt.err, got, tt.want)
			}
		})
	}
}

func TestWrongCommandLineEndsWithUsage(t *testing.T) {
	for _, args := range [][]string{{"valdate"}, {"validate", "--jsn"}, {"validate", "file"}, {"version", "-c"}} {
		if _, stderr, code := execute(t.Context(), &commandLine{}, args...); code != exitUsage || stderr == "" {
			t.Errorf("%q ended with %d and said %q, want %d and a reason", args, code, stderr, exitUsage)
		}
	}
}

func TestValidateReportsWhatLoadingFinds(t *testing.T) {
	file := writeConfig(t)
	a := &commandLine{checkPlugins: func(_ context.Context, c *config.Config) config.Problems {
		return config.Problems{
			c.Problemf(config.Pos{File: file, Line: 9, Column: 1}, "", "second"),
			c.Problemf(config.Pos{File: file, Line: 3, Column: 5}, "build it again", "plugin %s: %v", "a", errors.New("bad magic")),
		}
	}}
	_, stderr, code := execute(t.Context(), a, "validate", "-c", file)
	want := file + ":3:5: plugin a: bad magic. build it again\n" + file + ":9:1: second\n2 problems\n"
	if code != exitConfig || stderr != want {
		t.Errorf("validate ended with %d and said\n%s\nwant %d and\n%s", code, stderr, exitConfig, want)
	}
}

func TestInterruptedValidateSaysNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a := &commandLine{checkPlugins: func(context.Context, *config.Config) config.Problems {
		cancel()
		return config.Problems{{Text: "interrupted in the middle"}}
	}}
	stdout, stderr, code := execute(ctx, a, "validate", "-c", writeConfig(t))
	if code != exitInterrupted || stdout+stderr != "" {
		t.Errorf("validate ended with %d and said %q %q, want %d and nothing", code, stdout, stderr, exitInterrupted)
	}
}
