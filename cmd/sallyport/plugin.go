package main

import "github.com/spf13/cobra"

func newPluginCmd(p *commandLine) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugin",
		Short: "Make, build, inspect and test plugins",
		Args:  usageArgs(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newPluginNewCmd(),
		newPluginBuildCmd(p),
		newPluginInspectCmd(),
		newPluginTestCmd(p),
	)
	return cmd
}
