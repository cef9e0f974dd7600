package tyk

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/internal/tyk/bundle"
	"github.com/c386954a/sallyport/internal/tyk/definition"
	"github.com/c386954a/sallyport/internal/tyk/document"
	"github.com/c386954a/sallyport/internal/tyk/native"
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

// hook is one entry of custom_middleware, or one file of a folder.
type hook struct {
	definition.Hook
	kind  string
	where string // for messages
}

// scripts are what runs for an API, in whatever language.
type scripts struct {
	runtime string // of the hooks; empty if there are none
	driver  string
	process bool
	sources []source // of a JavaScript API, in load order
	preload string

	hooks   map[string][]hook   // by kind
	plugins map[string][]string // names in the configuration, by kind
}

// bundle puts the section of the API's bundle in the place of its own.
func (a *api) bundle(ctx context.Context) error {
	a.base = a.dir
	if a.d.Bundle == "" || a.d.BundleDisabled {
		return nil
	}
	if a.settings.ManagementNode {
		a.notef(a.at("custom_middleware_bundle"), "custom_middleware_bundle", "is not loaded: management_node is set in tyk.conf")
		return nil
	}
	cfg, err := a.bundleConfig()
	if err != nil {
		return err
	}
	b, err := bundle.Load(ctx, cfg, a.d.Bundle)
	if err != nil || b.Section == nil {
		return err
	}
	for _, w := range b.Warnings {
		a.notef(a.at("custom_middleware_bundle"), "custom_middleware_bundle", "%s", w)
	}
	return a.adopt(b)
}

// bundleConfig says where bundles come from: from the configured server, and
// otherwise from the folder bundles.
func (a *api) bundleConfig() (bundle.Config, error) {
	s := &a.settings
	cfg := bundle.Config{
		Root: a.resolve(a.dir, s.MiddlewarePath), BaseURL: s.BundleBaseURL, Download: s.EnableBundles,
		Insecure: s.BundleInsecure, SkipVerifyExisting: s.SkipVerifyOldBundles,
	}
	if s.PublicKeyPath != "" {
		cfg.PublicKeyPath = a.resolve(a.dir, s.PublicKeyPath)
	}
	if s.BundleBaseURL != "" {
		return cfg, nil
	}
	cfg.Local, cfg.Root = filepath.Join(a.dir, "bundles"), a.Scratch
	if a.Scratch == "" {
		return cfg, errNoScratch("bundle " + a.d.Bundle)
	}
	return cfg, nil
}

func errNoScratch(what string) error {
	return fmt.Errorf("%s must be unpacked beside the configuration: name its file with --out", what)
}

// adopt takes the hooks of a bundle over.
func (a *api) adopt(b bundle.Bundle) error {
	file := filepath.Join(b.Dir, "manifest.json")
	v, err := document.Parse(a.d.Bundle+"/manifest.json", b.Section)
	if err != nil {
		return err
	}
	var section definition.CustomMiddleware
	unknown, err := v.Decode(&section)
	if err != nil {
		return err
	}
	for _, m := range unknown {
		if !m.Value.Empty() {
			a.notef(document.Pos{File: a.shown(file)}, "custom_middleware."+m.Value.Path, "is not a key that is known; ignored")
		}
	}
	a.d.CustomMiddleware, a.base = section, b.Dir
	return nil
}

// loadHooks makes the plugins of the API's hooks and virtual endpoints.
func (a *api) loadHooks(versions []version) {
	a.code = scripts{hooks: map[string][]hook{}, plugins: map[string][]string{}, driver: strings.ToLower(a.d.CustomMiddleware.Driver)}
	a.collectHooks()
	virtuals := slices.ContainsFunc(versions, func(v version) bool { return len(v.enabledVirtuals()) > 0 })
	none := len(a.code.hooks) == 0
	if none && !virtuals {
		return
	}
	switch a.code.driver {
	case "", "otto", "javascript":
		a.loadScripts(versions)
	case "python", "lua", "grpc", "goplugin":
		if virtuals {
			a.loadScripts(versions) // virtual endpoints are JavaScript always
		}
		a.bindProcess()
	default:
		if virtuals {
			a.loadScripts(versions)
		}
		a.unknownDriver()
	}
	a.nameHooks()
}

// unknownDriver refuses the API, or leaves it hooks that answer as Tyk does
// where a driver was not loaded.
func (a *api) unknownDriver() {
	pos, text := a.at("custom_middleware", "driver"), fmt.Sprintf("driver %q is not known; there are otto, javascript, python, lua, grpc and goplugin", a.d.CustomMiddleware.Driver)
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
	a.hooks.pre, a.hooks.post, a.hooks.response = p["pre"], p["post"], p["response"]
	a.hooks.postKeyAuth = p["post_key_auth"]
	if a.d.UseKeyless && len(p["post_key_auth"]) > 0 {
		a.notef(a.at("custom_middleware", "post_key_auth"), "custom_middleware.post_key_auth", "does not run: the API is keyless")
	}
}

// collectHooks reads the enabled hooks of the definition and of the folders.
func (a *api) collectHooks() {
	cm := a.d.CustomMiddleware
	a.addHooks("auth_check", cm.AuthCheck)
	a.addHooks("pre", cm.Pre...)
	a.addHooks("post", cm.Post...)
	folders := a.folderHooks()
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

func (a *api) addHooks(kind string, all ...definition.Hook) {
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
		a.code.hooks[kind] = append(a.code.hooks[kind], hook{h, kind, where})
	}
}

// folderHooks returns the files of folder loading as hooks, by folder.
func (a *api) folderHooks() map[string][]definition.Hook {
	id := a.d.APIID
	out := map[string][]definition.Hook{}
	if !filepath.IsLocal(id) || strings.ContainsAny(id, `/\`) {
		return out // no folder can have that name
	}
	for _, folder := range []string{"pre", "auth", "post_auth", "post"} {
		dir := filepath.Join(a.resolve(a.dir, a.settings.MiddlewarePath), id, folder)
		files, err := filepath.Glob(filepath.Join(globEscape(dir), "*.js"))
		if err != nil {
			continue
		}
		for _, file := range files {
			name, _, _ := strings.Cut(filepath.Base(file), ".")
			out[folder] = append(out[folder], definition.Hook{
				Pos: document.Pos{File: a.shown(file)}, Name: name, Path: file,
				RequireSession: strings.HasSuffix(name, "_with_session"),
			})
		}
	}
	return out
}

func globEscape(s string) string {
	return strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`).Replace(s)
}

// bindProcess makes plugins of the external process out of the hooks. Without
// a process, they answer as Tyk does where the driver was not loaded.
func (a *api) bindProcess() {
	a.code.runtime = runtimeProcess
	a.report.Runtime, a.report.Reason = runtimeProcess, "the driver is "+a.code.driver
	a.notef(a.at("custom_middleware", "driver"), "custom_middleware.driver", "%s plugins are not converted: an external process must have handlers of these names", a.code.driver)
	for _, kind := range hookKinds {
		for _, h := range a.code.hooks[kind] {
			a.bindHandler(h)
		}
	}
}

func (a *api) bindHandler(h hook) {
	if len(a.Process) == 0 && a.Lenient {
		a.bindAbsent(h, "there is no external process for driver "+a.code.driver)
		return
	}
	a.code.process = true
	if h.RawBodyOnly {
		a.notef(h.Pos, h.where+".raw_body_only", "is not passed on: the handler declares how it takes the body")
	}
	m := (&native.Mapping{}).Add("runtime", runtimeProcess).Add("entry", h.Name).AddIf(a.Lenient, "on_load_error", "fault")
	if h.kind == "auth_check" {
		m.Add("id_extractor", a.extractor())
	}
	name := a.plugin(h.kind+"."+slug(h.Name), m)
	a.code.plugins[h.kind] = append(a.code.plugins[h.kind], name)
	a.report.Hooks = append(a.report.Hooks, HookReport{Hook: h.kind, Name: h.Name, Plugin: name})
}

// bindAbsent makes a plugin that cannot be loaded and says why.
func (a *api) bindAbsent(h hook, why string) {
	what := h.kind + "." + slug(h.Name)
	file, err := a.stand(what, why)
	if err != nil {
		a.problemf(h.Pos, "%s: %v", h.where, err)
		return
	}
	m := (&native.Mapping{}).Add("runtime", runtimeJSVM).Add("source", a.path(file)).Add("entry", "absent").Add("on_load_error", "fault")
	name := a.plugin(what, m)
	a.code.plugins[h.kind] = append(a.code.plugins[h.kind], name)
	a.report.Hooks = append(a.report.Hooks, HookReport{Hook: h.kind, Name: h.Name, Plugin: name, Fault: why})
}

// extractor returns the id_extractor of a coprocess, or nil.
func (a *api) extractor() *native.Mapping {
	e := a.d.CustomMiddleware.IDExtractor
	if !e.IsSet() {
		return nil
	}
	c := e.Config
	m := (&native.Mapping{}).Add("from", strings.ToLower(e.ExtractFrom)).AddIf(e.ExtractWith != "", "with", strings.ToLower(e.ExtractWith))
	name := c.ParamName
	if strings.EqualFold(e.ExtractFrom, "header") {
		name = cmp.Or(c.HeaderName, "Authorization")
	}
	m.AddIf(name != "" && !strings.EqualFold(e.ExtractFrom, "body"), "name", name)
	switch strings.ToLower(e.ExtractWith) {
	case "xpath":
		m.Add("xpath", c.XPathExpression)
	case "regex":
		m.Add("regex", c.RegexExpression).AddIf(c.RegexMatchIndex > 0, "match", c.RegexMatchIndex)
	}
	return m
}
