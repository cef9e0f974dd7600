// Package page makes one self-contained page of HTML of what the benchmark
// and the containment suite have found.
//
// The charts are drawn here, as SVG whose places are per cent of its width: they
// fit a telephone as well as a wide window, and the page needs no script. Behind
// each chart is the table it was drawn from.
package page

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/c386954a/sallyport/internal/compare/bench"
)

var (
	//go:embed page.html
	pageText string
	//go:embed page.css
	pageStyle string
)

// content is what the template shows.
type content struct {
	Style  template.CSS
	Result *bench.Result
	Hooks  []section
	Faults *Faults
}

// section is one hook.
type section struct {
	Hook   bench.Workload
	Rows   []bench.Row
	Charts []chart
	Noise  bench.Noise
}

// Write writes the page. f may be nil: then the page has no section on faults.
func Write(w io.Writer, r *bench.Result, f *Faults) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"number": number, "maybe": maybe, "signed": signed, "class": class, "percent": percent,
	}).Parse(pageText)
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	p := content{Style: template.CSS(pageStyle), Result: r, Faults: f} //nolint:gosec // our own file
	for _, h := range r.Hooks {
		p.Hooks = append(p.Hooks, newSection(r, h))
	}
	if err := t.Execute(w, &p); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	return nil
}

func newSection(r *bench.Result, h bench.Workload) section {
	s := section{Hook: h}
	for _, row := range r.Rows {
		if row.Hook == h.Name {
			s.Rows = append(s.Rows, row)
		}
	}
	for _, n := range r.Noise {
		if n.Hook == h.Name {
			s.Noise = n
		}
	}
	s.Charts = charts(h.Name, s.Rows)
	return s
}

// number prints a figure with three digits, or all of those before the point.
func number(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v > -10 && v < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v > -100 && v < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return thousands(strconv.FormatFloat(v, 'f', 0, 64))
}

// thousands groups the digits of a whole number.
func thousands(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return sign + s
}

// maybe prints a figure that may not be there.
func maybe(v *float64) string {
	if v == nil {
		return "–"
	}
	return number(*v)
}

// signed prints a difference.
func signed(v any) string {
	switch d := v.(type) {
	case *float64:
		if d == nil {
			return "–"
		}
		return signed(*d)
	case float64:
		if d > 0 {
			return "+" + number(d)
		}
		return number(d)
	}
	return ""
}

// class makes a name of a style sheet out of any name.
func class(s string) string { return strings.ReplaceAll(s, " ", "-") }

func percent(v float64) string { return number(100*v) + " %" }

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

// Faults is what the page shows of the report of the containment suite, as
// `sallyport faults --json` prints it.
type Faults struct {
	OK     bool        `json:"ok"`
	Models []Named     `json:"models"`
	Faults []Named     `json:"faults"`
	Cells  []FaultCell `json:"cells"`
}

// Named is a model or a fault.
type Named struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// FaultCell is what one model made of one fault.
type FaultCell struct {
	Model   string   `json:"model"`
	Fault   string   `json:"fault"`
	Verdict string   `json:"verdict"` // empty if it could not be measured
	Why     string   `json:"why"`
	Back    *float64 `json:"back_ms"` // until the plugin served again
	Got     struct {
		Status int     `json:"status"`
		After  float64 `json:"after_ms"`
	} `json:"got"`
}

// ReadFaults reads a report of the containment suite.
func ReadFaults(r io.Reader) (*Faults, error) {
	var f Faults
	if err := json.NewDecoder(r).Decode(&f); err != nil {
		return nil, fmt.Errorf("not a report of `sallyport faults --json`: %w", err)
	}
	if len(f.Models) == 0 || len(f.Faults) == 0 || len(f.Cells) == 0 {
		return nil, errors.New("not a report of `sallyport faults --json`: it has no models, faults or cells")
	}
	return &f, nil
}

// Cell returns the cell of a model and a fault; one without a verdict if there
// is none.
func (f *Faults) Cell(model, fault Named) FaultCell {
	for i := range f.Cells {
		if c := &f.Cells[i]; c.Model == model.ID && c.Fault == fault.ID {
			return *c
		}
	}
	return FaultCell{Model: model.ID, Fault: fault.ID, Why: "not measured"}
}

// Shown is the verdict in words.
func (c FaultCell) Shown() string {
	if c.Verdict == "" {
		return "no verdict"
	}
	return c.Verdict
}
