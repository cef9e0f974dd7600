package faults

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/c386954a/sallyport/internal/compare/faults/attack"
)

// Limits of the plugins that do harm.
const (
	Timeout = 300 * time.Millisecond // of one call

	memoryLimit  = 64 << 20  // of an instance
	processLimit = 256 << 20 // of the external process
	forkLimit    = 64        // processes and threads of its user
)

// Stage makes configurations in which plugins do harm. It may be used by
// several goroutines.
type Stage struct {
	Arena *Arena

	// Command is the external process: a program that calls [attack.Child].
	Command []string

	// Prefix begins the names of plugins and APIs; "lab" unless set.
	Prefix string

	mu sync.Mutex // held by a strike: the arena counts for one at a time
}

// Fragment is part of a configuration. The texts are YAML, indented by two
// spaces, and each ends with a newline; an empty one needs no key.
type Fragment struct {
	Plugins string // goes below the key plugins
	APIs    string // goes below the key apis
	Coproc  string // goes below the key coproc; empty if no model needs it

	// Files are to be written beside the configuration.
	Files map[string][]byte
}

// Fragment returns what attacking the models takes: their plugins, an API with
// the attacked plugin for each model and fault, at [Path], and the APIs of the
// neighbours. Names begin with the prefix. Only one of [Process] and [Bare]
// can be among the models: there is one external process.
func (s *Stage) Fragment(models []Model, faults []Scenario) Fragment {
	d := draft{stage: s, files: map[string][]byte{}}
	d.plugin("native", "runtime: builtin, entry: headers, timeout: 2s")
	d.api("native", nativePath, "native")
	for _, m := range models {
		if m.runtime == "coproc" {
			d.coproc = s.coproc(m)
		}
		d.bystander(m)
		for i, f := range faults {
			if m.ID == Wasm || i == 0 { // one script, and one process, knows all faults
				d.attacker(m, f)
			}
			d.api(m.ID+"-"+f.ID, Path(m, f), attacker(m, f))
			d.api(m.ID+"-"+f.ID+"-other", otherPath(m, f), attacker(m, f))
		}
	}
	return Fragment{Plugins: d.plugins.String(), APIs: d.apis.String(), Coproc: d.coproc, Files: d.files}
}

// Text returns the fragment as a configuration of its own, which begins with
// the given lines.
func (f Fragment) Text(lines string) []byte {
	text := "version: 1\n" + lines
	if f.Coproc != "" {
		text += "coproc:\n" + f.Coproc
	}
	return []byte(text + "plugins:\n" + f.Plugins + "apis:\n" + f.APIs)
}

// Write writes the files of the fragment into a folder.
func (f Fragment) Write(dir string) error {
	for name, data := range f.Files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Path is the path of the API that is attacked.
func Path(m Model, f Scenario) string { return "/lab/" + m.ID + "/" + f.ID + "/" }

// Paths of the neighbours: another API with the attacked plugin, one with
// another plugin of the model, and one with a native plugin.
func otherPath(m Model, f Scenario) string { return "/lab/" + m.ID + "/" + f.ID + "-other/" }
func modelPath(m Model) string             { return "/lab/" + m.ID + "/bystander/" }

const nativePath = "/lab/native/"

// attacker is the name of the plugin that does harm, without the prefix.
func attacker(m Model, f Scenario) string {
	if m.ID == Wasm {
		return m.ID + "-" + f.ID
	}
	return m.ID
}

// draft is a fragment in the making.
type draft struct {
	stage         *Stage
	plugins, apis strings.Builder
	coproc        string
	files         map[string][]byte
}

func (d *draft) plugin(name, settings string) {
	fmt.Fprintf(&d.plugins, "  %s: { %s }\n", d.stage.name(name), settings)
}

func (d *draft) api(name, path, plugin string) {
	fmt.Fprintf(&d.apis, "  - { name: %s, match: { path: %s }, upstream: { url: %s }, hooks: { pre: [%s] } }\n",
		d.stage.name(name), path, quote(d.stage.Arena.Upstream), d.stage.name(plugin))
}

// file adds a file and returns its name.
func (d *draft) file(name string, data []byte) string {
	name = d.stage.name(name)
	d.files[name] = data
	return name
}

// attacker adds the plugin that does harm.
func (d *draft) attacker(m Model, f Scenario) {
	limits := fmt.Sprintf("timeout: %v, memory: %d", Timeout, int64(memoryLimit))
	s := d.stage
	switch m.ID {
	case Wasm:
		module := attack.Module(f.ID, attack.Params{
			Slow: s.Arena.Slow, Target: s.Arena.Forbidden, File: s.Arena.File, Secret: s.Arena.Secret,
		})
		d.plugin(attacker(m, f), fmt.Sprintf("runtime: wasm, source: %s, %s, allow: %s",
			d.file(m.ID+"-"+f.ID+".wasm", module), limits, s.grants(f)))
	case WasmJS:
		d.plugin(attacker(m, f), fmt.Sprintf("runtime: wasm, source: %s, entry: %s, %s, allow: %s",
			d.file("attack.js", attack.Script), attack.Entry, limits, s.mayAsk()))
	case JSVM:
		d.plugin(attacker(m, f), fmt.Sprintf("runtime: jsvm, source: %s, entry: %s, %s", d.file("attack.js", attack.Script),
			attack.Entry, limits))
	default:
		d.plugin(attacker(m, f), fmt.Sprintf("runtime: coproc, entry: %s, %s", attack.Entry, limits))
	}
}

// bystander adds a harmless plugin of the model, and its API.
func (d *draft) bystander(m Model) {
	name := m.ID + "-bystander"
	d.api(name, modelPath(m), name)
	switch m.ID {
	case Wasm:
		d.plugin(name, fmt.Sprintf("runtime: wasm, source: %s, timeout: 2s", d.file("bystander.wasm", attack.Idle())))
	case WasmJS, JSVM:
		d.plugin(name, fmt.Sprintf("runtime: %s, source: %s, entry: bystander, timeout: 2s", m.runtime,
			d.file("bystander.js", attack.Bystander)))
	default:
		d.plugin(name, "runtime: coproc, entry: good, timeout: 2s")
	}
}

// name returns a name with the prefix.
func (s *Stage) name(name string) string {
	if s.Prefix == "" {
		return "lab-" + name
	}
	return s.Prefix + "-" + name
}

// grants gives a module what it may ask for, which is not what it is after.
func (s *Stage) grants(f Scenario) string {
	if f.ID == attack.ReadEnv {
		return "{ env: [SALLYPORT_FAULTS_OTHER] }"
	}
	return s.mayAsk()
}

// mayAsk grants the slow server.
func (s *Stage) mayAsk() string { return fmt.Sprintf("{ http: [%s] }", quote(s.Arena.Slow)) }

// coproc returns the external process, which is granted the slow server.
func (s *Stage) coproc(m Model) string {
	var words []string
	for _, w := range s.Command {
		words = append(words, quote(w))
	}
	sandbox := "{ enabled: false }"
	if m.ID == Process {
		sandbox = fmt.Sprintf("{ memory: %d, processes: %d, tcp: [%s] }", int64(processLimit), forkLimit, port(s.Arena.Slow))
	}
	return fmt.Sprintf("  command: [%s]\n  sandbox: %s\n", strings.Join(words, ", "), sandbox)
}

func port(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return u.Port()
}

// quote returns s as a string of the configuration, in which a dollar sign
// stands for a value of the environment.
func quote(s string) string { return strconv.Quote(strings.ReplaceAll(s, "$", "$$")) }
