package config_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/tools/txtar"

	"github.com/c386954a/sallyport/internal/config"
)

// compile returns the published schema, ready to use.
func compile(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(config.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("sallyport.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("sallyport.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// schemaError returns what the schema has against a file, as an editor would.
func schemaError(s *jsonschema.Schema, data []byte) error {
	var v any
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if err := yaml.Unmarshal(data, &v); err != nil {
		return err
	}
	return s.Validate(v)
}

// anyEnv is an environment in which everything is set.
func anyEnv(string) (string, bool) { return "value", true }

// configs returns every configuration of the project by name: those of the
// examples, of the command line's scripts and of this package.
func configs(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	add := func(name string, data []byte) {
		if strings.HasSuffix(name, ".yaml") && strings.HasPrefix(strings.TrimSpace(firstKey(data)), "version:") {
			all[name] = data
		}
	}
	for _, root := range []string{"../../examples", "../../cmd", "testdata"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			add(path, data)
			if filepath.Ext(path) == ".txtar" {
				for _, f := range txtar.Parse(data).Files {
					add(path+"/"+f.Name, f.Data)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// firstKey returns the first line that is not a comment: it tells a
// configuration from other YAML files.
func firstKey(data []byte) string {
	for line := range strings.Lines(string(data)) {
		if s := strings.TrimSpace(line); s != "" && !strings.HasPrefix(s, "#") {
			return s
		}
	}
	return ""
}

func TestSchemaAndCheckerAgree(t *testing.T) {
	s := compile(t)
	all := configs(t)
	if len(all) < 30 {
		t.Fatalf("found %d configurations, want at least 30", len(all))
	}
	refused := 0
	for name, data := range all {
		_, err := config.Parse(name, data, anyEnv)
		schemaErr := schemaError(s, data)
		if err == nil && schemaErr != nil {
			t.Errorf("%s: the checker accepts it, the schema says: %v", name, schemaErr)
		}
		if schemaErr != nil {
			refused++
		}
	}
	if refused < 20 {
		t.Errorf("the schema refused %d configurations, want at least 20: it is too weak", refused)
	}
}

// Mistakes that a schema can see are seen by both.
func TestSchemaRefusesMistakesOfShape(t *testing.T) {
	s := compile(t)
	for name, text := range map[string]string{
		"unknown key":             "version: 1\nlisen: a\n",
		"missing version":         "listen: \":1\"\n",
		"wrong version":           "version: 2\n",
		"number for a string":     "version: 1\nlisten: 8080\n",
		"no unit":                 "version: 1\ntimeouts: { idle: 60 }\n",
		"wrong unit":              "version: 1\ndefaults: { memory: 16mib }\n",
		"wrong policy":            "version: 1\ndefaults: { on_fault: opened }\n",
		"wrong runtime":           "version: 1\nplugins: { a: { runtime: lua } }\n",
		"jsvm without entry":      "version: 1\nplugins: { a: { runtime: jsvm, source: a.js } }\n",
		"wasm without source":     "version: 1\nplugins: { a: { runtime: wasm } }\n",
		"wasm with entry":         "version: 1\nplugins: { a: { runtime: wasm, source: a.wasm, entry: a } }\n",
		"coproc with source":      "version: 1\ncoproc: { command: [a] }\nplugins: { a: { runtime: coproc, entry: a, source: b } }\n",
		"coproc with instances":   "version: 1\ncoproc: { command: [a] }\nplugins: { a: { runtime: coproc, entry: a, instances: { max: 1 } } }\n",
		"jsvm with allow":         "version: 1\nplugins: { a: { runtime: jsvm, source: a, entry: a, allow: {} } }\n",
		"short digest":            "version: 1\nplugins: { a: { runtime: wasm, source: a.wasm, sha256: ab } }\n",
		"api without match":       "version: 1\napis: [{ name: a, upstream: { url: \"http://h\" } }]\n",
		"api without name":        "version: 1\napis: [{ match: { path: / }, upstream: { url: \"http://h\" } }]\n",
		"relative path":           "version: 1\napis: [{ name: a, match: { path: a }, upstream: { url: \"http://h\" } }]\n",
		"upstream with fragment":  "version: 1\napis: [{ name: a, match: { path: / }, upstream: { url: \"http://h/#x\" } }]\n",
		"two plugins for auth":    "version: 1\napis: [{ name: a, match: { path: / }, upstream: { url: \"http://h\" }, hooks: { auth: [a] } }]\n",
		"half a pair":             "version: 1\ntls: { cert: a }\n",
		"command as a string":     "version: 1\ncoproc: { command: a }\n",
		"sandbox of words":        "version: 1\ncoproc: { command: [a], sandbox: strict }\n",
		"port out of range":       "version: 1\ncoproc: { command: [a], sandbox: { tcp: [70000] } }\n",
		"port as a string":        "version: 1\ncoproc: { command: [a], sandbox: { tcp: [\"443\"] } }\n",
		"wrong reload":            "version: 1\ncoproc: { command: [a], reload: restart }\n",
		"jsvm with retry":         "version: 1\nplugins: { a: { runtime: jsvm, source: a, entry: a, retry: none } }\n",
		"entry of a list":         "version: 1\nplugins: { a: { runtime: jsvm, source: [1], entry: a } }\n",
		"empty list":              "version: 1\nplugins: { a: { runtime: jsvm, source: [], entry: a } }\n",
		"preload of a module":     "version: 1\nplugins: { a: { runtime: wasm, source: a.wasm, preload: a.js } }\n",
		"preload of a process":    "version: 1\ncoproc: { command: [a] }\nplugins: { a: { runtime: coproc, entry: a, preload: a.js } }\n",
		"wrong load policy":       "version: 1\nplugins: { a: { runtime: jsvm, source: a.js, entry: a, on_load_error: ignore } }\n",
		"builtin load policy":     "version: 1\nplugins: { a: { runtime: builtin, entry: a, on_load_error: fault } }\n",
		"extractor of a script":   "version: 1\nplugins: { a: { runtime: jsvm, source: a.js, entry: a, id_extractor: { from: header, name: X } } }\n",
		"extractor of nothing":    "version: 1\ncoproc: { command: [a] }\nplugins: { a: { runtime: coproc, entry: a, id_extractor: { name: X } } }\n",
		"wrong compat":            "version: 1\napis: [{ name: a, compat: kong, match: { path: / }, upstream: { url: \"http://h\" } }]\n",
		"exempt without path":     "version: 1\napis: [{ name: a, exempt: [{ method: GET }], match: { path: / }, upstream: { url: \"http://h\" } }]\n",
		"exempt is a list":        "version: 1\napis: [{ name: a, exempt: /health, match: { path: / }, upstream: { url: \"http://h\" } }]\n",
		"internal with a host":    "version: 1\napis: [{ name: a, internal: true, match: { host: h, path: / }, upstream: { url: \"http://h\" } }]\n",
		"path and pattern":        "version: 1\nplugins: { v: { runtime: builtin, entry: a } }\napis: [{ name: a, match: { path: / }, upstream: { url: \"http://h\" }, hooks: { virtual: [{ path: /, pattern: a, plugin: v }] } }]\n",
		"no path or pattern":      "version: 1\nplugins: { v: { runtime: builtin, entry: a } }\napis: [{ name: a, match: { path: / }, upstream: { url: \"http://h\" }, hooks: { virtual: [{ plugin: v }] } }]\n",
		"unknown event":           "version: 1\nplugins: { v: { runtime: builtin, entry: a } }\napis: [{ name: a, match: { path: / }, upstream: { url: \"http://h\" }, hooks: { event: [{ plugin: v, on: AuthFailed }] } }]\n",
		"no events":               "version: 1\nplugins: { v: { runtime: builtin, entry: a } }\napis: [{ name: a, match: { path: / }, upstream: { url: \"http://h\" }, hooks: { event: [{ plugin: v, on: [] }] } }]\n",
		"events in a mapping":     "version: 1\nplugins: { v: { runtime: builtin, entry: a } }\napis: [{ name: a, match: { path: / }, upstream: { url: \"http://h\" }, hooks: { event: { plugin: v } } }]\n",
		"master_keys as a number": "version: 1\nstore: { master_keys: 1 }\n",
		"hash_keys as a string":   "version: 1\nstore: { hash_keys: \"yes\" }\n",
		"redis":                   "version: 1\nstore: { url: \"redis://h\" }\n",
		"no value":                "version: 1\nplugins:\n",
	} {
		t.Run(name, func(t *testing.T) {
			if err := schemaError(s, []byte(text)); err == nil {
				t.Error("the schema accepts it")
			}
			if _, err := config.Parse("f", []byte(text), nil); err == nil {
				t.Error("the checker accepts it")
			}
		})
	}
}

func TestSchemaDescribesEveryKey(t *testing.T) {
	for path, p := range keys(t) {
		if d, _ := p["description"].(string); d == "" {
			t.Errorf("%s has no description", path)
		}
	}
}

func TestDocumentNamesEveryKey(t *testing.T) {
	doc, err := os.ReadFile("../../docs/CONFIGURATION.md")
	if err != nil {
		t.Fatal(err)
	}
	known := keys(t)
	for path, p := range known {
		row := "| `" + path + "` |"
		_, after, ok := strings.Cut(string(doc), row)
		if !ok {
			t.Errorf("the document has no row %s", row)
			continue
		}
		line, _, _ := strings.Cut(after, "\n")
		if d, ok := p["default"]; ok && !strings.Contains(line, defaultCell(d)) {
			t.Errorf("the row of %s does not name the default %s", path, defaultCell(d))
		}
	}
	for line := range strings.Lines(string(doc)) {
		key, _, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "` |")
		if ok && strings.HasPrefix(line, "| `") && known[key] == nil {
			t.Errorf("the document has a row for %s, which the schema does not know", key)
		}
	}
}

func defaultCell(v any) string {
	if s, ok := v.(string); ok {
		return "`" + s + "`"
	}
	j, _ := json.Marshal(v)
	return "`" + string(j) + "`"
}

// The examples in the document are configurations like any other.
func TestExamplesOfTheDocumentAreValid(t *testing.T) {
	doc, err := os.ReadFile("../../docs/CONFIGURATION.md")
	if err != nil {
		t.Fatal(err)
	}
	s := compile(t)
	blocks := strings.Split(string(doc), "```yaml\n")[1:]
	if len(blocks) == 0 {
		t.Fatal("the document has no example")
	}
	for _, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		if _, err := config.Parse("example", []byte(text), anyEnv); err != nil {
			t.Errorf("%v\nin\n%s", err, text)
		}
		if err := schemaError(s, []byte(text)); err != nil {
			t.Errorf("%v\nin\n%s", err, text)
		}
	}
}

// keys returns what the schema says of every key, by its path: NAME stands
// for any name, [] for an entry of a list.
func keys(t *testing.T) map[string]map[string]any {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal([]byte(config.Schema()), &root); err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]any{}
	collect(root, root["$defs"].(map[string]any), "", all)
	return all
}

func collect(schema, defs map[string]any, path string, all map[string]map[string]any) {
	if ref, ok := schema["$ref"].(string); ok {
		schema = defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
	}
	if items, ok := schema["items"].(map[string]any); ok {
		collect(items, defs, path+"[]", all)
	}
	options, _ := schema["anyOf"].([]any)
	for _, o := range options {
		collect(o.(map[string]any), defs, path, all)
	}
	if each, ok := schema["additionalProperties"].(map[string]any); ok {
		collect(each, defs, path+".NAME", all)
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, p := range properties {
		sub, ok := p.(map[string]any)
		if !ok {
			continue
		}
		key := strings.TrimPrefix(path+"."+name, ".")
		all[key] = sub
		collect(sub, defs, key, all)
	}
}

// The other direction is that of the agreement above: a key that only the
// checker knew would be accepted by it and refused by the schema.
func TestCheckerKnowsEveryKeyOfTheSchema(t *testing.T) {
	for path := range keys(t) {
		var doc any
		segments := strings.Split(strings.ReplaceAll(path, "[]", ".[]"), ".")
		for _, s := range slices.Backward(segments) {
			if s == "[]" {
				doc = []any{doc}
			} else {
				doc = map[string]any{s: doc}
			}
		}
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if got := problems(t, string(text), nil); strings.Contains(got, "unknown key") {
			t.Errorf("%s: %s", path, got)
		}
	}
}
