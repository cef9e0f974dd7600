package plugintool

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/output"
)

// maxInspect is the largest file that is read.
const maxInspect = 64 << 20

// Inspection is what is known of a plugin from its file.
type Inspection struct {
	File   string `json:"file"`
	Format string `json:"format"` // wasm or javascript
	ABI    int    `json:"abi,omitempty"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`

	Loads   bool   `json:"loads"` // with everything granted that it imports
	Problem string `json:"problem,omitempty"`
	Entry   string `json:"entry,omitempty"`

	Hooks       []string `json:"hooks"`
	RequestBody []string `json:"request_body"` // hooks that need it
	ReplyBody   []string `json:"reply_body"`

	Module *moduleReport `json:"module,omitempty"`
}

// moduleReport is what only WebAssembly modules have.
type moduleReport struct {
	Imports importReport `json:"imports"`
	Exports []string     `json:"exports"` // functions that are no hooks

	// Allow is the line of configuration that grants what is imported; empty
	// if nothing has to be granted.
	Allow string `json:"allow,omitempty"`

	Memory     memoryReport `json:"memory"`
	Restorable bool         `json:"restorable"`
	Reasons    []string     `json:"reasons"` // why it cannot be restored

	Functions    int      `json:"functions"`
	Loops        int      `json:"loops"`
	Guarded      int      `json:"guarded"` // functions with a check of the call depth
	Globals      int      `json:"globals"` // that can change
	DataSegments int      `json:"data_segments"`
	Features     []string `json:"features"` // beyond WebAssembly 1.0
}

// importReport sorts imports by what they need.
type importReport struct {
	Free    []string            `json:"free"`    // of the ABI, for everyone
	Granted map[string][]string `json:"granted"` // of the ABI, by what has to be granted
	WASI    []string            `json:"wasi"`
	Unknown []string            `json:"unknown"` // the reason why it does not load
}

// memoryReport is the memory that a module declares.
type memoryReport struct {
	MinBytes int64  `json:"min_bytes"`
	MaxBytes *int64 `json:"max_bytes"` // null: none of its own
}

// Inspect looks at a file and loads it as the gateway would, in the sandbox and
// with nothing granted that leaves this machine. entry names the object of a
// JavaScript file; it is found if empty. An error means that there is nothing
// to say of the file.
func Inspect(ctx context.Context, file, entry string) (*Inspection, error) {
	data, err := readPlugin(file)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(data)
	i := &Inspection{File: file, Bytes: int64(len(data)), SHA256: hex.EncodeToString(digest[:])}
	switch {
	case strings.EqualFold(filepath.Ext(file), ".js"):
		return i, i.script(ctx, data, entry)
	case len(data) >= 4 && string(data[:4]) == "\x00asm":
		return i, i.module(ctx, data)
	}
	return nil, fmt.Errorf("%s is neither a WebAssembly module nor a .js file", file)
}

func readPlugin(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s is a folder: name the plugin's file in it", file)
	}
	if info.Size() > maxInspect {
		return nil, fmt.Errorf("%s is larger than %s", file, output.Bytes(maxInspect))
	}
	return os.ReadFile(file)
}

// declares notes what the plugin said of itself when it was loaded.
func (i *Inspection) declares(d abi.Declaration) {
	i.Hooks, i.RequestBody, i.ReplyBody = names(d.Hooks), names(d.RequestBody), names(d.ReplyBody)
}

func names(hooks abi.HookSet) []string {
	all := []string{}
	for h := range hooks.All() {
		all = append(all, h.String())
	}
	return all
}

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
