package page

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

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
