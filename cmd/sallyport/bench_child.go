package main

import (
	"errors"
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/compare/bench"
	"github.com/c386954a/sallyport/internal/compare/bench/parts"
)

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
