package faults

import "slices"

// Names of the models.
const (
	Wasm    = "wasm"        // a module in the sandbox
	WasmJS  = "wasm-js"     // JavaScript in the sandbox
	JSVM    = "jsvm"        // JavaScript on the legacy VM
	Process = "coproc"      // the external process, confined
	Bare    = "coproc-bare" // the external process without its sandbox
)

// Model is one way of running a plugin, a column of the table.
type Model struct {
	ID    string `json:"id"`    // also the middle part of its paths in the lab
	Title string `json:"title"` // a few words

	// Sandbox says that the model promises to contain everything: a verdict of
	// not contained fails the suite.
	Sandbox bool `json:"sandbox"`

	// KeepsState says that what a request leaves is there for the next one,
	// because the model is made so.
	KeepsState bool `json:"keeps_state"`

	runtime string // in the configuration
}

// Models returns all models in the order of the table.
func Models() []Model {
	return []Model{
		{Wasm, "WebAssembly in the sandbox", true, false, "wasm"},
		{WasmJS, "JavaScript in the sandbox", true, false, "wasm"},
		{JSVM, "JavaScript on the legacy VM", false, false, "jsvm"},
		{Process, "external process, confined", false, true, "coproc"},
		{Bare, "external process, not confined", false, true, "coproc"},
	}
}

// ModelByID returns the model of that name.
func ModelByID(id string) (Model, bool) {
	all := Models()
	i := slices.IndexFunc(all, func(m Model) bool { return m.ID == id })
	if i < 0 {
		return Model{}, false
	}
	return all[i], true
}
