// Package sdk holds the sources of the guest SDKs, so that the program can put
// them into the folder of a new plugin, which then builds offline.
package sdk

import (
	"embed"
	"fmt"
	"io/fs"

	"golang.org/x/tools/txtar"
)

// The sources, without their tests.
//
//go:embed c/sallyport.h c/sallyport_fake.h c/README.md
//go:embed assemblyscript/assembly assemblyscript/index.ts assemblyscript/asconfig.json assemblyscript/package.json
//go:embed rust/src rust/Cargo.toml
var files embed.FS

// goSources is the folder go as one file: a module of its own cannot be
// embedded, see RATIONALE.md.
//
//go:generate go test -run TestArchiveOfTheGoSDKIsCurrent -update .
//go:embed go.txtar
var goSources []byte

// Sources returns the files that a plugin in the language of that folder, for
// instance "c", needs beside its own.
func Sources(folder string) (fs.FS, error) {
	if folder == "go" {
		return txtar.FS(txtar.Parse(goSources))
	}
	if _, err := fs.Stat(files, folder); err != nil {
		return nil, fmt.Errorf("no sdk %s", folder)
	}
	return fs.Sub(files, folder)
}
