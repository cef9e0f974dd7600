package tyk

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/internal/tyk/definition"
	"github.com/c386954a/sallyport/internal/tyk/document"
	"github.com/c386954a/sallyport/internal/tyk/write"
)

// Runtimes of hooks, as the configuration names them.
const (
	runtimeJSVM    = "jsvm"
	runtimeWasm    = "wasm"
	runtimeProcess = "coproc"
)

// hookKinds are the hooks of custom_middleware in the order in which their
// files are loaded; folder files come before post_key_auth.
var hookKinds = [...]string{"auth_check", "pre", "post", "post_key_auth", "response"}

// namedHook is one entry of custom_middleware, or one file of a folder.
type namedHook struct {
	definition.HookEntry
	kind  string
	where string // for messages
}

// scripts are what runs for an API, in whatever language.
type scripts struct {
	runtime string // of the hooks; empty if there are none
	driver  string
	process bool
	sources []scriptSource // of a JavaScript API, in load order
	preload string

	hooks   map[string][]namedHook // by kind
	plugins map[string][]string    // usedNames in the configuration, by kind
}

// javascript reports whether the hooks are scripts.
func (c *scripts) javascript() bool {
	return c.driver == "" || c.driver == "otto" || c.driver == "javascript"
}

// noteBundle says what became of the API's bundle.
func (a *api) noteBundle() {
	const key = "custom_middleware_bundle"
	if a.d.Bundle != "" && !a.d.BundleDisabled && a.settings.ManagementNode {
		a.notef(a.at(key), key, "is not loaded: management_node is set in tyk.conf")
		return
	}
	b := &a.in.Bundle
	for _, w := range b.Warnings {
		a.notef(a.at(key), key, "%s", w)
	}
	for _, m := range b.Unknown {
		if !m.Value.Empty() {
			file := filepath.Join(b.Dir, "manifest.json")
			a.notef(
				document.Position{File: a.tree.Shown(file)}, "custom_middleware."+m.Value.Path, "is not a key that is known; ignored",
			)
		}
	}
}

// loadHooks makes the plugins of the API's hooks and virtual endpoints.
func (a *api) loadHooks(versions []apiVersion) {
	a.code = scripts{
		hooks: map[string][]namedHook{}, plugins: map[string][]string{}, driver: strings.ToLower(a.middleware.Driver),
	}
	a.collectHooks()
	virtuals := slices.ContainsFunc(versions, func(v apiVersion) bool { return len(v.enabledVirtuals()) > 0 })
	if len(a.code.hooks) == 0 && !virtuals {
		return
	}
	if virtuals || a.code.javascript() { // virtual endpoints are always JavaScript
		a.loadScripts(versions)
	}
	switch a.code.driver {
	case "", "otto", "javascript":
	case "python", "lua", "grpc", "goplugin":
		a.bindProcess()
	default:
		a.unknownDriver()
	}
	a.nameHooks()
}

// unknownDriver refuses the API, or leaves it hooks that answer as Tyk does
// where a driver was not loaded.
func (a *api) unknownDriver() {
	pos, text := a.at("custom_middleware", "driver"), fmt.Sprintf(
		"driver %q is not known; there are otto, javascript, python, lua, grpc and goplugin", a.middleware.Driver,
	)
	if !a.Lenient {
		a.problemf(pos, "%s", text)
		return
	}
	a.notef(pos, "custom_middleware.driver", "%s", text)
	for _, kind := range hookKinds {
		for _, h := range a.code.hooks[kind] {
			a.bindAbsent(h, text)
		}
	}
}

// nameHooks hands the names of the plugins to the hooks of the configuration.
func (a *api) nameHooks() {
	p := a.code.plugins
	a.hooks = hookDecisions{Pre: p["pre"], PostKeyAuth: p["post_key_auth"], Post: p["post"], Response: p["response"]}
	if a.d.UseKeyless && len(p["post_key_auth"]) > 0 {
		a.notef(
			a.at("custom_middleware", "post_key_auth"), "custom_middleware.post_key_auth", "does not run: the API is keyless",
		)
	}
}

// collectHooks reads the enabled hooks of the definition and of the folders.
func (a *api) collectHooks() {
	cm := a.middleware
	a.addHooks("auth_check", cm.AuthCheck)
	a.addHooks("pre", cm.Pre...)
	a.addHooks("post", cm.Post...)
	folders := a.tree.Folders[a.d.APIID]
	a.addHooks("pre", folders["pre"]...)
	a.addHooks("post", folders["post"]...)
	a.addHooks("post_key_auth", folders["post_auth"]...)
	if auth := folders["auth"]; len(auth) > 0 {
		a.code.hooks["auth_check"] = nil
		a.addHooks("auth_check", auth[len(auth)-1])
	}
	a.addHooks("post_key_auth", cm.PostKeyAuth...)
	a.addHooks("response", cm.Response...)
}

func (a *api) addHooks(kind string, all ...definition.HookEntry) {
	for i, h := range all {
		if !h.IsSet() {
			continue
		}
		where := "custom_middleware." + kind
		if kind != "auth_check" {
			where += fmt.Sprintf("[%d]", i)
		}
		if h.Name == "" {
			a.problemf(h.Pos, "%s has no name", where)
			continue
		}
		a.code.hooks[kind] = append(a.code.hooks[kind], namedHook{h, kind, where})
	}
}

// bindProcess makes plugins of the external process out of the hooks. Without
// a process, they answer as Tyk does where the driver was not loaded.
func (a *api) bindProcess() {
	a.code.runtime = runtimeProcess
	a.report.Runtime, a.report.Reason = runtimeProcess, "the driver is "+a.code.driver
	a.notef(
		a.at("custom_middleware", "driver"), "custom_middleware.driver",
		"%s plugins are not converted: an external process must have handlers of these names", a.code.driver,
	)
	for _, kind := range hookKinds {
		for _, h := range a.code.hooks[kind] {
			a.bindHandler(h)
		}
	}
}

func (a *api) bindHandler(h namedHook) {
	if len(a.Process) == 0 && a.Lenient {
		a.bindAbsent(h, "there is no external process for driver "+a.code.driver)
		return
	}
	a.code.process = true
	if h.RawBodyOnly {
		a.notef(h.Pos, h.where+".raw_body_only", "is not passed on: the handler declares how it takes the body")
	}
	p := PluginDecision{Runtime: runtimeProcess, Entry: h.Name, OnLoadError: a.onLoadError()}
	if h.kind == "auth_check" {
		p.IDExtractor = a.extractor()
	}
	a.bind(h, p, HookReport{})
}

// bind adds the plugin of a hook.
func (a *api) bind(h namedHook, p PluginDecision, r HookReport) {
	name := a.plugin(h.kind+"."+slug(h.Name), p)
	a.code.plugins[h.kind] = append(a.code.plugins[h.kind], name)
	r.Hook, r.Name, r.Plugin = h.kind, h.Name, name
	a.report.Hooks = append(a.report.Hooks, r)
}

// onLoadError lets calls of plugins that do not load answer 500, as in Tyk,
// where mistakes are not to stop the import.
func (a *api) onLoadError() string {
	if a.Lenient {
		return "fault"
	}
	return ""
}

// bindAbsent makes a plugin that cannot be loaded and says why.
func (a *api) bindAbsent(h namedHook, why string) {
	file, err := a.placeholder(h.kind+"."+slug(h.Name), why)
	if err != nil {
		a.problemf(h.Pos, "%s: %v", h.where, err)
		return
	}
	a.bind(h, PluginDecision{
		Runtime: runtimeJSVM, Source: write.OneOrMore{a.path(file)}, Entry: "absent", OnLoadError: "fault",
	}, HookReport{Fault: why})
}

// extractor returns the id_extractor of a coprocess, or nil.
func (a *api) extractor() *callerID {
	e := a.middleware.IDExtractor
	if !e.IsSet() {
		return nil
	}
	c := e.Config
	out := &callerID{From: strings.ToLower(e.ExtractFrom), With: strings.ToLower(e.ExtractWith)}
	switch out.From {
	case "body":
	case "header":
		out.Name = cmp.Or(c.HeaderName, "Authorization")
	default:
		out.Name = c.ParamName
	}
	switch out.With {
	case "xpath":
		out.XPath = &c.XPathExpression
	case "regex":
		out.Regex, out.Match = &c.RegexExpression, max(c.RegexMatchIndex, 0)
	}
	return out
}
