package source

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/c386954a/sallyport/internal/tyk/bundle"
	"github.com/c386954a/sallyport/internal/tyk/definition"
	"github.com/c386954a/sallyport/internal/tyk/document"
	"github.com/c386954a/sallyport/internal/tyk/script"
)

// maxScript is the size of the largest script.
const maxScript = script.MaxBytes

// Script is a file with a script, or the reason why it cannot be read.
type Script struct {
	File string // absolute
	Text []byte
	Err  error
}

// scriptName is how a definition names a script: relative to a folder.
type scriptName struct{ dir, name string }

// Script returns the script that a definition names, which may be relative to
// dir.
func (t *Tree) Script(dir, name string) Script { return t.scripts[nameOf(dir, name)] }

func nameOf(dir, name string) scriptName {
	if filepath.IsAbs(name) {
		dir = ""
	}
	return scriptName{dir, name}
}

// Base returns the folder that the hooks of an API are relative to.
func (t *Tree) Base(a *DefinitionFile) string {
	if a.Bundle.Section != nil {
		return a.Bundle.Dir
	}
	return t.Root
}

// readScripts reads every file that the definition names for JavaScript.
func (t *Tree) readScripts(a *DefinitionFile) {
	base, middleware := t.Base(a), a.Middleware()
	hooks := [][]definition.HookEntry{
		{middleware.AuthCheck}, middleware.Pre, middleware.PostKeyAuth, middleware.Post, middleware.Response,
	}
	for _, list := range hooks {
		for _, h := range list {
			t.readScript(base, h.Path)
		}
	}
	for _, v := range a.Definition.VersionData.Versions {
		for _, e := range v.ExtendedPaths.Virtual {
			if strings.EqualFold(e.SourceType, "file") {
				t.readScript(t.Root, e.SourceURI)
			}
		}
	}
	for _, handlers := range a.Definition.EventHandlers.Events {
		for _, h := range handlers {
			t.readScript(t.Root, h.Meta.Path)
		}
	}
}

// readScript reads a script. A relative path must stay in the folder: one that
// leaves it would be a different file on another machine.
func (t *Tree) readScript(dir, name string) {
	key := nameOf(dir, name)
	if _, ok := t.scripts[key]; ok {
		return
	}
	s := Script{File: t.Resolve(dir, name)}
	switch {
	case !strings.Contains(filepath.Ext(name), ".js"):
		s.Err = fmt.Errorf("%q is not the name of a script: .js is missing", name)
	case strings.ContainsRune(name, 0):
		s.Err = fmt.Errorf("%q is not the name of a file", name)
	case !filepath.IsAbs(name) && !Under(dir, s.File):
		s.Err = fmt.Errorf("%q leaves the folder; write an absolute path if that is meant", name)
	default:
		if s.Text, s.Err = readFile(s.File, maxScript); s.Err != nil {
			s.Err = fmt.Errorf("%s: %s", t.Shown(s.File), Reason(s.Err))
		}
	}
	t.scripts[key] = s
}

// readFolders reads the files of folder loading. They are hooks by the id of
// their API and the name of their folder.
func (t *Tree) readFolders() map[string]map[string][]definition.HookEntry {
	all := map[string]map[string][]definition.HookEntry{}
	dir := t.Resolve(t.Root, t.Settings.MiddlewarePath)
	ids, err := os.ReadDir(dir)
	if err != nil {
		return all // there is no such folder
	}
	for _, id := range ids {
		all[id.Name()] = map[string][]definition.HookEntry{}
		for _, folder := range []string{"pre", "auth", "post_auth", "post"} {
			all[id.Name()][folder] = t.readFolder(filepath.Join(dir, id.Name(), folder))
		}
	}
	return all
}

func (t *Tree) readFolder(dir string) (hooks []definition.HookEntry) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".js") {
			continue
		}
		file := filepath.Join(dir, f.Name())
		name, _, _ := strings.Cut(f.Name(), ".")
		t.readScript(t.Root, file)
		hooks = append(hooks, definition.HookEntry{
			Pos: document.Position{File: t.Shown(file)}, Name: name, Path: file,
			RequireSession: strings.HasSuffix(name, "_with_session"),
		})
	}
	return hooks
}

// UnpackedBundle is the plugin bundle of an API. The zero Bundle is that of an API
// without one.
type UnpackedBundle struct {
	bundle.Bundle

	Section *definition.CustomMiddleware // it takes the place of the definition's; nil without one
	Unknown []document.Member            // of the section
	Err     error
}

// Middleware returns the hooks of the API: those of its bundle, or its own.
func (a *DefinitionFile) Middleware() definition.CustomMiddleware {
	if a.Bundle.Section != nil {
		return *a.Bundle.Section
	}
	return a.Definition.CustomMiddleware
}

func (t *Tree) readBundle(ctx context.Context, scratch string, d *definition.Definition) (b UnpackedBundle) {
	if d.Bundle == "" || d.BundleDisabled || t.Settings.ManagementNode {
		return b
	}
	if b.Err = t.loadBundle(ctx, scratch, d.Bundle, &b); b.Err != nil {
		b.Section = nil
	}
	return b
}

func (t *Tree) loadBundle(ctx context.Context, scratch, reference string, b *UnpackedBundle) error {
	config, err := t.bundleConfig(scratch, reference)
	if err != nil {
		return err
	}
	if b.Bundle, err = bundle.Load(ctx, config, reference); err != nil || b.Bundle.Section == nil {
		return err
	}
	v, err := document.Parse(reference+"/manifest.json", b.Bundle.Section)
	if err != nil {
		return err
	}
	b.Section = &definition.CustomMiddleware{}
	b.Unknown, err = v.Decode(b.Section)
	return err
}

// bundleConfig says where bundles come from: from the configured server, and
// otherwise from the folder bundles.
func (t *Tree) bundleConfig(scratch, reference string) (bundle.Config, error) {
	s := &t.Settings
	c := bundle.Config{
		Root: t.Resolve(t.Root, s.MiddlewarePath), BaseURL: s.BundleBaseURL, Download: s.EnableBundles,
		Insecure: s.BundleInsecure, SkipVerifyExisting: s.SkipVerifyOldBundles,
	}
	if s.PublicKeyPath != "" {
		c.PublicKeyPath = t.Resolve(t.Root, s.PublicKeyPath)
	}
	if s.BundleBaseURL != "" {
		return c, nil
	}
	if scratch == "" {
		return c, NoScratchError("bundle " + reference)
	}
	c.Local, c.Root = filepath.Join(t.Root, "bundles"), scratch
	return c, nil
}

// NoScratchError says that something needs a folder of its own.
func NoScratchError(what string) error {
	return fmt.Errorf("%s must be unpacked beside the configuration: name its file with --out", what)
}
