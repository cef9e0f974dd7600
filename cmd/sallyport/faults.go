package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/app"
	"github.com/c386954a/sallyport/internal/compare/faults"
	"github.com/c386954a/sallyport/internal/compare/faults/attack"
	"github.com/c386954a/sallyport/internal/output"
)

// faultsFlags are what the command line chooses.
type faultsFlags struct {
	models, faults []string
	json           bool
	timeout        time.Duration
	broken         string // a limit to switch off
}

func newFaultsCmd() *cobra.Command {
	var f faultsFlags
	cmd := &cobra.Command{
		Use:   "faults",
		Short: "Let plugins do harm in every isolation model and measure what it does",
		Long: "Start a gateway for every model and fault, send traffic through it, let a plugin do\n" +
			"harm, and measure: what the faulty requests got, which neighbours failed, what it\n" +
			"took of memory, and when the plugin served again. Nothing else is needed, and\n" +
			"nothing is left behind.\n\n" +
			"It exits with 4 if a cell has no verdict, or the sandbox did not contain a fault.\n\n" +
			faults.Help(),
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.config()
			if err != nil {
				return usageError(cmd, err)
			}
			return runFaults(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), c, &f)
		},
	}
	cmd.Flags().StringSliceVar(&f.models, "model", nil, "only these `MODELS`; several with commas")
	cmd.Flags().StringSliceVar(&f.faults, "fault", nil, "only these `FAULTS`; several with commas")
	cmd.Flags().BoolVar(&f.json, "json", false, "print the result as JSON")
	cmd.Flags().DurationVar(&f.timeout, "timeout", 10*time.Minute, "longest `TIME` for all of it")
	cmd.Flags().StringVar(&f.broken, "break", "",
		"switch a `LIMIT` off to see the suite fail: "+strings.Join(faults.Limits(), ", "))
	if err := cmd.Flags().MarkHidden("break"); err != nil {
		panic(err) // there is no such flag
	}
	return cmd
}

// config resolves the names.
func (f *faultsFlags) config() (c faults.Config, err error) {
	if c.Models, c.Faults, err = faults.Choose(f.models, f.faults); err != nil {
		return c, err
	}
	if f.timeout <= 0 {
		return c, errors.New("--timeout must be more than 0")
	}
	return c, f.programs(&c)
}

// programs makes this program the gateway and the external process.
func (f *faultsFlags) programs(c *faults.Config) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	c.Child = []string{self, faultsChildName}
	c.Gateway = []string{self, "run", "--log-format", "json"}
	if f.broken == "" {
		return nil
	}
	c.Gateway = []string{self, faultsGatewayName, "--break", f.broken}
	return faults.CheckLimit(f.broken)
}

// runFaults exits with an error if the report is not good.
func runFaults(ctx context.Context, out, progress io.Writer, c faults.Config, f *faultsFlags) error {
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	line := faults.NewProgress(progress)
	c.Progress = line.Show
	report, err := faults.Run(ctx, c)
	line.Clear()
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("not done within %v: choose fewer with --model and --fault, or allow more with --timeout",
				f.timeout)
		}
		return err
	}
	err = output.Show(out, f.json, report)
	if err == nil && !report.OK {
		return &exitError{code: exitCheck}
	}
	return err
}

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
