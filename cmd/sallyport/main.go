// Command sallyport is an HTTP API gateway whose plugins run in the isolation
// model that the operator picks for each.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/app"
	"github.com/c386954a/sallyport/internal/compare/rig"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/output"
	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == sandbox.Command {
		sandbox.Main() // it must stay small and quick, so nothing else runs before it
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	code := newProgram().execute(ctx, newStreams(), os.Args[1:])
	stop()
	os.Exit(code)
}

// Exit codes. They are part of the command line's contract.
const (
	exitOK          = 0
	exitFailure     = 1   // something went wrong while running
	exitUsage       = 2   // the command line makes no sense
	exitConfig      = 3   // the configuration is invalid
	exitCheck       = 4   // a plugin's test or check failed
	exitInterrupted = 130 // interrupted from the keyboard
)

// exitError is an error that says how the program ends. A nil err ends it
// without a further word: the command has said everything.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// exitCode returns the code for the error of a command.
func exitCode(err error) int {
	if err == nil {
		return exitOK
	}
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code
	}
	if _, ok := errors.AsType[config.Problems](err); ok || isAny(err, app.ErrNoProcess, rig.ErrNoAdmin, rig.ErrTLS) {
		return exitConfig
	}
	if errors.Is(err, context.Canceled) {
		return exitInterrupted
	}
	return exitFailure
}

func isAny(err error, targets ...error) bool {
	return slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
}

// usageError is err as a mistake in the command line of cmd.
func usageError(cmd *cobra.Command, err error) error {
	return &exitError{exitUsage, fmt.Errorf("%w\nrun `%s --help` for help", err, cmd.CommandPath())}
}

// report says on w why a command failed.
func report(w io.Writer, err error) {
	if e, ok := errors.AsType[*exitError](err); err == nil || ok && e.err == nil {
		return
	}
	if problems, ok := errors.AsType[config.Problems](err); ok && exitCode(err) == exitConfig {
		reportProblems(w, problems)
		return
	}
	if exitCode(err) == exitInterrupted {
		return
	}
	fmt.Fprintf(w, "sallyport: %v\n", err)
}

// reportProblems prints every problem on a line of its own, then their number.
func reportProblems(w io.Writer, problems config.Problems) {
	paint := output.PaintFor(w)
	for _, p := range problems {
		place := p.Pos().String()
		fmt.Fprintf(w, "%s%s%s%s\n", paint.Bold, place, paint.Plain, p.String()[len(place):])
	}
	fmt.Fprintln(w, output.Plural(len(problems), "problem"))
}
