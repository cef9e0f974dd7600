package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

func newPluginCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugin",
		Short: "Make, build, inspect and test plugins",
		Args:  usageArgs(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newPluginNewCmd(),
		newPluginBuildCmd(a),
		newPluginInspectCmd(),
		newPluginTestCmd(a),
	)
	return cmd
}

// paint colours text on terminals that want it.
type paint struct{ bold, red, green, dim, plain string }

func paintFor(w io.Writer) paint {
	if !colored(w) {
		return paint{}
	}
	return paint{"\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[2m", "\x1b[0m"}
}

// formatBytes returns a size as people read it.
func formatBytes(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return shortNumber(float64(n)/(1<<10)) + " KiB"
	}
	return shortNumber(float64(n)/(1<<20)) + " MiB"
}

// shortNumber returns a number with at most one decimal.
func shortNumber(f float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0")
}
