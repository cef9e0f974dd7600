package archtest_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/c386954a/sallyport"

// layers says what each package may import from this module. A package that
// is not listed here does not exist; ARCHITECTURE.md shows the same table.
// Test files may import what they like: they are the gateway's users.
var layers = map[string][]string{
	"abi":                 {},
	"abi/abitest":         {"abi", "internal/fixture", "proxy/chain"},
	"abi/abitest/conform": {"abi", "sdk/coproc/go"},
	"abi/abitest/guest":   {"sdk/go"},

	"proxy":          {"abi", "internal/jsontext", "proxy/chain", "proxy/h1", "proxy/ingress", "proxy/upstream", "proxy/urlpath"},
	"proxy/chain":    {"abi", "proxy/urlpath"},
	"proxy/h1":       {"abi"},
	"proxy/ingress":  {"abi", "internal/jsontext", "proxy/h1", "proxy/urlpath"},
	"proxy/upstream": {"abi", "proxy/h1"},
	"proxy/urlpath":  {},

	"store": {"abi"},

	"runtime/builtin":         {"abi", "internal/jsontext", "proxy/urlpath"},
	"runtime/coproc":          {"abi", "internal/loglimit", "internal/telemetry", "runtime/coproc/rpc", "runtime/coproc/sandbox"},
	"runtime/coproc/rpc":      {"abi", "internal/jsontext"},
	"runtime/coproc/sandbox":  {"internal/procstat"},
	"runtime/jsvm":            {"abi", "internal/artifact", "internal/loglimit", "internal/tyk/hostapi", "internal/tyk/jsapi", "internal/tyk/object", "runtime/jsvm/lazy", "runtime/jsvm/syntax", "runtime/jsvm/underscore"},
	"runtime/jsvm/lazy":       {},
	"runtime/jsvm/syntax":     {"abi"},
	"runtime/jsvm/underscore": {},

	"runtime/wasm":              {"abi", "internal/artifact", "internal/loglimit", "runtime/wasm/guest", "runtime/wasm/guest/js", "runtime/wasm/guest/native", "runtime/wasm/outbound", "runtime/wasm/rewrite", "runtime/wasm/snapshot"},
	"runtime/wasm/guest":        {"abi"},
	"runtime/wasm/guest/js":     {"abi", "internal/artifact", "internal/loglimit", "internal/tyk/hostapi", "internal/tyk/jsapi", "internal/tyk/object", "runtime/wasm/guest", "runtime/wasm/guest/native", "runtime/wasm/outbound"},
	"runtime/wasm/guest/native": {"abi", "internal/telemetry", "runtime/wasm/guest", "runtime/wasm/outbound"},
	"runtime/wasm/outbound":     {"abi"},
	"runtime/wasm/rewrite":      {},
	"runtime/wasm/snapshot":     {},
	"runtime/wasm/wasmtest":     {"internal/needs"},

	"internal/admin":       {"abi", "internal/telemetry", "proxy/chain"},
	"internal/app":         {"abi", "internal/admin", "internal/compare/lab", "internal/config", "internal/tyk", "internal/tyk/dialect", "internal/tyk/document", "proxy", "proxy/chain", "proxy/ingress", "proxy/upstream", "runtime/builtin", "runtime/coproc", "runtime/coproc/sandbox", "runtime/jsvm", "runtime/wasm", "store"},
	"internal/archtest":    {},
	"internal/artifact":    {},
	"internal/browsertest": {"internal/needs"},

	"internal/compare/bench":           {"internal/compare/bench/guest", "internal/compare/bench/load", "internal/compare/bench/plain", "internal/compare/peers", "internal/output", "internal/procstat", "sdk"},
	"internal/compare/bench/guest":     {},
	"internal/compare/bench/guest/go":  {"sdk/go"},
	"internal/compare/bench/load":      {},
	"internal/compare/bench/parts":     {"abi", "internal/app", "internal/compare/bench", "internal/compare/bench/guest", "internal/compare/bench/plain", "internal/compare/bench/reference", "internal/config", "sdk/coproc/go"},
	"internal/compare/bench/plain":     {},
	"internal/compare/bench/reference": {"abi", "internal/tyk/jsapi", "internal/tyk/object"},
	"internal/compare/faults":          {"abi", "internal/compare/faults/attack", "internal/config", "internal/output", "internal/procstat"},
	"internal/compare/faults/attack":   {"runtime/wasm/wasmtest", "sdk/coproc/go"},
	"internal/compare/lab":             {"abi", "internal/procstat", "proxy/chain"},
	"internal/compare/page":            {"internal/compare/bench"},
	"internal/compare/peers":           {"internal/procstat"},
	"internal/compare/rig":             {"internal/compare/faults", "internal/compare/lab", "internal/config"},

	"internal/config":              {"abi", "internal/output"},
	"internal/demo":                {"examples", "internal/admin", "internal/app", "internal/compare/faults/attack", "internal/compare/rig", "internal/config", "proxy", "sdk/coproc/go"},
	"internal/fixture":             {"abi", "proxy/chain"},
	"internal/jsontext":            {"abi"},
	"internal/loglimit":            {},
	"internal/longtest":            {},
	"internal/needs":               {},
	"internal/output":              {},
	"internal/plugintool":          {"abi", "internal/app", "internal/config", "internal/fixture", "internal/output", "internal/plugintool/scaffold", "runtime/wasm/guest/native", "runtime/wasm/rewrite", "store"},
	"internal/plugintool/scaffold": {"sdk"},
	"internal/procstat":            {},
	"internal/telemetry":           {"abi"},

	"internal/tyk":            {"internal/tyk/definition", "internal/tyk/document", "internal/tyk/script", "internal/tyk/source", "internal/tyk/write", "proxy/urlpath"},
	"internal/tyk/bundle":     {},
	"internal/tyk/definition": {"internal/tyk/document"},
	"internal/tyk/dialect":    {"abi", "internal/tyk/object"},
	"internal/tyk/document":   {},
	"internal/tyk/hostapi":    {"abi", "internal/tyk/object"},
	"internal/tyk/jsapi":      {},
	"internal/tyk/object":     {"abi", "internal/jsontext"},
	"internal/tyk/script":     {},
	"internal/tyk/source":     {"internal/tyk/bundle", "internal/tyk/definition", "internal/tyk/document", "internal/tyk/script"},
	"internal/tyk/write":      {"internal/tyk/document"},

	"sdk":               {},
	"sdk/coproc/go":     {},
	"sdk/coproc/go/tyk": {"sdk/coproc/go"},
	"sdk/go":            {},

	"examples":                 {},
	"examples/wasm-headers-go": {"sdk/go"},

	"cmd/sallyport": {"*"},
}

// homes names the packages that may import an outside module, tests aside.
var homes = map[string][]string{
	"github.com/valyala/fasthttp":              {"proxy/ingress", "internal/compare/bench/plain"},
	"github.com/tetratelabs/wazero":            {"runtime/wasm", "runtime/wasm/guest", "runtime/wasm/guest/js", "runtime/wasm/guest/native", "runtime/wasm/snapshot"},
	"github.com/robertkrimen/otto":             {"runtime/jsvm", "runtime/jsvm/lazy", "runtime/jsvm/syntax", "runtime/jsvm/underscore", "internal/compare/bench/reference", "internal/tyk/jsapi", "internal/tyk/script"},
	"github.com/dop251/goja":                   {"internal/compare/bench/reference"},
	"github.com/HdrHistogram/hdrhistogram-go":  {"internal/compare/bench", "internal/compare/bench/load"},
	"github.com/rs/zerolog":                    {"proxy", "proxy/ingress", "runtime/wasm", "runtime/wasm/guest/js", "runtime/wasm/guest/native", "runtime/jsvm", "runtime/coproc", "internal/admin", "internal/app", "internal/compare/bench/parts", "internal/compare/lab", "internal/demo", "internal/plugintool", "cmd/sallyport"},
	"github.com/spf13/cobra":                   {"cmd/sallyport"},
	"github.com/goccy/go-yaml":                 {"internal/config"},
	"github.com/prometheus/client_golang":      {"internal/admin"},
	"golang.org/x/sys":                         {"runtime/coproc", "runtime/coproc/sandbox", "proxy/h1", "proxy/upstream", "runtime/wasm/snapshot", "internal/compare/bench/load", "internal/procstat"},
	"github.com/chromedp/chromedp":             {"internal/browsertest"},
	"github.com/chromedp/cdproto":              {"internal/browsertest"},
	"golang.org/x/tools/txtar":                 {"internal/fixture"},
	"github.com/google/go-cmp":                 {"abi/abitest"},
	"github.com/santhosh-tekuri/jsonschema/v6": {}, // tests only
}

func TestPackagesImportOnlyWhatTheirLayerAllows(t *testing.T) {
	for _, f := range sources(t) {
		allowed, ok := layers[f.pkg]
		if !ok {
			t.Errorf("%s: package %s is not in the layers map: add it with what it may import", f.path, f.pkg)
			continue
		}
		for _, imp := range f.imports {
			inner, ours := strings.CutPrefix(imp, module+"/")
			if ours && !slices.Contains(allowed, inner) && !slices.Contains(allowed, "*") {
				t.Errorf("%s: %s must not import %s", f.path, f.pkg, inner)
			}
		}
	}
}

func TestOutsideModulesStayInTheirHome(t *testing.T) {
	for _, f := range sources(t) {
		for _, imp := range f.imports {
			if first, _, _ := strings.Cut(imp, "/"); !strings.Contains(first, ".") || strings.HasPrefix(imp, module) {
				continue
			}
			mod, ok := home(imp)
			if !ok {
				t.Errorf("%s: %s has no home: add it to homes and to RATIONALE.md", f.path, imp)
				continue
			}
			if !slices.Contains(homes[mod], f.pkg) {
				t.Errorf("%s: %s may be imported only by %v", f.path, imp, homes[mod])
			}
		}
	}
}

func TestEveryListedPackageExists(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range sources(t) {
		seen[f.pkg] = true
	}
	for pkg := range layers {
		if !seen[pkg] {
			t.Errorf("package %s is in the layers map and has no source", pkg)
		}
	}
}

func home(imp string) (string, bool) {
	for mod := range homes {
		if imp == mod || strings.HasPrefix(imp, mod+"/") {
			return mod, true
		}
	}
	return "", false
}

type source struct {
	path, pkg string
	imports   []string
}

// sources parses the imports of every file that is not a test. It reads the
// files itself instead of asking the go command: only then does the test cache
// notice a changed import.
func sources(t *testing.T) []source {
	t.Helper()
	root := filepath.Join("..", "..")
	var out []source
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skip(root, p, d.Name())
		}
		if strings.HasSuffix(p, ".go") && (!strings.HasSuffix(p, "_test.go") || strings.Contains(p, "archtest")) {
			out = append(out, parse(t, root, p))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// skip leaves out fixtures, which have rules of their own, and installed packages.
func skip(root, dir, name string) error {
	if dir == root {
		return nil
	}
	if name == "testdata" || name == "node_modules" || strings.HasPrefix(name, ".") {
		return filepath.SkipDir
	}
	return nil
}

func parse(t *testing.T, root, p string) source {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	rel, err := filepath.Rel(root, p)
	if err != nil {
		t.Fatal(err)
	}
	s := source{path: filepath.ToSlash(rel), pkg: path.Dir(filepath.ToSlash(rel))}
	for _, i := range f.Imports {
		imp, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		s.imports = append(s.imports, imp)
	}
	return s
}
