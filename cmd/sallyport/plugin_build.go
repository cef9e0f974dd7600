package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
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
			b := newBuild(dir, r)
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

func newBuild(dir string, r *config.Recipe) *pluginBuild { return &pluginBuild{dir, r} }

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
	file := filepath.Join(b.dir, filepath.FromSlash(b.recipe.Output.Value))
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("%s: the build did not make %s", b.recipe.Output.Pos, b.recipe.Output.Value)
	}
	return &built{b.recipe.Name, file, info.Size(), time.Since(start).Milliseconds(), len(b.recipe.Steps)}, nil
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
		return fmt.Errorf("%s: %s: %w\n%s", words[0].Pos, filepath.Base(cmd.Args[0]), err, b.needs())
	}
	return nil
}

// command returns a step with its program found.
func (b *pluginBuild) command(ctx context.Context, words []config.Text) (*exec.Cmd, error) {
	names := b.recipe.Tools[words[0].Value]
	if len(names) == 0 {
		names = []string{words[0].Value}
	}
	for _, name := range names {
		program, ok := b.find(name)
		if !ok {
			continue
		}
		cmd := exec.CommandContext(ctx, program) //nolint:gosec // running the author's commands is the job
		cmd.Args[0] = name
		for _, w := range words[1:] {
			cmd.Args = append(cmd.Args, w.Value)
		}
		cmd.Dir = b.dir
		cmd.Env = os.Environ()
		for _, key := range slices.Sorted(maps.Keys(b.recipe.Env)) {
			cmd.Env = append(cmd.Env, key+"="+b.recipe.Env[key])
		}
		cmd.WaitDelay = 5 * time.Second
		return cmd, nil
	}
	return nil, b.missing(names)
}

// find returns the path of a program; one with a slash is in the folder.
func (b *pluginBuild) find(name string) (string, bool) {
	if !strings.Contains(name, "/") {
		program, err := exec.LookPath(name)
		return program, err == nil
	}
	program, err := filepath.Abs(filepath.Join(b.dir, filepath.FromSlash(name)))
	if err != nil {
		return "", false
	}
	program, err = exec.LookPath(program)
	return program, err == nil
}

// missing says that none of the programs is there.
func (b *pluginBuild) missing(names []string) error {
	first := names[0]
	for _, name := range names {
		if !strings.Contains(name, "/") {
			first = name
			break
		}
	}
	text := first + " is not installed"
	if len(names) > 1 {
		text += " (looked for " + strings.Join(names, ", ") + ")"
	}
	if b.recipe.Install != "" {
		text += "\n" + b.needs()
	}
	return errors.New(text)
}

// needs says what a build needs.
func (b *pluginBuild) needs() string {
	if b.recipe.Install == "" {
		return "see what the program said above"
	}
	return "the build needs " + b.recipe.Install
}

// spell returns a command as it can be typed in the folder.
func (b *pluginBuild) spell(cmd *exec.Cmd) string {
	var words []string
	if b.dir != "." {
		words = append(words, "cd", quoteWord(b.dir), "&&")
	}
	for _, key := range slices.Sorted(maps.Keys(b.recipe.Env)) {
		words = append(words, key+"="+quoteWord(b.recipe.Env[key]))
	}
	for _, word := range cmd.Args {
		words = append(words, quoteWord(word))
	}
	return strings.Join(words, " ")
}

// quoteWord quotes a word for a shell if it needs that.
func quoteWord(s string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("_@%+=:,./-", c)
	}
	if s != "" && strings.IndexFunc(s, func(c rune) bool { return !plain(c) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
