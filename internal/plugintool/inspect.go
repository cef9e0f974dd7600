package plugintool

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/output"
)

// maxInspect is the largest file that is read.
const maxInspect = 64 << 20

// Inspection is what is known of a plugin from its file.
type Inspection struct {
	File   string `json:"file"`
	Format string `json:"format"` // wasm or javascript
	ABI    int    `json:"abi,omitempty"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`

	Loads   bool   `json:"loads"` // with everything granted that it imports
	Problem string `json:"problem,omitempty"`
	Entry   string `json:"entry,omitempty"`

	Hooks       []string `json:"hooks"`
	RequestBody []string `json:"request_body"` // hooks that need it
	ReplyBody   []string `json:"reply_body"`

	Module *moduleReport `json:"module,omitempty"`
}

// moduleReport is what only WebAssembly modules have.
type moduleReport struct {
	Imports importReport `json:"imports"`
	Exports []string     `json:"exports"` // functions that are no hooks

	// Allow is the line of configuration that grants what is imported; empty
	// if nothing has to be granted.
	Allow string `json:"allow,omitempty"`

	Memory     memoryReport `json:"memory"`
	Restorable bool         `json:"restorable"`
	Reasons    []string     `json:"reasons"` // why it cannot be restored

	Functions    int      `json:"functions"`
	Loops        int      `json:"loops"`
	Guarded      int      `json:"guarded"` // functions with a check of the call depth
	Globals      int      `json:"globals"` // that can change
	DataSegments int      `json:"data_segments"`
	Features     []string `json:"features"` // beyond WebAssembly 1.0
}

// importReport sorts imports by what they need.
type importReport struct {
	Free    []string            `json:"free"`    // of the ABI, for everyone
	Granted map[string][]string `json:"granted"` // of the ABI, by what has to be granted
	WASI    []string            `json:"wasi"`
	Unknown []string            `json:"unknown"` // the reason why it does not load
}

// memoryReport is the memory that a module declares.
type memoryReport struct {
	MinBytes int64  `json:"min_bytes"`
	MaxBytes *int64 `json:"max_bytes"` // null: none of its own
}

// Inspect looks at a file and loads it as the gateway would, in the sandbox and
// with nothing granted that leaves this machine. entry names the object of a
// JavaScript file; it is found if empty. An error means that there is nothing
// to say of the file.
func Inspect(ctx context.Context, file, entry string) (*Inspection, error) {
	data, err := readPlugin(file)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(data)
	i := &Inspection{File: file, Bytes: int64(len(data)), SHA256: hex.EncodeToString(digest[:])}
	switch {
	case strings.EqualFold(filepath.Ext(file), ".js"):
		return i, i.script(ctx, data, entry)
	case len(data) >= 4 && string(data[:4]) == "\x00asm":
		return i, i.module(ctx, data)
	}
	return nil, fmt.Errorf("%s is neither a WebAssembly module nor a .js file", file)
}

func readPlugin(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s is a folder: name the plugin's file in it", file)
	}
	if info.Size() > maxInspect {
		return nil, fmt.Errorf("%s is larger than %s", file, output.Bytes(maxInspect))
	}
	return os.ReadFile(file)
}

// declares notes what the plugin said of itself when it was loaded.
func (i *Inspection) declares(d abi.Declaration) {
	i.Hooks, i.RequestBody, i.ReplyBody = names(d.Hooks), names(d.RequestBody), names(d.ReplyBody)
}

func names(hooks abi.HookSet) []string {
	all := []string{}
	for h := range hooks.All() {
		all = append(all, h.String())
	}
	return all
}
