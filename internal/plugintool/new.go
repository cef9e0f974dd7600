package plugintool

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

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
