package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/config"
)

func newPluginBuildCmd(a *app) *cobra.Command {
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
			r, err := config.LoadRecipe(dir, a.lookup)
			if err != nil {
				return err
			}
			b := &pluginBuild{dir, r}
			made, err := b.run(cmd.Context(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), made)
			}
			return made.print(cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

// pluginBuild builds the plugin of one folder.
type pluginBuild struct {
	dir    string
	recipe *config.Recipe
}

// openBuild reads the recipe of a folder. It returns nil if there is none, or
// if there is nothing to build.
func openBuild(dir string, lookup func(string) (string, bool)) (*pluginBuild, error) {
	if _, err := os.Stat(filepath.Join(dir, config.RecipeFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	r, err := config.LoadRecipe(dir, lookup)
	if err != nil || len(r.Steps) == 0 {
		return nil, err
	}
	return &pluginBuild{dir, r}, nil
}

// output returns the path of the file that the build makes.
func (b *pluginBuild) output() string {
	return filepath.Join(b.dir, filepath.FromSlash(b.recipe.Output.Value))
}

// newerSource returns a source that was changed after the last build, or "".
// It fails if there was none.
func (b *pluginBuild) newerSource() (string, error) {
	made, err := os.Stat(b.output())
	if err != nil {
		return "", fmt.Errorf("%s is not there yet: build it with `sallyport plugin build`", b.output())
	}
	newer := ""
	err = filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != b.dir && notSource(d.Name()):
			return filepath.SkipDir
		case d.IsDir() || newer != "" || !isSource(d.Name()):
			return nil
		}
		info, err := d.Info()
		if err == nil && info.ModTime().After(made.ModTime()) {
			newer = path
		}
		return err
	})
	return newer, err
}

// notSource reports whether a folder holds nothing that its author edits.
func notSource(folder string) bool {
	return strings.HasPrefix(folder, ".") || slices.Contains([]string{"build", "node_modules", "target", "tests"}, folder)
}

// isSource reports whether a build depends on a file, as its name tells.
func isSource(name string) bool {
	return slices.Contains([]string{".go", ".c", ".h", ".cc", ".cpp", ".rs", ".ts", ".js", ".py", ".zig"}, filepath.Ext(name))
}

// built is what a build made.
type built struct {
	Plugin string `json:"plugin"`
	File   string `json:"file"`
	Bytes  int64  `json:"bytes"`
	Millis int64  `json:"millis"`

	commands int
}

// run runs all steps. What they print goes to log, below the command itself.
func (b *pluginBuild) run(ctx context.Context, log io.Writer) (*built, error) {
	start := time.Now()
	for _, words := range b.recipe.Steps {
		if err := b.step(ctx, log, words); err != nil {
			return nil, err
		}
	}
	info, err := os.Stat(b.output())
	if err != nil {
		return nil, fmt.Errorf("%s: the build did not make %s", b.recipe.Output.Pos, b.recipe.Output.Value)
	}
	return &built{b.recipe.Name, b.output(), info.Size(), time.Since(start).Milliseconds(), len(b.recipe.Steps)}, nil
}

func (b *built) print(w io.Writer) error {
	if b.commands == 0 {
		_, err := fmt.Fprintf(w, "%s: nothing to build\n", b.File)
		return err
	}
	_, err := fmt.Fprintf(w, "%s: %s, built in %.1f s\n", b.File, formatBytes(b.Bytes), float64(b.Millis)/1e3)
	return err
}

func (b *pluginBuild) step(ctx context.Context, log io.Writer, words []config.Text) error {
	cmd, err := b.command(ctx, words)
	if err != nil {
		return err
	}
	p := paintFor(log)
	fmt.Fprintf(log, "%s$ %s%s\n", p.dim, b.spell(cmd), p.plain)
	cmd.Stdout, cmd.Stderr = log, log
	err = cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s: %s: %w%s", words[0].Pos, filepath.Base(cmd.Args[0]), err, b.needs("\nif it misses something: the build needs "))
	}
	return nil
}
