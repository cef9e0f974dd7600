package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/app"
	"github.com/c386954a/sallyport/internal/compare/bench"
	"github.com/c386954a/sallyport/internal/compare/page"
	"github.com/c386954a/sallyport/internal/output"
)

// benchFlags are how a person says what to measure.
type benchFlags struct {
	options bench.Options
	quick   bool
	targets bool
	asJSON  bool
	report  page.Destination
}

func newBenchCmd() *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure what each isolation model costs on this machine",
		Long: "Run the same hook in every isolation model and language, in this gateway over\n" +
			"real sockets, and print what each costs beyond a gateway without a plugin.\n" +
			"Everything that is started is this program; interpreters that are not\n" +
			"installed are left out. Stop what else the machine does: figures are no better\n" +
			"than the machine is quiet.",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(f.alone(cmd), f.complete(cmd.ErrOrStderr())); err != nil {
				return usageError(cmd, err)
			}
			if f.targets {
				return f.runTargets(cmd.Context(), cmd.OutOrStdout())
			}
			return f.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	f.add(cmd)
	cmd.AddCommand(newBenchPeersCmd())
	return cmd
}

func (f *benchFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVar(&f.options.Rows, "rows", nil,
		"`NAMES` of rows, or words of them: wasm, \"go fresh\"; all of them without it")
	flags.StringSliceVar(&f.options.Hooks, "hook", nil,
		"`HOOKS` to measure: headers, json, auth, response, or all (default headers)")
	flags.DurationVar(&f.options.Duration, "duration", 0,
		"`TIME` for a row with all connections busy, a quarter of it at each rate (default 12s)")
	flags.IntVar(&f.options.Rounds, "rounds", 0, "`NUMBER` of rounds in which rows take turns (default 60)")
	flags.IntVar(&f.options.Chain, "chain", 0, "`NUMBER` of plugins of the same kind behind each other (default 1)")
	flags.IntVar(&f.options.Concurrency, "concurrency", 0, "`NUMBER` of connections (default 16)")
	flags.BoolVar(&f.quick, "quick", false, "less time for each row: all rows of a hook in less than two minutes")
	flags.BoolVar(&f.targets, "targets", false, "measure what the gateway has promised, instead of a table of your choice")
	flags.BoolVar(&f.asJSON, "json", false, "print the result as JSON")
	flags.StringVar(&f.report.Path, "out", "", "`FILE` to write a report to: one page of HTML")
	flags.StringVar(&f.report.Faults, "faults", "",
		"`FILE` that sallyport faults --json has printed, for a section of the report")
}

// alone makes sure that nobody believes to choose what the targets choose.
func (f *benchFlags) alone(cmd *cobra.Command) error {
	if !f.targets {
		return nil
	}
	for _, name := range []string{"rows", "hook", "chain", "concurrency", "out"} {
		if cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s does not go with --targets, which chooses for itself", name)
		}
	}
	return nil
}

// complete turns flags into options, and finds what is wrong with them before
// minutes have passed.
func (f *benchFlags) complete(progress io.Writer) (err error) {
	if f.options.Program, err = os.Executable(); err != nil {
		return err
	}
	f.options.Version, f.options.Progress = app.Version(), progress
	if len(f.options.Hooks) == 1 && f.options.Hooks[0] == "all" {
		f.options.Hooks = bench.HookNames()
	}
	if f.quick {
		f.options = f.options.Quick()
	}
	if err := f.options.Validate(); err != nil {
		return err
	}
	return f.report.Open()
}

// runTargets prints targets that are met and those that are not: which it is
// depends on the machine, and is no failure of the command.
func (f *benchFlags) runTargets(ctx context.Context, out io.Writer) error {
	t, err := bench.MeasureTargets(ctx, f.options)
	if err != nil {
		return err
	}
	return output.Show(out, f.asJSON, t)
}

func (f *benchFlags) run(ctx context.Context, out io.Writer) error {
	r, err := bench.Run(ctx, f.options)
	if err != nil {
		return err
	}
	err = output.Show(out, f.asJSON, r)
	if err := errors.Join(err, f.report.Write(r)); err != nil {
		return err
	}
	if r.Failed() {
		return &exitError{exitCheck, errors.New("rows that should have been measured were not: see what was not measured")}
	}
	return nil
}
