package tyk

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/c386954a/sallyport/internal/tyk/document"
	"github.com/c386954a/sallyport/internal/tyk/script"
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

// ImportReport says what became of a tree.
type ImportReport struct {
	Dir      string          `json:"dir"`
	Settings []document.Note `json:"settings,omitempty"` // of tyk.conf
	APIs     []*APIReport    `json:"apis"`
	Scripts  []*ScriptReport `json:"scripts,omitempty"`
}

// APIReport says what became of one definition.
type APIReport struct {
	File   string `json:"file"`
	Format string `json:"format,omitempty"` // classic or oas
	Name   string `json:"name,omitempty"`
	ID     string `json:"id,omitempty"`
	Listen string `json:"listen,omitempty"` // host and path
	Target string `json:"target,omitempty"`

	// Skipped says why the API is not served; empty means that it is.
	Skipped string `json:"skipped,omitempty"`

	Auth     string          `json:"auth,omitempty"`
	Versions []string        `json:"versions,omitempty"`
	Runtime  string          `json:"runtime,omitempty"` // of its hooks
	Reason   string          `json:"reason,omitempty"`  // why that runtime
	Hooks    []HookReport    `json:"hooks,omitempty"`
	Steps    []string        `json:"steps,omitempty"` // built-in steps it was given
	Notes    []document.Note `json:"notes,omitempty"`
}

// ScriptReport is what is known of one script, and which APIs have it.
type ScriptReport struct {
	script.SourceReport

	APIs []string `json:"apis"`
}

// HookReport is one script or handler of an API.
type HookReport struct {
	Hook   string `json:"hook"`
	Name   string `json:"name"`
	File   string `json:"file,omitempty"`
	Plugin string `json:"plugin"`          // its name in the configuration
	On     string `json:"on,omitempty"`    // the endpoint or the events it is for
	Fault  string `json:"fault,omitempty"` // why its calls will fail
}

// Fault says why the calls of a plugin will fail.
func (r *ImportReport) Fault(plugin, why string) {
	for _, a := range r.APIs {
		for i := range a.Hooks {
			if a.Hooks[i].Plugin == plugin {
				a.Hooks[i].Fault = why
			}
		}
	}
}

// Faults counts the hooks whose calls will fail.
func (r *APIReport) Faults() int {
	n := 0
	for _, h := range r.Hooks {
		if h.Fault != "" {
			n++
		}
	}
	return n
}
