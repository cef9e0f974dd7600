package plugintool

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/app"
	"github.com/c386954a/sallyport/internal/config"
	"github.com/c386954a/sallyport/internal/output"
	"github.com/c386954a/sallyport/runtime/wasm/guest/native"
	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
)

// inspectMemory is the memory of a plugin whose configuration does not say.
const inspectMemory = 16 << 20

// module fills in what is known of a WebAssembly module.
func (i *Inspection) module(ctx context.Context, data []byte) error {
	i.Format, i.ABI = "wasm", 1
	_, r, err := rewrite.Rewrite(data, rewrite.Options{})
	if err != nil {
		i.Problem = strings.TrimPrefix(err.Error(), "rewrite: ")
		i.declares(abi.Declaration{})
		return nil
	}
	i.Module = newModuleReport(r)
	return i.load(ctx, config.Wasm, "")
}

// entryPattern finds the objects that legacy middleware defines.
var entryPattern = regexp.MustCompile(`(?m)^[ \t]*(?:var[ \t]+|let[ \t]+|const[ \t]+)?([A-Za-z_$][\w$]*)[ \t]*=[ \t]*new[ \t]+TykJS\.`)

// script fills in what is known of a JavaScript file.
func (i *Inspection) script(ctx context.Context, data []byte, entry string) error {
	i.Format = "javascript"
	if entry == "" {
		found := entryPattern.FindAllSubmatch(data, -1)
		if len(found) != 1 {
			return fmt.Errorf("%s defines %s: name one with --entry", i.File, output.Plural(len(found), "middleware object"))
		}
		entry = string(found[0][1])
	}
	i.Entry = entry
	return i.load(ctx, config.JSVM, entry)
}

// load loads the plugin as the gateway would, with everything granted.
func (i *Inspection) load(ctx context.Context, runtime, entry string) error {
	i.declares(abi.Declaration{})
	declared, refused, err := app.TryLoad(ctx, runtime, abi.Spec{
		Name: "inspect", Source: i.File, Entry: entry,
		Limits: abi.Limits{Memory: inspectMemory},
		Grants: abi.Grants{KV: []string{"*"}, HTTP: []string{"https://host.invalid/*"}, Env: []string{"HOME"}},
	})
	if err != nil {
		return err
	}
	if refused != nil {
		i.Problem = reasonOf(refused, i.File)
		return nil
	}
	i.Loads = true
	i.declares(declared)
	return nil
}

// reasonOf returns why a plugin was refused, without what the reader knows.
func reasonOf(refused error, file string) string {
	_, text, found := strings.Cut(refused.Error(), file+": ")
	if !found {
		return refused.Error()
	}
	return text
}

func newModuleReport(r *rewrite.ModuleReport) *moduleReport {
	m := &moduleReport{
		Imports: sortImports(r.Imports), Exports: plainExports(r.Exports),
		Memory:     memoryReport{MinBytes: int64(r.Memory.Min) * wasmPage},
		Restorable: r.Restorable, Reasons: orEmpty(r.Reasons),
		Functions: r.Functions, Loops: r.Loops, Guarded: r.Wrapped,
		Globals: len(r.Globals), DataSegments: r.DataSegments, Features: orEmpty(r.Features),
	}
	if r.Memory.HasMax {
		limit := int64(r.Memory.Max) * wasmPage
		m.Memory.MaxBytes = &limit
	}
	if len(m.Imports.Granted) > 0 {
		var what []string
		for name := range m.Imports.Granted {
			what = append(what, name)
		}
		m.Allow = native.GrantLine(what)
	}
	return m
}

const wasmPage = 64 << 10

func orEmpty(list []string) []string { return append([]string{}, list...) }

// sortImports sorts imports by what they need.
func sortImports(all []rewrite.Extern) importReport {
	out := importReport{Free: []string{}, Granted: map[string][]string{}, WASI: []string{}, Unknown: []string{}}
	for _, e := range all {
		what, known := native.Need(e.Name)
		switch {
		case e.Module == "wasi_snapshot_preview1":
			out.WASI = append(out.WASI, e.Name)
		case e.Module != native.Module || !known:
			out.Unknown = append(out.Unknown, e.Module+"."+e.Name)
		case what != "":
			out.Granted[what] = append(out.Granted[what], e.Name)
		default:
			out.Free = append(out.Free, e.Name)
		}
	}
	for _, list := range out.Granted {
		slices.Sort(list)
	}
	slices.Sort(out.Free)
	slices.Sort(out.WASI)
	slices.Sort(out.Unknown)
	return out
}

// plainExports returns the exported functions that are no hooks.
func plainExports(all []rewrite.Extern) []string {
	hooks := map[string]bool{}
	for h := range abi.AllHooks.All() {
		hooks[native.Export(h)] = true
	}
	out := []string{}
	for _, e := range all {
		if e.Kind == rewrite.KindFunc && !hooks[e.Name] {
			out = append(out, e.Name)
		}
	}
	slices.Sort(out)
	return out
}

// configured returns the lines that a configuration needs for the plugin.
func (i *Inspection) configured() string {
	name := strings.TrimSuffix(filepath.Base(i.File), filepath.Ext(i.File))
	var b strings.Builder
	fmt.Fprintf(&b, "  %s:\n", name)
	if i.Format == "wasm" {
		fmt.Fprintf(&b, "    runtime: %s\n    source: %s\n", config.Wasm, i.File)
	} else {
		fmt.Fprintf(&b, "    runtime: %s\n    source: %s\n    entry: %s\n", config.JSVM, i.File, i.Entry)
	}
	fmt.Fprintf(&b, "    sha256: %q\n", i.SHA256)
	if i.Module != nil && i.Module.Allow != "" {
		fmt.Fprintf(&b, "    %s\n", i.Module.Allow)
	}
	return b.String()
}
