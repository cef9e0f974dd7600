package tyk

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/c386954a/sallyport/internal/tyk/document"
	"github.com/c386954a/sallyport/internal/tyk/source"
	"github.com/c386954a/sallyport/internal/tyk/write"
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
	// SkipUnsupported leaves out APIs that cannot be imported, unless that is
	// all of them.
	SkipUnsupported bool
	// Waive names keys that may be ignored although an API lets more through
	// without them.
	Waive []string
	// Process is the command of the external process that takes the place of
	// Tyk's Python, Lua, gRPC and Go plugins. Empty means that there is none.
	Process []string
}

// Imported is an imported tree.
type Imported struct {
	// YAML is the configuration.
	YAML []byte
	// ImportReport says what became of everything.
	Report *ImportReport
	// Origins are the files that plugins and APIs come from, by their names in
	// the configuration.
	Origins map[string]string
	// NeedsProcess says that plugins are bound to an external process, and
	// that Config.Process did not name it: the text has a name in its place
	// that must be filled in.
	NeedsProcess bool
}

// Import reads the tree, decides what becomes of it and writes the text. Where
// the configuration names files, they are those of the tree or, for inline
// scripts and bundles, below Scratch.
//
// An error is of type [document.Mistakes], that of ctx, or that of a file below
// Scratch; the result then has a report of what was read, and no text.
func Import(ctx context.Context, c Config) (*Imported, error) {
	result := &Imported{Report: &ImportReport{Dir: c.Dir}}
	c, err := c.absolute()
	if err != nil {
		return result, err
	}
	tree, err := source.Read(ctx, c.Dir, c.Scratch)
	if err != nil {
		return result, err
	}
	d, problems := Decide(tree, c, time.Now())
	result.Report = d.Report
	if len(problems) > 0 {
		return result, problems
	}
	if err := writeFiles(d.Files); err != nil {
		return result, err
	}
	result.YAML, result.Origins = write.YAML(d), d.Origins
	result.NeedsProcess = d.Process != nil && len(c.Process) == 0
	return result, nil
}

// absolute returns c with folders that do not depend on the working directory.
// Dir stays as it is, for messages.
func (c Config) absolute() (Config, error) {
	var err error
	if c.Base == "" {
		c.Base = c.Dir
	}
	for _, dir := range []*string{&c.Base, &c.Scratch} {
		if *dir == "" {
			continue
		}
		if *dir, err = filepath.Abs(*dir); err != nil {
			return c, document.Mistakes{{Pos: document.Position{File: *dir}, Text: source.Reason(err)}}
		}
	}
	return c, nil
}

func writeFiles(files []ScriptFile) error {
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil { //nolint:gosec // scripts are no secret
			return err
		}
		if err := os.WriteFile(f.Path, f.Text, 0o644); err != nil { //nolint:gosec // see above
			return err
		}
	}
	return nil
}
