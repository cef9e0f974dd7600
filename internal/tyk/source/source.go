// Package source reads a folder of Tyk's files into values, and decides
// nothing: what cannot be read is an error beside what could be.
package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/internal/tyk/definition"
	"github.com/c386954a/sallyport/internal/tyk/document"
)

// Tree is a folder that was read. It is not changed after [Read].
type Tree struct {
	Dir  string // as it was named
	Root string // absolute

	Settings GatewaySettings
	Keys     Keys
	Preload  Script // tyk_js_path; its File is empty without one

	// APIs are the definitions in the order of the names of their files, or
	// Err says why there are none.
	APIs []DefinitionFile
	Err  error

	// Folders are the files of folder loading, by API and folder.
	Folders map[string]map[string][]definition.HookEntry

	scripts map[scriptName]Script
}

// Keys are those to begin with.
type Keys struct {
	File string          // absolute; empty without one
	List *document.Value // nil after an error
	Err  error
}

// DefinitionFile is one definition and what it refers to. Err says why it has none.
type DefinitionFile struct {
	File       string // as messages name it
	Root       *document.Value
	Format     string // classic or oas
	Definition *definition.Definition
	Notes      []document.Note // about keys without a meaning
	Err        error

	Bundle UnpackedBundle
}

// Read reads the folder dir. Bundles of its folder bundles are unpacked below
// scratch; if it is empty, such a bundle is an error of its API.
//
// An error is of type [document.Mistakes] if the folder cannot be read, or that
// of ctx.
func Read(ctx context.Context, dir, scratch string) (*Tree, error) {
	root, err := filepath.Abs(dir)
	if err == nil {
		_, err = os.ReadDir(root)
	}
	if err != nil {
		return nil, fileProblem(dir, err)
	}
	t := &Tree{Dir: dir, Root: root, scripts: map[scriptName]Script{}}
	t.Settings = t.readSettings()
	t.Keys = t.readKeys()
	t.Folders = t.readFolders()
	if file := t.Settings.TykJSPath; file != "" {
		t.Preload = Script{File: t.Resolve(t.Root, file)}
		t.Preload.Text, t.Preload.Err = readFile(t.Preload.File, maxScript)
	}
	files, err := t.definitionFiles()
	t.Err = err
	for _, file := range files {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		t.APIs = append(t.APIs, t.readAPI(ctx, scratch, file))
	}
	return t, ctx.Err()
}

func (t *Tree) readKeys() Keys {
	file := filepath.Join(t.Root, "keys.json")
	if !exists(file) {
		return Keys{}
	}
	v, err := t.parse(file)
	return Keys{file, v, err}
}

// AppDir returns the folder of definitions as messages name it.
func (t *Tree) AppDir() string { return t.Shown(t.Resolve(t.Root, t.Settings.AppPath)) }

// definitionFiles returns the definitions of the tree. Of an OAS API, Tyk keeps
// a classic file beside the document: the document counts.
func (t *Tree) definitionFiles() ([]string, error) {
	dir := t.Resolve(t.Root, t.Settings.AppPath)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fileProblem(t.AppDir(), err)
	}
	var files []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".json") && !e.IsDir() {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return slices.DeleteFunc(files, func(file string) bool {
		stem, oas := strings.CutSuffix(file, "-oas.json")
		return !oas && slices.Contains(files, strings.TrimSuffix(file, ".json")+"-oas.json") || stem == ""
	}), nil
}

func (t *Tree) readAPI(ctx context.Context, scratch, file string) DefinitionFile {
	a := DefinitionFile{File: t.Shown(file)}
	if a.Root, a.Err = t.parse(file); a.Err == nil {
		a.Root, a.Err = exported(a.Root)
	}
	if a.Err != nil {
		return a
	}
	a.Format = definition.FormatOf(a.Root)
	if a.Definition, a.Notes, a.Err = definition.Decode(a.Root); a.Err != nil || !a.Definition.IsActive() {
		return a
	}
	a.Bundle = t.readBundle(ctx, scratch, a.Definition)
	t.readScripts(&a)
	return a
}

// exported returns the definition within an object that the dashboard exports,
// or v itself. It is parsed again for its paths, at the place where it stands.
func exported(v *document.Value) (*document.Value, error) {
	inner := v.Get("api_definition")
	if inner == nil || inner.Kind != document.Object {
		return v, nil
	}
	before := strings.Repeat("\n", inner.Pos.Line-1) + strings.Repeat(" ", inner.Pos.Column-1)
	return document.Parse(v.Pos.File, append([]byte(before), inner.Raw...))
}

// parse reads a JSON file.
func (t *Tree) parse(file string) (*document.Value, error) {
	data, err := readFile(file, document.MaxBytes)
	if err != nil {
		return nil, fileProblem(t.Shown(file), err)
	}
	return document.Parse(t.Shown(file), data)
}

// readFile reads a regular file that is not too large.
func readFile(file string, most int64) ([]byte, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a file")
	case info.Size() > most:
		return nil, fmt.Errorf("is larger than %d MiB", most>>20)
	}
	return os.ReadFile(file)
}

// Resolve returns the absolute path of a file that Tyk's files name, which may
// be relative to dir.
func (*Tree) Resolve(dir, file string) string {
	if filepath.IsAbs(file) {
		return filepath.Clean(file)
	}
	return filepath.Join(dir, filepath.FromSlash(file))
}

// Shown returns how messages name a file: as the user would.
func (t *Tree) Shown(file string) string {
	if rel, err := filepath.Rel(t.Root, file); err == nil && filepath.IsLocal(rel) {
		return filepath.Join(t.Dir, rel)
	}
	return file
}

// Under reports whether a file is in a folder or below it.
func Under(dir, file string) bool {
	rel, err := filepath.Rel(dir, file)
	return err == nil && filepath.IsLocal(rel)
}

func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}

func fileProblem(file string, err error) document.Mistakes {
	return document.Mistakes{{Pos: document.Position{File: file}, Text: Reason(err)}}
}

// Reason returns why the file system refused, without the path.
func Reason(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
