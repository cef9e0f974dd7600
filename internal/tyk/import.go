package tyk

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/internal/tyk/document"
	"github.com/c386954a/sallyport/internal/tyk/native"
)

// Config says what to import.
type Config struct {
	// Dir is the folder of Tyk's files.
	Dir string
	// Listen is the address to serve. Empty is that of tyk.conf, or :8080.
	Listen string
	// Base is the folder that paths in the text are relative to; empty is Dir.
	Base string
	// Scratch is the folder for scripts that definitions hold inline and for
	// unpacked bundles. It is made when it is needed; empty means that there
	// is none, and that needing it is an error.
	Scratch string
	// Lenient imports what can be imported of a tree with mistakes.
	Lenient bool
	// Waive names keys that may be ignored although an API lets more through
	// without them.
	Waive []string
	// Process is the command of the external process that takes the place of
	// Tyk's Python, Lua, gRPC and Go plugins. Empty means that there is none.
	Process []string
}

// Result is an imported tree.
type Result struct {
	// YAML is the configuration.
	YAML []byte
	// Report says what became of everything.
	Report *Report
	// Origins are the files that plugins and APIs come from, by their names in
	// the configuration.
	Origins map[string]string
	// NeedsProcess says that plugins are bound to an external process, and
	// that Config.Process did not name it: the text has a name in its place
	// that must be filled in.
	NeedsProcess bool
}

// Import reads the tree. Where the configuration names files, they are those
// of the tree or, for inline scripts and bundles, below Scratch.
//
// An error is of type [document.Problems], or that of ctx; the result then has
// a report of what was read, and no text.
func Import(ctx context.Context, c Config) (*Result, error) {
	i, err := newImporter(c)
	if err != nil {
		return &Result{Report: &Report{Dir: c.Dir}}, err
	}
	i.readSettings()
	i.readKeys()
	i.readAPIs(ctx)
	i.unusedWaivers()
	if ctx.Err() != nil {
		return &Result{Report: i.report}, ctx.Err()
	}
	if len(i.problems) > 0 {
		return &Result{Report: i.report}, i.problems
	}
	return &Result{
		YAML: i.text(), Report: i.report, Origins: i.origins,
		NeedsProcess: i.process && len(i.Process) == 0,
	}, nil
}

// importer is one import.
type importer struct {
	Config

	dir, base string // absolute
	settings  settings
	report    *Report
	problems  document.Problems
	waived    map[string]bool

	names   names
	routes  map[string]string // host and path → file
	ids     map[string]string // api id → file
	plugins *native.Mapping
	apis    native.List
	origins map[string]string
	process bool // something is bound to the external process
}

func newImporter(c Config) (*importer, error) {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, fileProblem(c.Dir, err)
	}
	if _, err := os.ReadDir(dir); err != nil {
		return nil, fileProblem(c.Dir, err)
	}
	base := dir
	if c.Base != "" {
		if base, err = filepath.Abs(c.Base); err != nil {
			return nil, fileProblem(c.Base, err)
		}
	}
	return &importer{
		Config: c, dir: dir, base: base, report: &Report{Dir: c.Dir}, plugins: &native.Mapping{},
		waived: map[string]bool{}, names: names{}, routes: map[string]string{}, ids: map[string]string{}, origins: map[string]string{},
	}, nil
}

func fileProblem(file string, err error) document.Problems {
	return document.Problems{{Pos: document.Pos{File: file}, Text: reason(err)}}
}

// text returns the configuration.
func (i *importer) text() []byte {
	m := (&native.Mapping{}).Add("version", 1).Comment(i.heading())
	i.gatewayKeys(m)
	m.Add("plugins", i.plugins)
	m.Add("apis", i.apis)
	return m.Bytes()
}

func (i *importer) heading() string {
	lines := []string{"Imported from the Tyk files in " + filepath.ToSlash(i.Dir) + ". The report of `sallyport migrate tyk` says"}
	lines = append(lines, "what could not be carried over.")
	for _, n := range i.report.Settings {
		if !n.Harmless {
			lines = append(lines, "- "+n.Pos.File+": "+n.Path+" "+n.Text)
		}
	}
	return strings.Join(lines, "\n")
}

// path returns how the configuration names a file.
func (i *importer) path(file string) string {
	if !under(i.base, file) && !under(i.dir, file) {
		return filepath.ToSlash(file)
	}
	rel, err := filepath.Rel(i.base, file)
	if err != nil {
		return filepath.ToSlash(file)
	}
	return filepath.ToSlash(rel)
}

// shown returns how messages name a file: as the user would.
func (i *importer) shown(file string) string {
	if rel, err := filepath.Rel(i.dir, file); err == nil && filepath.IsLocal(rel) {
		return filepath.Join(i.Dir, rel)
	}
	return file
}

func under(dir, file string) bool {
	rel, err := filepath.Rel(dir, file)
	return err == nil && filepath.IsLocal(rel)
}

// waives reports whether the key may be ignored, and remembers that it was.
func (i *importer) waives(key string) bool {
	if !slices.Contains(i.Waive, key) {
		return false
	}
	i.waived[key] = true
	return true
}

// unusedWaivers notes waivers of keys that nothing was refused for: they may
// be misspelled.
func (i *importer) unusedWaivers() {
	for _, key := range i.Waive {
		if !i.waived[key] {
			i.report.Settings = append(i.report.Settings, document.Note{
				Pos: document.Pos{File: i.Dir}, Path: key, Text: "is waived, and no API needs that",
			})
		}
	}
}
