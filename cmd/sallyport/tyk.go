package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/tyk"
	"github.com/c386954a/sallyport/internal/tyk/document"
)

// tykFlags are those of the commands that read Tyk's files.
type tykFlags struct {
	dir     string
	listen  string
	lenient bool
	skip    bool
	waive   []string
	process []string
}

func (f *tykFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.lenient, "lenient", false, "import what can be imported: APIs with mistakes are left out, hooks with broken scripts answer 500")
	flags.BoolVar(&f.skip, "skip-unsupported", false, "leave out APIs that cannot be imported, and import the others")
	flags.StringArrayVar(&f.waive, "waive", nil, "ignore `KEY` of a definition although the API lets more through without it")
	flags.StringArrayVar(&f.process, "coproc", nil, "`WORD` of the command that has the handlers of Python, Lua, gRPC and Go plugins; repeat it for its arguments")
}

// addTo adds the flags of `run`.
func (f *tykFlags) addTo(cmd *cobra.Command) {
	f.add(cmd)
	cmd.Flags().StringVar(&f.dir, "tyk", "", "serve the Tyk files in `DIR` instead of a configuration")
	cmd.Flags().StringVar(&f.listen, "listen", "", "with --tyk, serve `ADDR` instead of what tyk.conf says")
}

// check returns an error about flags that do not go together.
func (*tykFlags) check(cmd *cobra.Command) error {
	if cmd.Flags().Changed("tyk") {
		if cmd.Flags().Changed("config") {
			return errors.New("--config and --tyk do not go together: name one of them")
		}
		return nil
	}
	for _, name := range []string{"listen", "lenient", "skip-unsupported", "waive", "coproc"} {
		if cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s goes with --tyk", name)
		}
	}
	return nil
}

// runTyk serves a folder of Tyk's files until ctx ends.
func (a *app) runTyk(ctx context.Context, f *tykFlags, withLab bool, logger *zerolog.Logger, out io.Writer) error {
	tree, err := openTree(f, a.lookup, logger)
	if err != nil {
		return err
	}
	defer tree.close()
	return a.run(ctx, f.dir, tree, withLab, logger, out)
}

// config returns what to import. Names of files in the text are relative to
// base, and scripts without a file go to scratch.
func (f *tykFlags) config(base, scratch string) tyk.Config {
	return tyk.Config{
		Dir: f.dir, Listen: f.listen, Base: base, Scratch: scratch,
		Lenient: f.lenient, SkipUnsupported: f.skip, Waive: f.waive, Process: f.process,
	}
}

// tykTree reads a folder of Tyk's files as a configuration, again for each
// reload.
type tykTree struct {
	flags   *tykFlags
	lookup  func(string) (string, bool)
	logger  *zerolog.Logger
	scratch string // holds a folder for each reading
	reads   int
	origins map[string]string // of the last reading
}

// openTree makes room for scripts that are in no file. Whoever gets the tree
// closes it.
func openTree(f *tykFlags, lookup func(string) (string, bool), logger *zerolog.Logger) (*tykTree, error) {
	scratch, err := os.MkdirTemp("", "sallyport-tyk-")
	if err != nil {
		return nil, err
	}
	return &tykTree{flags: f, lookup: lookup, logger: logger, scratch: scratch}, nil
}

// close removes what was unpacked. Nothing of it is read any more.
func (t *tykTree) close() {
	if err := os.RemoveAll(t.scratch); err != nil {
		t.logger.Warn().Err(err).Msg("cannot remove unpacked scripts")
	}
}

// read imports the folder. It implements [reader].
func (t *tykTree) read(ctx context.Context) (*config.Config, error) {
	text, err := t.text(ctx)
	if err != nil {
		return nil, err
	}
	cfg, err := config.Parse(filepath.Join(t.flags.dir, "imported"), text, t.lookup)
	return cfg, t.explain(err)
}

// text imports the folder as the text of a configuration.
func (t *tykTree) text(ctx context.Context) ([]byte, error) {
	t.reads++
	result, err := tyk.Import(ctx, t.flags.config("", filepath.Join(t.scratch, strconv.Itoa(t.reads))))
	if err != nil {
		return nil, problemsOf(err)
	}
	logReport(t.logger, result.Report)
	if result.NeedsProcess {
		return nil, &exitError{exitConfig, errors.New("plugins of drivers other than JavaScript need an external process: name its command with --coproc, or leave them out with --lenient")}
	}
	t.origins = result.Origins
	return result.YAML, nil
}

// explain puts the files that problems come from in the place of those in the
// imported text, which nobody sees. It implements [reader].
func (t *tykTree) explain(err error) error { return originOf(err, t.origins) }

// logReport logs what was not imported as it was.
func logReport(logger *zerolog.Logger, r *tyk.Report) {
	for _, n := range r.Settings {
		logNote(logger, "", n)
	}
	for _, a := range r.APIs {
		if a.Skipped != "" {
			logger.Warn().Str("file", a.File).Str("api", a.Name).Str("reason", a.Skipped).Msg("api is not served")
		}
		for _, n := range a.Notes {
			logNote(logger, a.Name, n)
		}
	}
}

func logNote(logger *zerolog.Logger, api string, n document.Note) {
	if n.Harmless {
		return
	}
	e := logger.Warn().Stringer("at", n.Pos).Str("key", n.Path)
	if api != "" {
		e = e.Str("api", api)
	}
	e.Msg(n.Text)
}

// problemsOf returns the mistakes of Tyk's files as those of a configuration.
func problemsOf(err error) error {
	found, ok := errors.AsType[document.Problems](err)
	if !ok {
		return err
	}
	var out config.Problems
	for _, p := range found {
		out = append(out, config.Problem{File: p.Pos.File, Line: p.Pos.Line, Column: p.Pos.Column, Text: p.Text})
	}
	return out.Sort()
}

// originOf names the files that problems come from: those of the definitions
// instead of the text that was made of them.
func originOf(err error, origins map[string]string) error {
	found, ok := errors.AsType[config.Problems](err)
	if !ok {
		return err
	}
	out := make(config.Problems, len(found))
	for i, p := range found {
		out[i] = p
		kind, rest, _ := strings.Cut(p.Text, " ")
		name, _, _ := strings.Cut(rest, ": ")
		if file, ok := origins[strings.Trim(name, "`")]; ok && (kind == "plugin" || kind == "api") {
			out[i].File, out[i].Line, out[i].Column = file, 0, 0
		}
	}
	return out.Sort()
}
