package config

import (
	"strings"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// Runtimes are the names of the isolation models, as a plugin's runtime key
// takes them.
const (
	JSVM    = "jsvm"
	Wasm    = "wasm"
	Process = "coproc"
	Builtin = "builtin"
)

// Bounds of a plugin's memory.
const (
	minMemory = 64 << 10
	maxMemory = 1 << 30
)

// PluginConfig is one plugin of the file, with the defaults filled in.
type PluginConfig struct {
	Name string
	Pos  Pos // of its name

	Runtime Text   // one of JSVM, Wasm, Process, Builtin
	Source  Text   // resolved path, the first of Sources; empty for Process and Builtin
	Sources []Text // resolved paths of a plugin of several files; else nil
	Preload Text   // resolved path of a script that runs first; may be empty
	Entry   Text   // empty for a wasm module
	SHA256  Text   // lower case; empty: any

	Limits    abi.Limits
	Instances abi.Instances
	Grants    abi.Grants
	Breaker   *BreakerSettings // nil: off
	FailOpen  bool             // on_fault: open
	Lenient   bool             // on_load_error: fault
	Retry     bool             // retry: idempotent
	Config    []byte           // a JSON object; nil if there is none

	Extractor *ExtractorConfig // nil: every call goes to the plugin
}

// defaults are what plugins without a setting of their own get.
type defaults struct {
	limits   abi.Limits
	failOpen bool
	breaker  *BreakerSettings
}

func (f *fields) defaults() defaults {
	m := f.in("defaults")
	defer m.done()
	return m.settings(defaults{limits: abi.Limits{
		Timeout: 50 * time.Millisecond,
		Memory:  16 << 20,
		MaxBody: 1 << 20,
	}, breaker: usualBreaker()})
}

// settings reads the keys that defaults and plugins share.
func (f *fields) settings(d defaults) defaults {
	policy := map[bool]string{false: "closed", true: "open"}[d.failOpen]
	return defaults{
		limits: abi.Limits{
			Timeout: f.duration("timeout", d.limits.Timeout),
			Memory:  f.size("memory", d.limits.Memory, minMemory, maxMemory),
			MaxBody: f.size("max_body", d.limits.MaxBody, 1, maxMemory),
		},
		failOpen: f.choice("on_fault", policy, "closed", "open") == "open",
		breaker:  f.breaker(d.breaker),
	}
}

func (f *fields) plugins(d defaults, coproc bool) []*PluginConfig {
	n := f.take("plugins")
	if n == nil {
		return nil
	}
	if !f.want(n, label("plugins"), mapping) {
		f.unnamed = true
		return nil
	}
	var all []*PluginConfig
	for _, e := range n.entries {
		f.name(e.key, e.pos, "plugin")
		m := f.fields(e.value, e.pos, "plugin "+quote(e.key))
		p := m.plugin(d)
		p.Name, p.Pos = e.key, e.pos
		if p.Runtime.Value == Process && !coproc {
			f.problemf(p.Runtime.Pos, "add `coproc: { command: […] }`",
				"plugin %s needs the external process, and none is configured", quote(e.key))
		}
		all = append(all, p)
	}
	return all
}

// name checks a name that appears in logs and metrics.
func (r *reader) name(s string, pos Pos, what string) {
	control := func(c rune) bool { return c < ' ' || c == 0x7f }
	if s == "" || len(s) > 128 || strings.ContainsFunc(s, control) {
		r.problemf(pos, "", "the name of a %s must have 1 to 128 printable characters", what)
	}
}

func (f *fields) plugin(d defaults) *PluginConfig {
	defer f.done()
	p := &PluginConfig{Runtime: f.runtime()}
	if p.Runtime.Value == Builtin {
		f.refuse("does not apply to runtime builtin", "remove it", "breaker")
		d.breaker = nil
	}
	own := f.settings(d)
	p.Limits, p.FailOpen, p.Breaker = own.limits, own.failOpen, own.breaker
	f.code(p)
	f.isolation(p)
	p.Config = f.object("config")
	p.Retry = f.retry(p.Runtime.Value)
	p.Lenient = f.lenient(p.Runtime.Value)
	p.Extractor = f.extractor(p.Runtime.Value)
	f.later("process")
	return p
}

// retry reads whether a call may be made again, which only a process that can
// die with a call leaves open.
func (f *fields) retry(runtime string) bool {
	switch runtime {
	case JSVM, Wasm, Builtin:
		f.refuse("does not apply to runtime "+runtime, "remove it", "retry")
		return false
	}
	return f.choice("retry", "none", "none", "idempotent") == "idempotent"
}

// lenient reads whether a plugin that cannot be loaded fails its calls instead
// of the start. A built-in step that cannot be loaded is a mistake of the file.
func (f *fields) lenient(runtime string) bool {
	if runtime == Builtin {
		f.refuse("does not apply to runtime "+runtime, "remove it and correct the step's `config`", "on_load_error")
		return false
	}
	return f.choice("on_load_error", "refuse", "refuse", "fault") == "fault"
}

// runtime reads the isolation model; its value is empty if it is not known.
func (f *fields) runtime() Text {
	pos := f.keyPos("runtime")
	if e := f.entry("runtime"); e != nil {
		pos = e.value.pos
	} else {
		f.missing("runtime", "choose jsvm, wasm, coproc or builtin")
	}
	return Text{f.choice("runtime", "", JSVM, Wasm, Process, Builtin), pos}
}

// code reads where the plugin's code is, which depends on the runtime.
func (f *fields) code(p *PluginConfig) {
	switch p.Runtime.Value {
	case JSVM:
		f.scripts(p)
		p.Preload = f.path(f.text("preload", ""))
		p.Entry = f.need("entry", "name the middleware object that the file defines")
	case Wasm:
		f.scripts(p)
		f.wasmEntry(p)
	case Process:
		f.noFile("coproc")
		p.Entry = f.need("entry", "name the handler that the process declares")
	case Builtin:
		f.noFile("builtin")
		p.Entry = f.need("entry", "name the built-in step")
	default:
		f.scripts(p)
		p.Preload, p.Entry = f.path(f.text("preload", "")), f.text("entry", "")
	}
}

// wasmEntry reads the entry, which only a script has.
func (f *fields) wasmEntry(p *PluginConfig) {
	if strings.HasSuffix(p.Source.Value, ".js") {
		p.Preload = f.path(f.text("preload", ""))
		p.Entry = f.need("entry", "name the middleware object that the file defines")
		return
	}
	f.refuse("does not apply to a wasm module", "remove it: the module's exports are fixed", "entry")
	f.refuse("does not apply to a wasm module", "remove it: only a script has one", "preload")
}

func (f *fields) noFile(runtime string) {
	f.refuse("does not apply to runtime "+runtime, "remove it: such a plugin has no file", "source", "sha256", "preload")
}

// isolation reads what only some runtimes can enforce.
func (f *fields) isolation(p *PluginConfig) {
	runtime := p.Runtime.Value
	switch runtime {
	case Process, Builtin:
		f.refuse("does not apply to runtime "+runtime, "remove it", "instances")
	default:
		p.Instances = f.instances()
	}
	switch runtime {
	case JSVM, Process, Builtin:
		f.refuse("does not apply to runtime "+runtime, "only the wasm runtime can enforce it", "allow")
	default:
		p.Grants = f.grants()
	}
}

func (f *fields) instances() abi.Instances {
	m := f.in("instances")
	defer m.done()
	i := abi.Instances{Max: m.count("max", 0, 1)}
	if m.choice("mode", abi.Fresh.String(), abi.Fresh.String(), abi.Pooled.String()) == abi.Pooled.String() {
		i.Mode = abi.Pooled
	}
	return i
}

func (f *fields) grants() abi.Grants {
	m := f.in("allow")
	defer m.done()
	return abi.Grants{KV: m.strings("kv"), HTTP: m.strings("http"), Env: m.strings("env")}
}
