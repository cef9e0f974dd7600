package plugintool

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
	"text/tabwriter"
	"time"

	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/output"
	"github.com/c386954a/sallyport/internal/plugintool/scaffold"
)

// New makes the folder of a new plugin and says on out what is in it. What a
// build would miss on this machine is noted on notes. Nothing is overwritten.
func New(ctx context.Context, dir, name string, l scaffold.Language, out, notes io.Writer) error {
	files, err := scaffold.Files(name, l)
	if err != nil {
		return err
	}
	paths, err := scaffold.Write(dir, files)
	if err != nil {
		return err
	}
	if err := introduce(out, dir, name, l, paths); err != nil {
		return err
	}
	return warnOfMissingTools(ctx, notes, dir)
}

// introduce says what was made and what to do next.
func introduce(out io.Writer, dir, name string, l scaffold.Language, paths []string) error {
	p := output.PaintFor(out)
	fmt.Fprintf(out, "%s%s%s: a plugin in %s, in %s\n\n", p.Bold, name, p.Plain, l.Title, filepath.Join(dir, "."))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{l.For(name, l.Source), "the plugin"},
		{config.RecipeFile, "how it is built"},
		{config.DefaultFile, "a gateway that runs it"},
		{"tests/", output.Plural(countIn(paths, "tests/"), "request") + ", and what must become of them"},
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

// command returns a step with its program found.
func (b *recipeBuild) command(ctx context.Context, words []config.Text) (*exec.Cmd, error) {
	names := b.recipe.Tools[words[0].Value]
	if len(names) == 0 {
		names = []string{words[0].Value}
	}
	for _, name := range names {
		program, ok := b.find(name)
		if !ok {
			continue
		}
		cmd := exec.CommandContext(ctx, program)
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
func (b *recipeBuild) find(name string) (string, bool) {
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
func (b *recipeBuild) missing(names []string) error {
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
	return errors.New(text + b.needs("\nthe build needs "))
}

// needs says what a build needs, if the recipe does.
func (b *recipeBuild) needs(before string) string {
	if b.recipe.Install == "" {
		return ""
	}
	return before + b.recipe.Install
}

// spell returns a command as it can be typed in the folder.
func (b *recipeBuild) spell(cmd *exec.Cmd) string {
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
