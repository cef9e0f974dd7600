package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/app"
	"github.com/c386954a/sallyport/internal/compare/bench"
	"github.com/c386954a/sallyport/internal/output"
)

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
