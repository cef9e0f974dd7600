package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/config"
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
			return newPlugin(cmd, dir, args[0], l)
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

func newPlugin(cmd *cobra.Command, dir, name string, l scaffold.Language) error {
	files, err := scaffold.Files(name, l)
	if err != nil {
		return err
	}
	paths, err := scaffold.Write(dir, files)
	if err != nil {
		return err
	}
	if err := introducePlugin(cmd.OutOrStdout(), dir, name, l, paths); err != nil {
		return err
	}
	return warnOfMissingTools(cmd.Context(), cmd.ErrOrStderr(), dir)
}

// introducePlugin says what was made and what to do next.
func introducePlugin(out io.Writer, dir, name string, l scaffold.Language, paths []string) error {
	p := paintFor(out)
	fmt.Fprintf(out, "%s%s%s: a plugin in %s, in %s\n\n", p.bold, name, p.plain, l.Title, filepath.Join(dir, "."))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{l.For(name, l.Source), "the plugin"},
		{config.RecipeFile, "how it is built"},
		{defaultConfig, "a gateway that runs it"},
		{"tests/", plural(countIn(paths, "tests/"), "request") + ", and what must become of them"},
		{"sallyport/", "the SDK: nothing has to be downloaded"},
	} {
		if row[0] == "sallyport/" && l.SDK == "" {
			continue
		}
		fmt.Fprintf(w, "  %s\t%s\n", row[0], row[1])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	build := ""
	if l.Built() {
		build = "  sallyport plugin build\n"
	}
	_, err := fmt.Fprintf(out, "\nnext\n  cd %s\n%s  sallyport plugin test\n  sallyport run\n  curl http://127.0.0.1:8080/hello\n", quoteWord(dir), build)
	return err
}

func countIn(paths []string, folder string) (n int) {
	for _, p := range paths {
		if strings.HasPrefix(p, folder) {
			n++
		}
	}
	return n
}

// warnOfMissingTools says now what a build would say later.
func warnOfMissingTools(ctx context.Context, w io.Writer, dir string) error {
	b, err := openBuild(dir, os.LookupEnv)
	if b == nil || err != nil {
		return err
	}
	for _, step := range b.recipe.Steps {
		if _, err := b.command(ctx, step); err != nil {
			fmt.Fprintf(w, "\nnote: %v\n", err)
			return nil
		}
	}
	return nil
}
