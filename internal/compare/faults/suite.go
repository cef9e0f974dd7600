package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/c386954a/sallyport/internal/config"
)

// Config says what to run. Gateway and Child are required.
type Config struct {
	// Gateway is the command that runs a gateway: it is followed by -c and the
	// name of a configuration, prints where it listens, and ends on SIGTERM.
	Gateway []string

	// Child is the command of the external process, which calls
	// [attack.Child].
	Child []string

	Models []Model    // nil is all
	Faults []Scenario // nil is all

	// Progress is told of each cell when it is done; nil tells nobody.
	Progress func(done, all int, c *Cell)
}

// SuiteReport is the whole table.
type SuiteReport struct {
	OK     bool       `json:"ok"` // every cell has a verdict, and no sandbox has one of not contained
	OS     string     `json:"os"`
	Arch   string     `json:"arch"`
	CPUs   int        `json:"cpus"`
	Took   float64    `json:"took_ms"`
	Models []Model    `json:"models"`
	Faults []Scenario `json:"faults"`
	Cells  []Cell     `json:"cells"` // by model, then by fault
}

// Cell returns the cell of a model and a fault, or nil.
func (r *SuiteReport) Cell(model, fault string) *Cell {
	for i := range r.Cells {
		if r.Cells[i].Model == model && r.Cells[i].Fault == fault {
			return &r.Cells[i]
		}
	}
	return nil
}

// Run measures every cell, one after the other. What it starts has ended, and
// what it wrote is removed, when it returns, also if ctx ends before, which is
// the error then. A cell that cannot be measured has an error of its own.
func Run(ctx context.Context, c Config) (*SuiteReport, error) {
	if c.Models == nil {
		c.Models = Models()
	}
	if c.Faults == nil {
		c.Faults = Faults()
	}
	start := time.Now()
	r := &SuiteReport{
		OK: true, OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Models: c.Models,
		Faults: c.Faults,
	}
	command, remove, err := Reachable(c.Child)
	if err != nil {
		return nil, fmt.Errorf("faults: %w", err)
	}
	defer remove()
	arena, err := OpenArena(ctx)
	if err != nil {
		return nil, fmt.Errorf("faults: %w", err)
	}
	err = c.cells(ctx, &Stage{Arena: arena, Command: command}, r)
	r.Took = millis(time.Since(start))
	return r, errors.Join(err, arena.Close())
}

func (c *Config) cells(ctx context.Context, stage *Stage, r *SuiteReport) error {
	for _, m := range c.Models {
		for _, f := range c.Faults {
			cell, err := c.cell(ctx, stage, m, f)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				cell.Verdict, cell.Why, cell.Error = "", "the cell could not be measured", err.Error()
			}
			r.Cells = append(r.Cells, *cell)
			if cell.Verdict == "" || m.Sandbox && cell.Verdict == NotContained {
				r.OK = false
			}
			if c.Progress != nil {
				c.Progress(len(r.Cells), len(c.Models)*len(c.Faults), cell)
			}
		}
	}
	return nil
}

// cell measures and judges one cell in a gateway of its own.
func (c *Config) cell(ctx context.Context, stage *Stage, m Model, f Scenario) (cell *Cell, err error) {
	cell = newCell(m, f)
	dir, err := os.MkdirTemp("", "sallyport-faults-")
	if err != nil {
		return cell, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file, err := write(dir, stage, m, f)
	if err != nil {
		return cell, err
	}
	g, err := startGateway(ctx, c.Gateway, []string{stage.Arena.Secret + "=" + stage.Arena.Canary}, file)
	if err != nil {
		return cell, err
	}
	cell, err = stage.Observe(ctx, g.subject(), m, f)
	return cell, errors.Join(err, g.stop())
}

// write lays out the files of a cell and returns that of the configuration.
func write(dir string, stage *Stage, m Model, f Scenario) (file string, err error) {
	part := stage.Fragment([]Model{m}, []Scenario{f})
	part.Files[config.DefaultFile] = part.Text("listen: \"127.0.0.1:0\"\ntimeouts: { shutdown: 500ms }\n")
	return filepath.Join(dir, config.DefaultFile), part.Write(dir)
}
