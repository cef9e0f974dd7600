package main

import (
	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/output"
	"github.com/c386954a/sallyport/internal/plugintool"
)

func newPluginBuildCmd(p *commandLine) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "build [FOLDER]",
		Short: "Build the plugin in a folder",
		Long: "Run the commands that plugin.yaml in the folder lists, and show each of them.\n" +
			"The folder is the current one unless it is named.",
		Args: usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			made, err := plugintool.Build(cmd.Context(), dir, p.lookup, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return output.Show(cmd.OutOrStdout(), asJSON, made)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}
