package plugintool

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/internal/output"
)

// Print shows the inspection to people.
func (i *Inspection) Print(out io.Writer) error {
	t := &rows{out: out, paint: output.PaintFor(out)}
	t.row("file", "%s, %s", i.File, output.Bytes(i.Bytes))
	t.row("format", "%s", i.describe())
	if i.Loads {
		t.row("loads", "%syes%s", t.paint.Green, t.paint.Plain)
	} else {
		t.row("loads", "%sno%s: %s", t.paint.Red, t.paint.Plain, i.Problem)
	}
	if i.Loads {
		t.row("hooks", "%s", orNothing(i.Hooks))
		t.row("bodies", "%s", i.bodies())
	}
	if i.Module != nil {
		i.Module.print(t)
	}
	if t.err == nil && i.Loads {
		_, t.err = fmt.Fprintf(out, "\n%splugins:%s\n%s", t.paint.Dim, t.paint.Plain, i.configured())
	}
	return t.err
}

func (i *Inspection) describe() string {
	if i.Format == "wasm" {
		return fmt.Sprintf("WebAssembly, guest ABI version %d", i.ABI)
	}
	return "JavaScript middleware, object " + i.Entry
}

// bodies says what the gateway has to buffer for the plugin.
func (i *Inspection) bodies() string {
	var parts []string
	if len(i.RequestBody) > 0 {
		parts = append(parts, "of the request, for "+strings.Join(i.RequestBody, ", "))
	}
	if len(i.ReplyBody) > 0 {
		parts = append(parts, "of the reply, for "+strings.Join(i.ReplyBody, ", "))
	}
	if len(parts) == 0 {
		return "not needed: they stream past it"
	}
	return strings.Join(parts, "; ")
}

func (m *moduleReport) print(t *rows) {
	m.Imports.print(t)
	if m.Allow == "" {
		t.row("grants", "none needed")
	} else {
		t.row("grants", "%s", m.Allow)
	}
	t.row("exports", "%s", orNothing(m.Exports))
	t.row("memory", "%s", m.Memory)
	if m.Restorable {
		t.row("restorable", "yes: an instance is reset after every request")
	} else {
		t.row("restorable", "no: every request gets a new instance")
		for _, reason := range m.Reasons {
			t.row("", "%s", reason)
		}
	}
	t.row("code", "%s, %s; %d with a depth guard", output.Plural(m.Functions, "function"),
		output.Plural(m.Loops, "loop"), m.Guarded)
	t.row("state", "%s, %s", output.Plural(m.Globals, "mutable global"), output.Plural(m.DataSegments, "data segment"))
	t.row("features", "%s", orNothing(m.Features))
}

func (r importReport) print(t *rows) {
	label := "imports"
	group := func(what string, names []string) {
		if len(names) > 0 {
			t.row(label, "%s: %s", what, strings.Join(names, ", "))
			label = ""
		}
	}
	group("free", r.Free)
	for _, what := range slices.Sorted(maps.Keys(r.Granted)) {
		group("granted by "+what, r.Granted[what])
	}
	group("WASI", r.WASI)
	group("unknown", r.Unknown)
	if label != "" {
		t.row(label, "none")
	}
}

// String says how much memory a module begins with and may come to use.
func (m memoryReport) String() string {
	if m.MaxBytes == nil {
		return output.Bytes(m.MinBytes) + " to begin with, no maximum of its own"
	}
	return fmt.Sprintf("%s to begin with, at most %s", output.Bytes(m.MinBytes), output.Bytes(*m.MaxBytes))
}

func orNothing(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// rows prints rows of a label and text that is wrapped beside it.
type rows struct {
	out   io.Writer
	paint output.Paint
	err   error
}

const (
	labelWidth = 12
	textWidth  = 84
)

func (t *rows) row(label, format string, args ...any) {
	if t.err != nil {
		return
	}
	for _, line := range wrap(fmt.Sprintf(format, args...), textWidth) {
		_, t.err = fmt.Fprintf(t.out, "%s%-*s%s%s\n", t.paint.Bold, labelWidth, label, t.paint.Plain, line)
		label = ""
	}
}

// wrap breaks text between words.
func wrap(text string, width int) []string {
	var out []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			out = append(out, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(out, line)
}
