package page

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/c386954a/sallyport/internal/compare/bench"
)

// Destination is a page that is to be written. Errors name the flags that the fields
// are set by.
type Destination struct {
	Path   string // --out; empty: there is no page
	Faults string // --faults: what `sallyport faults --json` has printed; empty: no section about it

	found *Faults
}

// Open makes sure that the page will have a place, and reads the faults.
func (d *Destination) Open() error { return errors.Join(d.checkPath(), d.readFaults()) }

func (d *Destination) checkPath() error {
	if d.Path == "" {
		return nil
	}
	if dir, err := os.Stat(filepath.Dir(d.Path)); err != nil || !dir.IsDir() {
		return fmt.Errorf("--out: %s is not a folder", filepath.Dir(d.Path))
	}
	if at, err := os.Stat(d.Path); err == nil && at.IsDir() {
		return fmt.Errorf("--out: %s is a folder", d.Path)
	}
	return nil
}

func (d *Destination) readFaults() error {
	if d.Faults == "" {
		return nil
	}
	if d.Path == "" {
		return errors.New("--faults goes with --out")
	}
	file, err := os.Open(d.Faults)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if d.found, err = ReadFaults(file); err != nil {
		return fmt.Errorf("%s: %w", d.Faults, err)
	}
	return nil
}

// Write writes the page, if there is to be one.
func (d *Destination) Write(r *bench.Result) error {
	if d.Path == "" {
		return nil
	}
	var html bytes.Buffer
	if err := Write(&html, r, d.found); err != nil {
		return err
	}
	return os.WriteFile(d.Path, html.Bytes(), 0o644) //nolint:gosec // a page for everybody
}
