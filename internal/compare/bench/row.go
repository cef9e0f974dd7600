package bench

import (
	"os/exec"

	"github.com/c386954a/sallyport/internal/compare/bench/guest"
)

// The names of rows that others are compared with.
const (
	rowBare  = "no plugin"
	rowTwin  = "no plugin, again"
	rowFloor = "native go"
)

// The models.
const (
	modelNone      = "none"
	modelNative    = "native"
	modelWasm      = "wasm"
	modelJSVM      = "jsvm"
	modelProcess   = "coproc"
	modelReference = "reference"
)

// row is one line of the table: a configuration of the gateway.
type row struct {
	Name  string
	Model string
	Guest string // the language of the plugin
	Mode  string // what an instance remembers

	needs   string // a program that must be there
	forward bool   // the bare forwarder instead of the gateway

	// plugin writes the files of the plugin into a folder and returns its
	// entry in the configuration.
	plugin func(dir folder, h *Workload) (string, error)

	// process is the command of the external process.
	process func(dir folder) ([]string, error)
}

// always reports whether the row is part of every selection.
func (r *row) always() bool { return r.Name == rowBare || r.Name == rowTwin }

// compiles reports whether the first start differs from the next: machine code
// is kept.
func (r *row) compiles() bool { return r.Model == modelWasm }

// rows returns all rows in the order of the table.
func rows() []*row {
	all := []*row{
		{Name: rowBare, Model: modelNone, Guest: "none", Mode: "none"},
		{Name: rowTwin, Model: modelNone, Guest: "none", Mode: "none"},
		{Name: "fasthttp forwarder", Model: modelReference, Guest: "go", Mode: "none", forward: true},
		{Name: rowFloor, Model: modelNative, Guest: "go", Mode: "none", plugin: native},
	}
	for _, language := range []string{guest.C, guest.AssemblyScript, guest.Rust, guest.Go} {
		for _, mode := range []string{"fresh", "pooled"} {
			all = append(all, &row{
				Name: "wasm " + language + " " + mode, Model: modelWasm, Guest: language, Mode: mode,
				plugin: module(language, mode),
			})
		}
	}
	return append(
		all,
		&row{Name: "wasm javascript fresh", Model: modelWasm, Guest: "javascript", Mode: "fresh", plugin: sandboxScript},
		&row{Name: "jsvm otto", Model: modelJSVM, Guest: "javascript", Mode: "fresh", plugin: ottoScript("")},
		&row{
			Name: "jsvm otto, underscore", Model: modelJSVM, Guest: "javascript", Mode: "fresh",
			plugin: ottoScript(useUnderscore),
		},
		&row{
			Name: "otto copied, underscore", Model: modelReference, Guest: "javascript", Mode: "fresh",
			plugin: referenceScript("otto-copied"),
		},
		&row{
			Name: "goja fresh, underscore", Model: modelReference, Guest: "javascript", Mode: "fresh",
			plugin: referenceScript("goja-fresh"),
		},
		&row{Name: "coproc go", Model: modelProcess, Guest: "go", Mode: "process", plugin: process, process: goProcess},
		&row{
			Name: "coproc node", Model: modelProcess, Guest: "node", Mode: "process", needs: "node", plugin: process,
			process: nodeProcess,
		},
		&row{
			Name: "coproc python", Model: modelProcess, Guest: "python", Mode: "process", needs: "python3",
			plugin: process, process: pythonProcess,
		},
	)
}

func rowNames() (names []string) {
	for _, r := range rows() {
		names = append(names, r.Name)
	}
	return names
}

// missing says why the row cannot be measured here; empty if it can.
func (r *row) missing() string {
	if r.needs == "" {
		return ""
	}
	if _, err := exec.LookPath(r.needs); err != nil {
		return r.needs + " is not installed (Debian: apt install nodejs python3)"
	}
	return ""
}
