package main

import (
	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/output"
	"github.com/c386954a/sallyport/internal/plugintool"
)

func newPluginInspectCmd() *cobra.Command {
	var asJSON bool
	var entry string
	cmd := &cobra.Command{
		Use:   "inspect FILE",
		Short: "Show what a plugin implements, imports and needs",
		Long: "Show what a WebAssembly module or a JavaScript file implements, imports and\n" +
			"needs, and whether the gateway would load it. Its initialisation is run, in the\n" +
			"sandbox and with nothing granted that leaves this machine. The exit code is 4 if\n" +
			"the gateway would refuse the file.",
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			i, err := plugintool.Inspect(cmd.Context(), args[0], entry)
			if err != nil {
				return err
			}
			err = output.Show(cmd.OutOrStdout(), asJSON, i)
			if err == nil && !i.Loads {
				return &exitError{code: exitCheck}
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	cmd.Flags().StringVar(&entry, "entry", "", "`NAME` of the object in a JavaScript file; found unless given")
	return cmd
}
