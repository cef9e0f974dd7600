// Package sdk holds the sources of the guest SDKs, so that the program can put
// them into the folder of a new plugin, which then builds offline.
package sdk

import (
	"embed"
	"fmt"
	"io/fs"
)

// The sources. The patterns of the Go SDKs include their tests.
//
//go:embed c/*.h c/README.md
//go:embed assemblyscript/assembly assemblyscript/index.ts assemblyscript/README.md
//go:embed assemblyscript/asconfig.json assemblyscript/package.json
//go:embed rust/src rust/Cargo.toml rust/README.md
//go:embed go/*.go go/README.md
//go:embed coproc/go/*.go coproc/go/README.md
//go:embed coproc/python/sallyport/*.py coproc/python/sallyport/py.typed
//go:embed coproc/node/lib coproc/node/*.js coproc/node/*.ts coproc/node/package.json
var files embed.FS

// Sources returns the files that a plugin needs beside its own, by the folder
// they are in here, for instance "c" or "coproc/go".
func Sources(folder string) (fs.FS, error) {
	if _, err := fs.Stat(files, folder); err != nil {
		return nil, fmt.Errorf("no sdk %s", folder)
	}
	return fs.Sub(files, folder)
}
