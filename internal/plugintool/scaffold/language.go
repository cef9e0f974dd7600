package scaffold

import (
	"fmt"
	"slices"
	"strings"
)

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
