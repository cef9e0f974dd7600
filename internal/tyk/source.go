package tyk

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/c386954a/sallyport/internal/tyk/document"
	"github.com/c386954a/sallyport/internal/tyk/native"
	"github.com/c386954a/sallyport/internal/tyk/script"
)

// maxScript is the size of the largest script.
const maxScript = script.MaxBytes

// source is one script of an API.
type source struct {
	file  string // absolute
	pos   document.Pos
	what  string         // it is for
	where string         // in the definition it is named
	found *script.Report // nil for one that stands for another
}

// loadScripts collects the scripts of a JavaScript API in Tyk's order and makes
// a plugin for each hook. All of them have all scripts: they share one global
// name space, in which the last definition of a name counts.
func (a *api) loadScripts(versions []version) {
	if !a.settings.EnableJSVM {
		a.problemf(a.at("custom_middleware"), "the API has JavaScript, and enable_jsvm is not set in tyk.conf")
		return
	}
	for _, v := range versions {
		for _, e := range v.enabledVirtuals() {
			a.addVirtual(e)
		}
	}
	javascript := a.code.driver == "" || a.code.driver == "otto" || a.code.driver == "javascript"
	if javascript {
		a.addHookFiles()
	}
	a.preload()
	a.chooseRuntime()
	a.checkSyntax()
	if len(a.code.sources) == 0 && len(a.problems) == 0 {
		a.addStand("scripts", "the definition names objects and no file: they must come from tyk_js_path")
	}
	if !javascript {
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
func (a *api) addHook(h hook) {
	switch {
	case h.Code != "":
		a.addInline(h.kind+"."+slug(h.Name), h.Code, h.Pos, h.where+".code")
	case h.Path != "":
		a.addFile(a.base, h.Path, h.Pos, h.where+".path")
	}
}

// addFile adds a script that is a file.
func (a *api) addFile(dir, name string, pos document.Pos, where string) {
	file, text, err := a.readScript(dir, name)
	if err != nil {
		a.broken(name, pos, where, err)
		return
	}
	a.code.sources = append(a.code.sources, source{file, pos, name, where, a.analyze(a.shown(file), text)})
}

// readScript reads a script. A relative path must stay in the folder: one that
// leaves it would be a different file on another machine.
func (a *api) readScript(dir, name string) (file, text string, err error) {
	file = a.resolve(dir, name)
	switch {
	case !strings.Contains(filepath.Ext(name), ".js"):
		return "", "", fmt.Errorf("%q is not the name of a script: .js is missing", name)
	case strings.ContainsRune(name, 0):
		return "", "", fmt.Errorf("%q is not the name of a file", name)
	case !filepath.IsAbs(name) && !under(dir, file):
		return "", "", fmt.Errorf("%q leaves the folder; write an absolute path if that is meant", name)
	}
	data, err := readFile(file, maxScript)
	if err != nil {
		return "", "", fmt.Errorf("%s: %s", a.shown(file), reason(err))
	}
	return file, string(data), nil
}

// addInline adds a script that the definition holds in base64.
func (a *api) addInline(what, code string, pos document.Pos, where string) {
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
	name := a.origin() + ", " + where
	a.code.sources = append(a.code.sources, source{file, pos, what, where, a.analyze(name, string(text))})
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
func (a *api) broken(what string, pos document.Pos, where string, err error) {
	if !a.Lenient {
		a.problemf(pos, "%s: %v", where, err)
		return
	}
	a.notef(pos, where, "is left out, what it defines will be missing: %v", err)
	a.addStand(what, err.Error())
}

// addStand adds an empty script that says why it is there.
func (a *api) addStand(what, why string) {
	file, err := a.stand(what, why)
	if err != nil {
		a.problemf(a.pos, "%v", err)
		return
	}
	a.code.sources = append(a.code.sources, source{file: file})
}

func (a *api) stand(what, why string) (string, error) {
	return a.scratch(what+".absent", []byte("// "+strings.ReplaceAll(why, "\n", "\n// ")+"\n"))
}

// scratch writes a script that is in no file of the tree.
func (a *api) scratch(what string, text []byte) (string, error) {
	if a.Scratch == "" {
		return "", errNoScratch("inline code")
	}
	dir, err := filepath.Abs(filepath.Join(a.Scratch, a.slug))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // as other sources: scripts are no secret
		return "", err
	}
	name := a.names.take("scratch:" + a.slug + "/" + slug(what))
	file := filepath.Join(dir, name[strings.LastIndexByte(name, '/')+1:]+".js")
	return file, os.WriteFile(file, text, 0o644) //nolint:gosec // see above
}

// preload finds the script that runs before all others.
func (a *api) preload() {
	file := a.settings.TykJSPath
	if file == "" {
		return
	}
	text, err := readFile(file, maxScript)
	if err != nil && !a.Lenient {
		a.problemf(document.Pos{File: a.shown(filepath.Join(a.dir, "tyk.conf"))}, "tyk_js_path: %s: %s", a.shown(file), reason(err))
	}
	if err == nil {
		a.analyze(a.shown(file), string(text))
	}
	a.code.preload = a.path(file)
}

// bindScript makes the plugin of a hook.
func (a *api) bindScript(h hook) {
	config := (&native.Mapping{}).AddIf(h.RequireSession, "require_session", true)
	m := a.script(h.Name, config)
	name := a.plugin(h.kind+"."+slug(h.Name), m)
	a.code.plugins[h.kind] = append(a.code.plugins[h.kind], name)
	a.report.Hooks = append(a.report.Hooks, HookReport{Hook: h.kind, Name: h.Name, File: a.hookFile(h), Plugin: name})
	if h.RawBodyOnly {
		a.notef(h.Pos, h.where+".raw_body_only", "has no effect on scripts")
	}
}

// hookFile returns what the report says a hook comes from.
func (a *api) hookFile(h hook) string {
	switch {
	case h.Code != "":
		return "inline code"
	case h.Path != "":
		return a.shown(a.resolve(a.base, h.Path))
	}
	return ""
}

// script returns a plugin that runs the scripts of the API.
func (a *api) script(entry string, config *native.Mapping) *native.Mapping {
	var sources native.List
	for _, s := range a.code.sources {
		sources = append(sources, a.path(s.file))
	}
	return a.scriptOf(sources, entry, config)
}

func (a *api) scriptOf(sources native.List, entry string, config *native.Mapping) *native.Mapping {
	m := (&native.Mapping{}).Add("runtime", a.code.runtime)
	if len(sources) == 1 {
		m.Add("source", sources[0])
	} else {
		m.Add("source", sources)
	}
	m.AddIf(a.code.preload != "", "preload", a.code.preload).Add("entry", entry)
	m.AddIf(a.Lenient, "on_load_error", "fault")
	config.AddIf(a.settings.KeepHeaderCase, "keep_header_case", true).AddIf(a.d.ConfigDataDisabled, "hide_config", true)
	config.AddIf(a.code.runtime == runtimeWasm, "compat", "otto")
	return m.Add("config", config).Add("allow", a.grants())
}
