package faults

import (
	"bytes"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/c386954a/sallyport/internal/faults/attack"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
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

// Fragment returns the plugins and one API for each of the models and faults.
// The path of such an API is given by [Path], its name is PREFIX-MODEL-FAULT,
// and so is that of its plugin. Only one of [Process] and [Bare] can be among
// the models: there is one external process.
func (s *Stage) Fragment(models []Model, faults []Fault) Fragment {
	f := Fragment{Files: map[string][]byte{}}
	var plugins, apis strings.Builder
	for _, m := range models {
		if m.runtime == "coproc" {
			f.Coproc = s.coproc(m)
		}
		for _, fault := range faults {
			name := s.name(m, fault)
			plugins.WriteString("  " + s.plugin(m, fault, name, f.Files) + "\n")
			apis.WriteString("  " + s.api(name, Path(m, fault), name) + "\n")
			if fault.ID == attack.LeakAPIs {
				apis.WriteString("  " + s.api(name+"-other", otherPath(m, fault), name) + "\n")
			}
		}
	}
	f.Plugins, f.APIs = plugins.String(), apis.String()
	return f
}

// Path is the path of the API that runs the attacked plugin.
func Path(m Model, f Fault) string { return "/lab/" + m.ID + "/" + f.ID + "/" }

// otherPath is the path of a second API with the same plugin, where the fault
// needs one.
func otherPath(m Model, f Fault) string { return "/lab/" + m.ID + "/" + f.ID + "-other/" }

func (s *Stage) name(m Model, f Fault) string {
	prefix := s.Prefix
	if prefix == "" {
		prefix = "lab"
	}
	return prefix + "-" + m.ID + "-" + f.ID
}

// plugin returns the line of an attacking plugin and adds its file.
func (s *Stage) plugin(m Model, f Fault, name string, files map[string][]byte) string {
	limits := fmt.Sprintf("timeout: %v, memory: %d", Timeout, int64(memoryLimit))
	switch m.ID {
	case Wasm:
		files[name+".wasm"] = attack.Module(f.ID, attack.Params{
			Slow: s.Arena.Slow, Target: s.Arena.Forbidden, File: s.Arena.File, Secret: s.Arena.Secret,
		})
		return fmt.Sprintf("%s: { runtime: wasm, source: %[1]s.wasm, %s, allow: %s }", name, limits, s.grants(f))
	case WasmJS:
		files["attack.js"] = attack.Script
		return fmt.Sprintf("%s: { runtime: wasm, source: attack.js, entry: %s, %s, allow: %s }", name, attack.Entry, limits, s.mayAsk())
	case JSVM:
		files["attack.js"] = attack.Script
		return fmt.Sprintf("%s: { runtime: jsvm, source: attack.js, entry: %s, %s }", name, attack.Entry, limits)
	}
	return fmt.Sprintf("%s: { runtime: coproc, entry: %s, %s }", name, attack.Entry, limits)
}

// grants gives a module what it may ask for, which is not what it is after.
func (s *Stage) grants(f Fault) string {
	if f.ID == attack.ReadEnv {
		return "{ env: [SALLYPORT_FAULTS_OTHER] }"
	}
	return s.mayAsk()
}

// mayAsk grants the slow server.
func (s *Stage) mayAsk() string { return fmt.Sprintf("{ http: [%s] }", quote(s.Arena.Slow)) }

func (s *Stage) api(name, path, plugin string) string {
	return fmt.Sprintf("- { name: %s, match: { path: %s }, upstream: { url: %s }, hooks: { pre: [%s] } }",
		name, path, quote(s.Arena.Upstream), plugin)
}

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

// Paths of the neighbours' APIs in the gateway of one cell.
const (
	pathPlugin = "/same-plugin/"
	pathModel  = "/same-model/"
	pathOther  = "/other/"
)

// configuration returns the whole configuration of one cell.
func (s *Stage) configuration(m Model, f Fault) (yaml []byte, files map[string][]byte) {
	part := s.Fragment([]Model{m}, []Fault{f})
	var b bytes.Buffer
	fmt.Fprintf(&b, "version: 1\nlisten: \"127.0.0.1:0\"\ntimeouts: { shutdown: 500ms }\n")
	if part.Coproc != "" {
		fmt.Fprintf(&b, "coproc:\n%s", part.Coproc)
	}
	fmt.Fprintf(&b, "plugins:\n%s  %s\n  native: { runtime: builtin, entry: headers, timeout: 2s }\n", part.Plugins, bystander(m, part.Files))
	fmt.Fprintf(&b, "apis:\n%s", part.APIs)
	for _, a := range [][3]string{{"same-plugin", pathPlugin, s.name(m, f)}, {"same-model", pathModel, "bystander"}, {"other", pathOther, "native"}} {
		fmt.Fprintf(&b, "  %s\n", s.api(a[0], a[1], a[2]))
	}
	return b.Bytes(), part.Files
}

// bystander returns the line of a harmless plugin of the model and adds its
// file.
func bystander(m Model, files map[string][]byte) string {
	switch m.ID {
	case Wasm:
		guest := wasmtest.New(1)
		guest.Func("sallyport_pre", wasmtest.Const(0))
		files["bystander.wasm"] = guest.Bytes()
		return "bystander: { runtime: wasm, source: bystander.wasm, timeout: 2s }"
	case WasmJS, JSVM:
		files["bystander.js"] = []byte(`var bystander = new TykJS.TykMiddleware.NewMiddleware({});
bystander.NewProcessRequest(function (request, session, spec) {
    return bystander.ReturnData(request, {});
});
`)
		return "bystander: { runtime: " + m.runtime + ", source: bystander.js, entry: bystander, timeout: 2s }"
	}
	return "bystander: { runtime: coproc, entry: good, timeout: 2s }"
}
