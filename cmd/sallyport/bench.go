package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/app"
	"github.com/c386954a/sallyport/internal/compare/bench"
	"github.com/c386954a/sallyport/internal/compare/bench/parts"
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

// newBenchChildCmd plays the parts of the benchmark: the same program in other
// processes.
func newBenchChildCmd() *cobra.Command {
	return &cobra.Command{
		Use:    bench.ChildName() + " PART [ARGUMENT]",
		Short:  "A part of the benchmark: ends with its standard input",
		Hidden: true,
		Args:   usageArgs(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			// A Ctrl-C is for the parent, which then ends us in order.
			signal.Ignore(os.Interrupt)
			argument := append(args, "")[1]
			err := parts.Play(cmd.Context(), args[0], argument, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
			if errors.Is(err, parts.ErrUnknown) {
				return usageError(cmd, err)
			}
			return err
		},
	}
}

// benchConnections are the numbers of connections at which peers are compared.
var benchConnections = []int{16, 64}

// newBenchPeersCmd measures other gateways beside this one.
func newBenchPeersCmd() *cobra.Command {
	var o bench.Options
	var connections []int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "peers",
		Short: "Measure nginx and HAProxy beside this gateway",
		Long: "Run the header hook in nginx (Lua, njs), in HAProxy (Lua) and in this gateway, with\n" +
			"the same upstream and the same client, in turns, and print what each costs. Both\n" +
			"must be installed (Debian: apt-get install nginx libnginx-mod-http-lua\n" +
			"libnginx-mod-http-js haproxy); they are started with configurations of their own\n" +
			"on free ports. What is not installed is left out.",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if o.Program, err = os.Executable(); err != nil {
				return err
			}
			o.Version, o.Progress = app.Version(), cmd.ErrOrStderr()
			if err := o.ValidateBeside(connections); err != nil {
				return usageError(cmd, err)
			}
			return benchPeers(cmd.Context(), cmd.OutOrStdout(), o, connections, asJSON)
		},
	}
	flags := cmd.Flags()
	flags.DurationVar(&o.Duration, "duration", 4*time.Second, "`TIME` for a row in each of the measurements")
	flags.IntVar(&o.Rounds, "rounds", 20, "`NUMBER` of rounds in which rows take turns")
	flags.IntSliceVar(&connections, "concurrency", benchConnections, "`NUMBERS` of connections")
	flags.BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

func benchPeers(ctx context.Context, out io.Writer, o bench.Options, connections []int, asJSON bool) error {
	r, err := bench.RunBeside(ctx, o, connections)
	if err != nil {
		return err
	}
	err = output.Show(out, asJSON, r)
	if err == nil && len(r.Missing) > 0 {
		err = &exitError{exitCheck, errors.New(strings.Join(r.Missing, "; "))}
	}
	return err
}
