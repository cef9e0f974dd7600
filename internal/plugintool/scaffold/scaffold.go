// Package scaffold writes the folder of a new plugin, which builds and passes
// its tests at once and without a network: the SDK is in it.
package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/c386954a/sallyport/sdk"
)

// templates holds a folder for each language, folders that some languages
// share, and the folder common for all of them. A file of a more specific folder
// replaces the file of the same name of a more general one. The ending .tmpl
// keeps tools from taking a template for what it will be, and "dot" stands for a
// leading dot. The SDKs in Go are packages of this module here and become
// modules of their own in a plugin's folder, so that a plugin does not require
// the gateway: their go.mod is a template too.
//
//go:embed templates
var templates embed.FS

const (
	templateRoot = "templates"
	templateEnd  = ".tmpl"
	nameMark     = "NAME" // in the name of a file, the plugin's name
	dotMark      = "dot."
	sdkFolder    = "sallyport" // the SDK's place in the folder of a plugin
)

// validName matches names that are valid for a crate, a Go module, a C file and a
// key of the configuration alike.
var validName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

const maxName = 48

// CheckName reports what is wrong with the name of a plugin.
func CheckName(name string) error {
	switch {
	case len(name) > maxName:
		return fmt.Errorf("the name of a plugin has at most %d characters", maxName)
	case !validName.MatchString(name):
		const rule = "use lower-case letters, digits and single hyphens, a letter first"
		return fmt.Errorf("%q is not the name of a plugin: %s", name, rule)
	case name == sdkFolder || name == "core" || name == "std" || name == "alloc" || name == "test":
		return fmt.Errorf("%q is taken by a library that the plugin is built with: use another name", name)
	}
	return nil
}

// Files returns the files of a new plugin, by path with slashes.
func Files(name string, lang Language) (map[string][]byte, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, folder := range []string{"common", lang.Base, lang.Name} {
		if folder == "" {
			continue
		}
		if err := addTemplates(files, folder, newValues(name, lang)); err != nil {
			return nil, err
		}
	}
	if lang.SDK == "" {
		return files, nil
	}
	sources, err := sdk.Sources(lang.SDK)
	if err != nil {
		return nil, err
	}
	return files, addTree(files, sources)
}

// templateValues are what templates are filled in with.
type templateValues struct {
	Language string
	Name     string // of the plugin
	Ident    string // the same as an identifier
	Title    string
	Source   string
	Output   string
	Built    bool
	Inspect  string // the file to inspect; empty for a process
	SDK      bool
	Command  string
	Install  string
	Test     string
}

func newValues(name string, l Language) templateValues {
	v := templateValues{
		Language: l.Name, Name: name, Ident: strings.ReplaceAll(name, "-", "_"), Title: l.Title,
		Source: l.For(name, l.Source), Output: l.For(name, l.Output), Built: l.Built(),
		SDK: l.SDK != "", Command: l.For(name, l.Command), Install: l.Install, Test: l.Test,
	}
	if l.Command == "" {
		v.Inspect = v.Output
	}
	return v
}

// addTemplates fills in the templates of one folder.
func addTemplates(files map[string][]byte, folder string, v templateValues) error {
	root := path.Join(templateRoot, folder)
	return fs.WalkDir(templates, root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		t, err := template.ParseFS(templates, p)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := t.Execute(&b, v); err != nil {
			return err
		}
		files[target(strings.TrimPrefix(p, root+"/"), v.Name)] = b.Bytes()
		return nil
	})
}

// target returns the path of the file that a template makes.
func target(p, name string) string {
	dir, base := path.Split(strings.TrimSuffix(p, templateEnd))
	if rest, ok := strings.CutPrefix(base, dotMark); ok {
		base = "." + rest
	}
	return dir + strings.ReplaceAll(base, nameMark, name)
}

// addTree adds the sources of an SDK without their Go tests.
func addTree(files map[string][]byte, tree fs.FS) error {
	return fs.WalkDir(tree, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(p, "_test.go") {
			return err
		}
		files[path.Join(sdkFolder, p)], err = fs.ReadFile(tree, p)
		return err
	})
}

// Write writes files into a folder, which it makes if needed, and returns their
// paths, sorted. It overwrites nothing: if one of them exists it writes none.
func Write(dir string, files map[string][]byte) ([]string, error) {
	paths := make([]string, 0, len(files))
	for p := range files {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	for _, p := range paths {
		if err := vacant(filepath.Join(dir, filepath.FromSlash(p))); err != nil {
			return nil, err
		}
	}
	for _, p := range paths {
		if err := create(filepath.Join(dir, filepath.FromSlash(p)), files[p]); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// vacant returns an error if the file exists, or a file where it needs a folder.
func vacant(file string) error {
	_, err := os.Lstat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("%s is there already, and nothing is overwritten: choose another name or --dir", file)
}

func create(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// Language is one language that plugins are written in. NAME in a path stands
// for the plugin's name.
type Language struct {
	Name    string   // of the flag, and of the folder of its templates
	Aliases []string // other names of it
	Title   string   // as people write it
	Base    string   // folder of templates that it shares with others; may be empty
	SDK     string   // folder of package sdk; empty if the plugin needs none
	Source  string   // the file to begin with
	Output  string   // the file that a build makes; Source if there is nothing to build
	Command string   // of the process, as the configuration spells it; may be empty
	Install string   // what a build needs, or else running it, and how to get it
	Test    string   // how to test without a gateway; may be empty
}

// Folders of templates that languages share.
const (
	baseWasm    = "wasm"
	baseProcess = "coproc"
)

// Languages returns every language, in the order in which help lists them.
// Another one is an entry here and a folder of templates.
func Languages() []Language { return append(sandboxed(), others()...) }

// sandboxed are the languages that are compiled to WebAssembly.
func sandboxed() []Language {
	return []Language{
		{
			Name: "go", Aliases: []string{"golang"}, Title: "Go", Base: baseWasm, SDK: "go",
			Source: "main.go", Output: "NAME.wasm",
			Install: "Go 1.24 or newer, from https://go.dev/dl/",
			Test:    "`go test` tests the handler without a gateway, against the SDK's fake.",
		},
		{
			Name: "c", Title: "C", Base: baseWasm, SDK: "c", Source: "NAME.c", Output: "NAME.wasm",
			Install: "clang and lld; Debian: apt install clang-19 lld-19",
			Test:    "`sallyport/sallyport_fake.h` stands in for the gateway in tests on the host.",
		},
		{
			Name: "ts", Aliases: []string{"typescript", "assemblyscript", "as"}, Title: "AssemblyScript", Base: baseWasm,
			SDK: "assemblyscript", Source: "NAME.ts", Output: "NAME.wasm",
			Install: "the AssemblyScript compiler asc; with Node.js 20 or newer: npm install, in this folder",
		},
		{
			Name: "rust", Aliases: []string{"rs"}, Title: "Rust", Base: baseWasm, SDK: "rust",
			Source: "src/lib.rs", Output: "NAME.wasm",
			Install: "Rust 1.63 or newer with its WebAssembly target: rustup target add wasm32-unknown-unknown; " +
				"Debian: apt install rustc libstd-rust-dev-wasm32 lld",
		},
	}
}

// others are the languages of the other isolation models.
func others() []Language {
	return []Language{
		{
			Name: "js", Aliases: []string{"javascript"}, Title: "legacy JavaScript", Source: "NAME.js", Output: "NAME.js",
			Install: "nothing but the gateway",
		},
		{
			Name: "python", Aliases: []string{"py"}, Title: "Python, as a process of its own", Base: baseProcess,
			SDK: "coproc/python/sallyport", Source: "NAME.py", Output: "NAME.py", Command: `"python3", "NAME.py"`,
			Install: "Python 3.8 or newer; Debian: apt install python3",
		},
		{
			Name: "node", Title: "JavaScript for Node.js, as a process of its own", Base: baseProcess, SDK: "coproc/node",
			Source: "NAME.mjs", Output: "NAME.mjs", Command: `"node", "NAME.mjs"`,
			Install: "Node.js 18 or newer; Debian: apt install nodejs",
		},
		{
			Name: "go-coproc", Aliases: []string{"go-process"}, Title: "Go, as a process of its own", Base: baseProcess,
			SDK: "coproc/go", Source: "main.go", Output: "NAME", Command: `"./NAME"`,
			Install: "Go 1.25 or newer, from https://go.dev/dl/",
		},
	}
}

// Built reports whether the plugin has to be built before it runs.
func (l Language) Built() bool { return l.Output != l.Source }

// For returns a path of the language for the plugin of that name.
func (l Language) For(name, path string) string { return strings.ReplaceAll(path, nameMark, name) }

// Find returns the language of that name or alias.
func Find(name string) (Language, error) {
	name = strings.ToLower(name)
	for _, l := range Languages() {
		if l.Name == name || slices.Contains(l.Aliases, name) {
			return l, nil
		}
	}
	return Language{}, fmt.Errorf("no language %q: use %s", name, Names())
}

// Names returns the names of all languages for a message.
func Names() string {
	var names []string
	for _, l := range Languages() {
		names = append(names, l.Name)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
