package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/output"
	"github.com/c386954a/sallyport/internal/plugintool"
	"github.com/c386954a/sallyport/internal/plugintool/scaffold"
)

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

func newPluginNewCmd() *cobra.Command {
	var lang, dir string
	cmd := &cobra.Command{
		Use:   "new --lang LANGUAGE NAME",
		Short: "Make the folder of a new plugin",
		Long: "Make a folder with a small plugin, its tests, a configuration that runs it, and\n" +
			"the SDK, so that it builds at once and without a network. Nothing is overwritten.",
		Example: "  sallyport plugin new --lang go hello",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := language(lang)
			if err == nil {
				err = scaffold.CheckName(args[0])
			}
			if err != nil {
				return usageError(cmd, err)
			}
			if dir == "" {
				dir = args[0]
			}
			return plugintool.New(cmd.Context(), dir, args[0], l, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVarP(&lang, "lang", "l", "", "`LANGUAGE` of the plugin: "+scaffold.Names())
	cmd.Flags().StringVar(&dir, "dir", "", "`FOLDER` to make; NAME unless given")
	return cmd
}

func language(name string) (scaffold.Language, error) {
	if name == "" {
		return scaffold.Language{}, errors.New("which language? name it with --lang: " + scaffold.Names())
	}
	return scaffold.Find(name)
}

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
