package bench

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/c386954a/sallyport/internal/compare/bench/guest"
	"github.com/c386954a/sallyport/sdk"
)

// folder is where the files of one row are. Everybody may read it: external
// processes run as another user where the gateway is root.
type folder struct {
	path    string
	program string
}

// write writes a file and returns its path.
func (d folder) write(name string, data []byte) (string, error) {
	path := filepath.Join(d.path, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // read by another user, see above
		return "", err
	}
	return path, os.WriteFile(path, data, 0o644) //nolint:gosec // read by another user, see above
}

// script writes one of the scripts, with more text at its end.
func (d folder) script(name, more string) (string, error) {
	text, err := guest.Script(name)
	if err != nil {
		return "", err
	}
	return d.write(name, append(text, more...))
}

// sdk writes the SDK of a language into the folder sdk.
func (d folder) sdk(language string) error {
	files, err := sdk.Sources("coproc/" + language)
	if err != nil {
		return err
	}
	return fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		_, err = d.write("sdk/"+name, data)
		return err
	})
}

func native(_ folder, h *Workload) (string, error) {
	return "{ runtime: builtin, entry: native-" + h.Name + " }", nil
}

// module is a plugin of the sandbox.
func module(language, mode string) func(folder, *Workload) (string, error) {
	return func(d folder, _ *Workload) (string, error) {
		binary, err := guest.Wasm(language)
		if err != nil {
			return "", err
		}
		path, err := d.write(language+".wasm", binary)
		return fmt.Sprintf(`{ runtime: wasm, source: %s, instances: { mode: %s }, allow: { kv: ["bench:*"] } }`,
			quote(path), mode), err
	}
}

// sandboxScript is the script in the JavaScript guest of the sandbox.
func sandboxScript(d folder, h *Workload) (string, error) {
	path, err := d.script(guest.JavaScript, "")
	return fmt.Sprintf(`{ runtime: wasm, source: %s, entry: %s, allow: { kv: ["bench:*"] } }`, quote(path), h.Name), err
}

// useUnderscore makes a script use underscore: a few of its functions.
const useUnderscore = `
function used(list) { return _.contains(_.map(list, function (s) { return s.length; }), 3); }
(function () {
    function using(handler) {
        return function (a, b, c, d) { used(["a", "abc"]); return handler.call(this, a, b, c, d); };
    }
    headers.ProcessRequest = using(headers.ProcessRequest);
    json.ProcessRequest = using(json.ProcessRequest);
    auth.ProcessRequest = using(auth.ProcessRequest);
    response.ProcessResponse = using(response.ProcessResponse);
})();
`

// ottoScript is a script as the gateway runs it.
func ottoScript(more string) func(folder, *Workload) (string, error) {
	return func(d folder, h *Workload) (string, error) {
		path, err := d.script(guest.JavaScript, more)
		return fmt.Sprintf("{ runtime: jsvm, source: %s, entry: %s }", quote(path), h.Name), err
	}
}

// referenceScript is a script as others run it. It uses underscore, which it
// has to pay for anyway.
func referenceScript(entry string) func(folder, *Workload) (string, error) {
	return func(d folder, h *Workload) (string, error) {
		path, err := d.script(guest.JavaScript, useUnderscore)
		if err != nil {
			return "", err
		}
		config, err := json.Marshal(map[string]string{"script": path, "entry": h.Name})
		return fmt.Sprintf("{ runtime: builtin, entry: %s, config: %s }", entry,
			strings.ReplaceAll(string(config), "$", "$$")), err
	}
}

// process is a plugin of the external process.
func process(_ folder, h *Workload) (string, error) {
	return "{ runtime: coproc, entry: " + h.Name + " }", nil
}

func goProcess(d folder) ([]string, error) {
	return append([]string{d.program}, Child("coproc")...), nil
}

func nodeProcess(d folder) ([]string, error) {
	path, err := d.script(guest.Node, "")
	if err != nil {
		return nil, err
	}
	return []string{"node", path}, d.sdk("node")
}

func pythonProcess(d folder) ([]string, error) {
	path, err := d.script(guest.Python, "")
	if err != nil {
		return nil, err
	}
	return []string{"python3", "-B", path}, d.sdk("python")
}

// configuration writes the gateway's configuration for a row and returns its
// path.
func (r *row) configuration(d folder, h *Workload, upstream string, chain int) (string, error) {
	var b strings.Builder
	// A deadline that no row runs into on a busy machine.
	b.WriteString("version: 1\nlisten: \"127.0.0.1:0\"\ndefaults: { timeout: 10s }\n")
	if r.process != nil {
		command, err := r.process(d)
		if err != nil {
			return "", err
		}
		for i := range command {
			command[i] = quote(command[i])
		}
		fmt.Fprintf(&b, "coproc: { command: [%s], sandbox: { read: [%s] } }\n", strings.Join(command, ", "), quote(d.path))
	}
	hooks := ""
	if r.plugin != nil {
		entry, err := r.plugin(d, h)
		if err != nil {
			return "", err
		}
		var names []string
		b.WriteString("plugins:\n")
		for i := range chain {
			name := "hook" + strconv.Itoa(i+1)
			names = append(names, name)
			fmt.Fprintf(&b, "  %s: %s\n", name, entry)
		}
		hooks = fmt.Sprintf(", hooks: { %s: %s }", h.Point, bound(h, names))
	}
	fmt.Fprintf(&b, "apis:\n  - { name: bench, match: { path: / }, upstream: { url: %s }%s }\n",
		quote("http://"+upstream), hooks)
	return d.write("sallyport.yaml", []byte(b.String()))
}

// bound names the plugins of a hook.
func bound(h *Workload, names []string) string {
	if h.single {
		return names[0]
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// quote returns s as a string of the configuration, where a dollar sign would
// stand for a value of the environment.
func quote(s string) string { return strconv.Quote(strings.ReplaceAll(s, "$", "$$")) }
