package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/plugintool"
	"github.com/c386954a/sallyport/internal/plugintool/scaffold"
)

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
