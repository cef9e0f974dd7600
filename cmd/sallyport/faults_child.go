package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/compare/faults/attack"
	"github.com/c386954a/sallyport/internal/config"
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
func newFaultsGatewayCmd(a *app) *cobra.Command {
	var file, broken string
	cmd := &cobra.Command{
		Use:    faultsGatewayName,
		Short:  "A gateway that does not keep one of its limits",
		Hidden: true,
		Args:   usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkBroken(broken); err != nil {
				return usageError(cmd, err)
			}
			logger := zerolog.New(cmd.ErrOrStderr())
			return a.runBroken(cmd.Context(), file, breakers()[broken], &logger, cmd.OutOrStdout())
		},
	}
	addConfigFlag(cmd, &file)
	cmd.Flags().StringVar(&broken, "break", "", "the `LIMIT`")
	return cmd
}

// runBroken is [app.run] with every plugin changed, and without reloads.
func (a *app) runBroken(ctx context.Context, file string, change func(*config.Plugin), logger *zerolog.Logger, out io.Writer) error {
	cfg, err := config.Load(file, a.lookup)
	if err != nil {
		return err
	}
	for _, p := range cfg.Plugins {
		change(p)
	}
	ls, err := listen(ctx, cfg)
	if err != nil {
		return err
	}
	defer ls.close()
	g, err := openGateway(ctx, cfg, logger, watchers{})
	if err != nil {
		return &exitError{exitFailure, err}
	}
	fmt.Fprintf(out, "%s: listening on %s\n", file, ls.describe(cfg))
	return g.serve(ctx, ls, cfg.Timeouts.Shutdown)
}

// breakers switch a limit of a plugin off.
func breakers() map[string]func(*config.Plugin) {
	return map[string]func(*config.Plugin){
		"deadline": func(p *config.Plugin) { p.Limits.Timeout = time.Hour },
		"memory":   func(p *config.Plugin) { p.Limits.Memory = 1 << 30 },
		"reset":    func(p *config.Plugin) { p.Instances.Mode = abi.Pooled },
	}
}

// brokenLimits are the limits that can be switched off.
func brokenLimits() []string { return slices.Sorted(maps.Keys(breakers())) }

func checkBroken(limit string) error {
	if slices.Contains(brokenLimits(), limit) {
		return nil
	}
	return fmt.Errorf("unknown limit `%s`: use %s", limit, strings.Join(brokenLimits(), ", "))
}
