package tyk

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/c386954a/sallyport/internal/tyk/document"
	"github.com/c386954a/sallyport/internal/tyk/script"
	"github.com/c386954a/sallyport/internal/tyk/source"
)

// scriptSource is one script of an API.
type scriptSource struct {
	file  string // absolute
	pos   document.Position
	what  string               // it is for
	where string               // in the definition it is named
	found *script.SourceReport // nil for one that stands for another
}

// loadScripts collects the scripts of a JavaScript API in Tyk's order and makes
// a plugin for each hook. All of them have all scripts: they share one global
// name space, in which the last definition of a name counts.
func (a *api) loadScripts(versions []apiVersion) {
	if !a.settings.EnableJSVM {
		a.problemf(a.at("custom_middleware"), "the API has JavaScript, and enable_jsvm is not set in tyk.conf")
		return
	}
	for _, v := range versions {
		for _, e := range v.enabledVirtuals() {
			a.addVirtual(e)
		}
	}
	if a.code.javascript() {
		a.addHookFiles()
	}
	a.preload()
	a.chooseRuntime()
	a.checkSyntax()
	if len(a.code.sources) == 0 && len(a.problems) == 0 {
		a.addPlaceholder("scripts", "the definition names objects and no file: they must come from tyk_js_path")
	}
	if !a.code.javascript() {
		return
	}
	for _, kind := range hookKinds {
		for _, h := range a.code.hooks[kind] {
			a.bindScript(h)
		}
	}
}

// addHookFiles adds the files of the hooks. Those of folders come before those
// of post_key_auth that the definition names.
func (a *api) addHookFiles() {
	for _, kind := range hookKinds {
		for _, h := range a.code.hooks[kind] {
			a.addHook(h)
		}
	}
}

// addHook adds the script of one hook: its inline code, or its file.
func (a *api) addHook(h namedHook) {
	switch {
	case h.Code != "":
		a.addInline(h.kind+"."+slug(h.Name), h.Code, h.Pos, h.where+".code")
	case h.Path != "":
		a.addFile(a.tree.Base(a.in), h.Path, h.Pos, h.where+".path")
	}
}

// addFile adds a script that is a file.
func (a *api) addFile(dir, name string, pos document.Position, where string) {
	s := a.tree.Script(dir, name)
	if s.Err != nil {
		a.broken(name, pos, where, s.Err)
		return
	}
	a.code.sources = append(
		a.code.sources, scriptSource{s.File, pos, name, where, a.analyze(a.tree.Shown(s.File), s.Text)},
	)
}

// addInline adds a script that the definition holds in base64.
func (a *api) addInline(what, code string, pos document.Position, where string) {
	text, err := decodeBase64(code)
	if err != nil {
		a.broken(what, pos, where, err)
		return
	}
	file, err := a.scratch(what, text)
	if err != nil {
		a.problemf(pos, "%s: %v", where, err)
		return
	}
	name := string(a.origin()) + ", " + where
	a.code.sources = append(a.code.sources, scriptSource{file, pos, what, where, a.analyze(name, text)})
}

func decodeBase64(s string) ([]byte, error) {
	text, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, errors.New("not valid base64")
	}
	return text, nil
}

// broken says that a script cannot be used. A lenient import goes on without
// it: what it should have defined will be missing, as in Tyk.
func (a *api) broken(what string, pos document.Position, where string, err error) {
	if !a.Lenient {
		a.problemf(pos, "%s: %v", where, err)
		return
	}
	a.notef(pos, where, "is left out, what it defines will be missing: %v", err)
	a.addPlaceholder(what, err.Error())
}

// addPlaceholder adds an empty script that says why it is there.
func (a *api) addPlaceholder(what, why string) {
	file, err := a.placeholder(what, why)
	if err != nil {
		a.problemf(a.pos, "%v", err)
		return
	}
	a.code.sources = append(a.code.sources, scriptSource{file: file})
}

func (a *api) placeholder(what, why string) (string, error) {
	return a.scratch(what+".absent", []byte("// "+strings.ReplaceAll(why, "\n", "\n// ")+"\n"))
}

// scratch decides on a file for a script that is in no file of the tree.
func (a *api) scratch(what string, text []byte) (string, error) {
	if a.Scratch == "" {
		return "", source.NoScratchError("inline code")
	}
	name := a.taken.names.take("scratch:" + a.slug + "/" + slug(what))
	file := filepath.Join(a.Scratch, a.slug, name[strings.LastIndexByte(name, '/')+1:]+".js")
	a.files = append(a.files, ScriptFile{file, text})
	return file, nil
}

// preload finds the script that runs before all others. One that is not there
// is left out, as Tyk does: the gateway has its own.
func (a *api) preload() {
	p := &a.tree.Preload
	if p.File == "" || errors.Is(p.Err, fs.ErrNotExist) {
		return
	}
	if p.Err != nil && !a.Lenient {
		a.problemf(
			document.Position{File: a.tree.Shown(filepath.Join(a.tree.Root, "tyk.conf"))}, "tyk_js_path: %s: %s",
			a.tree.Shown(p.File), source.Reason(p.Err),
		)
	}
	if p.Err == nil {
		a.analyze(a.tree.Shown(p.File), p.Text)
	}
	a.code.preload = a.path(p.File)
}

// bindScript makes the plugin of a hook.
func (a *api) bindScript(h namedHook) {
	a.bind(h, a.script(h.Name, scriptConfig{RequireSession: h.RequireSession}), HookReport{File: a.hookFile(h)})
	if h.RawBodyOnly {
		a.notef(h.Pos, h.where+".raw_body_only", "has no effect on scripts")
	}
}

// hookFile returns what the report says a hook comes from.
func (a *api) hookFile(h namedHook) string {
	switch {
	case h.Code != "":
		return "inline code"
	case h.Path != "":
		return a.tree.Shown(a.tree.Resolve(a.tree.Base(a.in), h.Path))
	}
	return ""
}

// script returns a plugin that runs the scripts of the API.
func (a *api) script(entry string, config scriptConfig) PluginDecision {
	config.KeepHeaderCase, config.HideConfig = a.settings.KeepHeaderCase, a.d.ConfigDataDisabled
	if a.code.runtime == runtimeWasm {
		config.Compat = "otto"
	}
	p := PluginDecision{
		Runtime: a.code.runtime, Preload: a.code.preload, Entry: entry, OnLoadError: a.onLoadError(),
		Config: config, Allow: a.grants(),
	}
	for _, s := range a.code.sources {
		p.Source = append(p.Source, a.path(s.file))
	}
	return p
}
