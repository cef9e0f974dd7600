package scaffold

import (
	"fmt"
	"slices"
	"strings"
)

// Language is one language that plugins are written in.
type Language struct {
	Name    string   // of the flag, and of the folder of its templates
	Aliases []string // other names of it
	Title   string   // as people write it
	SDK     string   // folder of package sdk; empty if the plugin needs none
	Source  string   // the file to begin with; NAME stands for the plugin's name
	Install string   // what a build needs, and how to get it
	Test    string   // how to test without a gateway; may be empty
}

// Languages returns every language, in the order in which help lists them.
// Another one is an entry here and a folder of templates.
func Languages() []Language {
	return []Language{
		{
			Name: "go", Aliases: []string{"golang"}, Title: "Go", SDK: "go", Source: "main.go",
			Install: "Go 1.24 or newer, from https://go.dev/dl/",
			Test:    "`go test` tests the handler without a gateway, against the SDK's fake.",
		},
		{
			Name: "c", Title: "C", SDK: "c", Source: "NAME.c",
			Install: "clang and lld; Debian: apt install clang-19 lld-19",
			Test:    "`sallyport/sallyport_fake.h` stands in for the gateway in tests on the host.",
		},
		{
			Name: "ts", Aliases: []string{"typescript", "assemblyscript", "as"}, Title: "AssemblyScript", SDK: "assemblyscript", Source: "NAME.ts",
			Install: "the AssemblyScript compiler asc; with Node.js 20 or newer: npm install, in this folder",
		},
		{
			Name: "rust", Aliases: []string{"rs"}, Title: "Rust", SDK: "rust", Source: "src/lib.rs",
			Install: "Rust 1.63 or newer with its WebAssembly target: rustup target add wasm32-unknown-unknown; Debian: apt install rustc libstd-rust-dev-wasm32 lld",
		},
	}
}

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
