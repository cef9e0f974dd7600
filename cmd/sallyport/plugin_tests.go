package main

import (
	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/output"
	"github.com/c386954a/sallyport/internal/plugintool"
)

func newPluginTestCmd(p *commandLine) *cobra.Command {
	t := &plugintool.Tester{Lookup: p.lookup}
	var asJSON, verbose bool
	cmd := &cobra.Command{
		Use:   "test [FOLDER | FILE]",
		Short: "Play the test requests of a plugin and compare",
		Long: "Play the requests in *.txtar files through the plugins of sallyport.yaml, and\n" +
			"compare what the upstream and the client get with what the files expect. FOLDER\n" +
			"is the current one unless it is named; the files are in it or in tests/. No port\n" +
			"is opened, no upstream is needed, and the store is an empty one in memory. The\n" +
			"exit code is 4 if a test fails.",
		Args: usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			arg := "."
			if len(args) > 0 {
				arg = args[0]
			}
			t.Notes = cmd.ErrOrStderr()
			report, err := t.Run(cmd.Context(), arg)
			if err != nil {
				return err
			}
			if asJSON {
				err = output.JSON(cmd.OutOrStdout(), report)
			} else {
				err = report.Print(cmd.OutOrStdout(), verbose)
			}
			if err == nil && !report.OK {
				return &exitError{code: exitCheck}
			}
			return err
		},
	}
	cmd.Flags().StringVarP(&t.Config, "config", "c", "", "configuration `FILE`; sallyport.yaml of the folder unless given")
	cmd.Flags().BoolVar(&t.Update, "update", false, "write what happens into the files")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "show what plugins log also where a test passes")
	return cmd
}
