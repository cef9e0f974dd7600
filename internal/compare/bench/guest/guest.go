// Package guest holds the hooks of the benchmark in every language, compiled
// where that needs a toolchain, so that the program measures them anywhere.
//
// Each language has the same four hooks:
//
//	headers   pre        Authorization and User-Agent read, X-Tenant and X-Agent set, X-Debug removed
//	json      post       a body of JSON read, X-Order and X-Status set from it, its member status changed
//	auth      auth       the tenant of the key looked up, the session and X-Tenant set, or 401
//	response  response   X-Rewritten set, X-Powered-By removed, the member status of the body changed
//
// Compiled languages look for the members of the body and splice it; scripts
// parse it and write it anew, as their authors would. The module in C also has
// a hook post_key_auth that never ends for requests with the field X-Loop.
//
// The modules are built by build.sh in this folder, from the folders beside it.
package guest

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"io/fs"
)

//go:embed wasm/*.wasm.gz
var modules embed.FS

//go:embed script/hooks.js script/hooks.mjs script/hooks.py
var scripts embed.FS

// The guest languages of the sandbox, as [Wasm] takes them.
const (
	C              = "c"
	AssemblyScript = "assemblyscript"
	Rust           = "rust"
	Go             = "go"
)

// The scripts, as [Script] takes them. JavaScript is Tyk's, for otto, goja and
// the sandbox. Node and Python import their SDK from a folder sdk beside them.
const (
	JavaScript = "hooks.js"
	Node       = "hooks.mjs"
	Python     = "hooks.py"
)

// Key is the credential that the auth hooks know and Tenant who it belongs to.
// The hooks of the sandbox and the scripts look it up in the store, under
// [StoreKey]; processes have it in their memory.
const (
	Key      = "acme.0123456789abcdef"
	Tenant   = "acme"
	StoreKey = "bench:" + Key
)

// Wasm returns the module of a language.
func Wasm(language string) ([]byte, error) {
	packed, err := modules.ReadFile("wasm/" + language + ".wasm.gz")
	if err != nil {
		return nil, fmt.Errorf("no module in %s", language)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("module in %s: %w", language, err)
	}
	module, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("module in %s: %w", language, err)
	}
	return module, nil
}

// Script returns one of the scripts.
func Script(name string) ([]byte, error) {
	text, err := fs.ReadFile(scripts, "script/"+name)
	if err != nil {
		return nil, fmt.Errorf("no script %s", name)
	}
	return text, nil
}
