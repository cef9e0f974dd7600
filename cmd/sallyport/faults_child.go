package main

import (
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/app"
	"github.com/c386954a/sallyport/internal/compare/faults"
	"github.com/c386954a/sallyport/internal/compare/faults/attack"
)

// Names of the hidden commands of the containment suite.
const (
	faultsChildName   = "faults-child"
	faultsGatewayName = "faults-gateway"
)

func newFaultsChildCmd() *cobra.Command {
	return &cobra.Command{
		Use:    faultsChildName,
		Short:  "The external process of the containment suite: does harm when asked to",
		Hidden: true,
		RunE:   func(_ *cobra.Command, args []string) error { return attack.Child(args) },
	}
}

// newFaultsGatewayCmd is run with one limit switched off, so that the suite
// can be seen to fail.
func newFaultsGatewayCmd(p *commandLine) *cobra.Command {
	var file, limit string
	cmd := &cobra.Command{
		Use:    faultsGatewayName,
		Short:  "A gateway that does not keep one of its limits",
		Hidden: true,
		Args:   usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := faults.CheckLimit(limit); err != nil {
				return usageError(cmd, err)
			}
			from := app.ConfigFile{Path: file, Lookup: p.lookup}
			cfg, err := from.Read(cmd.Context())
			if err != nil {
				return err
			}
			faults.SwitchOff(limit, cfg)
			logger := zerolog.New(cmd.ErrOrStderr()).Level(zerolog.InfoLevel)
			return (&serving{from: from, logger: &logger, out: cmd.OutOrStdout()}).serve(cmd.Context(), cfg)
		},
	}
	addConfigFlag(cmd, &file)
	cmd.Flags().StringVar(&limit, "break", "", "the `LIMIT`")
	return cmd
}
