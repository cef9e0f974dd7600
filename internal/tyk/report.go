package tyk

import (
	"github.com/c386954a/sallyport/internal/tyk/document"
	"github.com/c386954a/sallyport/internal/tyk/script"
)

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
