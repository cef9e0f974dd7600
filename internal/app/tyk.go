package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/tyk"
	"github.com/c386954a/sallyport/internal/tyk/document"
)

// ErrNoProcess says that an imported folder needs an external process which
// nobody has named.
var ErrNoProcess = errors.New("plugins of drivers other than JavaScript need an external process: " +
	"name its command with --coproc, or leave them out with --lenient")

// TykFolder is a [ConfigSource] that imports a folder of Tyk's files, anew for each
// reload. Make one with [OpenTykFolder].
type TykFolder struct {
	importing tyk.Config
	lookup    func(string) (string, bool)
	logger    *zerolog.Logger
	scratch   string // holds a folder for each reading
	reads     int
	origins   map[string]string // of the last reading
}

// OpenTykFolder makes a folder for the scripts that are in no file, which
// takes the place of c.Scratch. What was not imported as it was is logged. The
// caller must call Close.
func OpenTykFolder(c tyk.Config, lookup func(string) (string, bool), logger *zerolog.Logger) (*TykFolder, error) {
	scratch, err := os.MkdirTemp("", "sallyport-tyk-")
	if err != nil {
		return nil, err
	}
	return &TykFolder{importing: c, lookup: lookup, logger: logger, scratch: scratch}, nil
}

// Close removes what was unpacked. No gateway may serve it any more.
func (t *TykFolder) Close() {
	if err := os.RemoveAll(t.scratch); err != nil {
		t.logger.Warn().Err(err).Msg("cannot remove unpacked scripts")
	}
}

// Name returns the folder.
func (t *TykFolder) Name() string { return t.importing.Dir }

// Read implements [ConfigSource].
func (t *TykFolder) Read(ctx context.Context) (*config.Config, error) {
	text, err := t.Text(ctx)
	if err != nil {
		return nil, err
	}
	cfg, err := config.Parse(filepath.Join(t.importing.Dir, "imported"), text, t.lookup)
	return cfg, t.Explain(err)
}

// Text imports the folder as the text of a configuration.
func (t *TykFolder) Text(ctx context.Context) ([]byte, error) {
	t.reads++
	c := t.importing
	c.Scratch = filepath.Join(t.scratch, strconv.Itoa(t.reads))
	result, err := ImportTyk(ctx, c)
	if err != nil {
		return nil, err
	}
	logReport(t.logger, result.Report)
	if result.NeedsProcess {
		return nil, ErrNoProcess
	}
	t.origins = result.Origins
	return result.YAML, nil
}

// Explain puts the files that problems come from in the place of those in the
// imported text, which nobody sees.
func (t *TykFolder) Explain(err error) error { return withOrigins(err, t.origins) }

// ImportTyk is [tyk.Import] with its mistakes as [config.Problems].
func ImportTyk(ctx context.Context, c tyk.Config) (*tyk.Imported, error) {
	result, err := tyk.Import(ctx, c)
	found, ok := errors.AsType[document.Mistakes](err)
	if !ok {
		return result, err
	}
	var problems config.Problems
	for _, p := range found {
		problems = append(problems, config.Problem{File: p.Pos.File, Line: p.Pos.Line, Column: p.Pos.Column, Text: p.Text})
	}
	return result, problems.Sort()
}

// logReport logs what was not imported as it was.
func logReport(logger *zerolog.Logger, r *tyk.ImportReport) {
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

// withOrigins names the files that problems come from: those of the definitions
// instead of the text that was made of them.
func withOrigins(err error, origins map[string]string) error {
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
