package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
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

// Judgement is what a cell comes to, see the package comment.
type Judgement string

// The verdicts, the worst first.
const (
	NotContained Judgement = "not contained"
	ByDesign     Judgement = "by design"
	Degraded     Judgement = "degraded"
	Contained    Judgement = "contained"
)

// Cell is one fault in one model: what was measured, and the verdict on it.
// Times are in milliseconds, sizes in bytes.
type Cell struct {
	Model   string    `json:"model"`
	Fault   string    `json:"fault"`
	Does    string    `json:"does"`    // what the plugin does, one sentence
	Verdict Judgement `json:"verdict"` // empty if the cell could not be measured
	Why     string    `json:"why"`     // one sentence
	Error   string    `json:"error,omitempty"`

	Timeout    float64    `json:"timeout_ms"` // of the plugin
	Got        Strike     `json:"got"`
	Neighbours Neighbours `json:"neighbours"`
	Memory     MemoryUse  `json:"memory"`

	// Back is how long after the last answer to a faulty request the attacked
	// API served a harmless one; nil if it did not within [backPatience].
	Back *float64 `json:"back_ms"`

	// Busy is how many processors were at work after the faulty requests had
	// been answered, more than before; nil if the system does not tell.
	Busy *float64 `json:"busy_after"`

	// Logged is how many bytes of log the gateway wrote until the last faulty
	// request had its answer.
	Logged int64 `json:"log_bytes"`

	// Processes is how many processes the gateway had started at most; nil if
	// the system does not tell.
	Processes    *int `json:"processes"`
	ProcessLimit int  `json:"process_limit"` // 0: the model starts none

	Died string  `json:"died,omitempty"` // how the gateway ended, if it did
	Took float64 `json:"took_ms"`        // to measure the cell
}

// MemoryUse is what the attack took. Figures are resident sizes: how much more
// than just before the attack.
type MemoryUse struct {
	Limit  int64  `json:"limit"`        // of one instance, or of the external process
	Peak   *int64 `json:"gateway_peak"` // of the gateway, at most; nil if the system does not tell
	After  *int64 `json:"gateway_after"`
	Plugin *int64 `json:"process_peak"` // of what the gateway has started
}

func (c *Cell) model() Model {
	m, _ := ModelByID(c.Model)
	return m
}

func (c *Cell) fault() Scenario {
	f, _ := FaultByID(c.Fault)
	return f
}

// shared returns the neighbours that have the plugin, the API or the model in
// common with the faulty requests.
func (n *Neighbours) shared() (failed, requests int) {
	for _, k := range []Neighbour{n.SameAPI, n.SamePlugin, n.SameModel} {
		failed += k.Failed
		requests += k.Requests
	}
	return failed, requests
}

// Help lists the names of models and faults with what they mean.
func Help() string {
	var b strings.Builder
	b.WriteString("Models:\n")
	for _, m := range Models() {
		fmt.Fprintf(&b, "  %-14s %s\n", m.ID, m.Title)
	}
	b.WriteString("\nFaults:\n")
	for _, f := range Faults() {
		fmt.Fprintf(&b, "  %-14s %s\n", f.ID, f.Title)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Choose returns the models and the faults of these names, nil where none is
// named.
func Choose(models, faults []string) (m []Model, f []Scenario, err error) {
	if m, err = choose("model", models, Models(), func(m Model) string { return m.ID }); err != nil {
		return nil, nil, err
	}
	f, err = choose("fault", faults, Faults(), func(f Scenario) string { return f.ID })
	return m, f, err
}

func choose[T any](what string, ids []string, all []T, name func(T) string) (chosen []T, err error) {
	for _, id := range ids {
		i := slices.IndexFunc(all, func(x T) bool { return name(x) == id })
		if i < 0 {
			var names []string
			for _, x := range all {
				names = append(names, name(x))
			}
			return nil, fmt.Errorf("unknown %s `%s`: use %s", what, id, strings.Join(names, ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}
