package tyk

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/c386954a/sallyport/internal/tyk/definition"
)

// apiVersion is one version of an API; one that is not versioned has one without
// a name.
type apiVersion struct {
	definition.Version
	key  string   // in version_data.versions
	name string   // of its API in the configuration
	path []string // of its key, for positions
}

// versioned reports whether requests must say which version they want.
func (a *api) versioned() bool {
	return !a.d.VersionData.NotVersioned && len(a.d.VersionData.Versions) > 0
}

// versions returns the versions to be served, in the order of their names.
func (a *api) versions() []apiVersion {
	data := a.d.VersionData
	if !a.versioned() {
		return a.single()
	}
	var all []apiVersion
	for _, key := range sortedKeys(data.Versions) {
		all = append(all, apiVersion{
			Version: data.Versions[key], key: key, path: []string{"version_data", "versions", key},
			name: a.taken.names.take(a.slug + "@" + slug(key)),
		})
		a.report.Versions = append(a.report.Versions, key)
	}
	return all
}

// single returns the one version of an API that is not versioned: the only
// one, else the one with a name that says so.
func (a *api) single() []apiVersion {
	data := a.d.VersionData
	keys := sortedKeys(data.Versions)
	if data.Versions == nil && !data.NotVersioned {
		return []apiVersion{{name: a.name}} // written by hand, without the section
	}
	if len(keys) > 1 {
		keys = slices.DeleteFunc(keys, func(k string) bool { return k != "Default" && k != "default" && k != "" })
	}
	if len(keys) != 1 {
		a.problemf(
			a.at("version_data", "versions"),
			"which version is meant? not_versioned is set, and there are %d candidates in version_data.versions", len(keys),
		)
		return nil
	}
	v := apiVersion{Version: data.Versions[keys[0]], name: a.name, path: []string{"version_data", "versions", keys[0]}}
	if t, ok := a.expiry(v); ok {
		pos := a.at(append(v.path, "expires")...)
		if t.After(a.now) {
			a.notef(
				pos, strings.Join(v.path, ".")+".expires", "is not looked at, as in Tyk: only versions of versioned APIs expire",
			)
		} else if !a.waives("expires") {
			a.problemf(
				pos, "the API expired on %s, and only versions of versioned APIs do so here%s", t.Format(time.DateTime),
				waiveHint("expires"),
			)
		}
	}
	return []apiVersion{v}
}

// expiry returns when a version expires; ok is false if it never does.
func (a *api) expiry(v apiVersion) (t time.Time, ok bool) {
	if v.Expires == "" || v.Expires == "-1" {
		return t, false
	}
	for _, layout := range []string{"2006-01-02 15:04", time.RFC3339, time.DateTime} {
		if t, err := time.Parse(layout, v.Expires); err == nil {
			return t, true
		}
	}
	a.problemf(a.at(append(v.path, "expires")...), "expires must be a time such as 2030-12-31 00:00, not %q", v.Expires)
	return t, false
}

// routes makes the APIs of the configuration: one, or one for each version and
// one that sends requests there.
func (a *api) routes(versions []apiVersion) {
	if !a.versioned() {
		a.apis = append(a.apis, a.route(versions[0]))
		return
	}
	a.apis = append(a.apis, a.dispatcher(versions))
	for _, v := range versions {
		a.apis = append(a.apis, a.route(v))
	}
}

// dispatcher returns the API that requests come to first.
func (a *api) dispatcher(versions []apiVersion) APIDecision {
	def := a.d.VersionDefinition
	step := versionStep{
		Strip: def.StripVersion || def.StripPath, Versions: map[string]string{}, Expires: map[string]string{},
		Default: a.d.VersionData.DefaultVersion, Reply: "tyk",
	}
	step.Location, step.Key = a.location()
	step.Fallback = def.FallbackToDefault && step.Default != ""
	for _, v := range versions {
		step.Versions[v.key] = v.name
		if t, ok := a.expiry(v); ok {
			step.Expires[v.key] = t.UTC().Format(time.RFC3339)
		}
	}
	if _, ok := step.Versions[step.Default]; !ok && step.Default != "" {
		a.problemf(a.at("version_data", "default_version"), "default_version %q is not one of the versions", step.Default)
	}
	out := a.head(a.name)
	out.Upstream = a.upstream(a.d.Proxy.TargetURL, a.at("proxy", "target_url"))
	out.Hooks = hookDecisions{Pre: []string{a.builtin("version", "version", step)}, Event: a.hooks.Event}
	return out
}

// location returns where the version is named.
func (a *api) location() (location, key string) {
	def := a.d.VersionDefinition
	switch def.Location {
	case "url-param":
		location = "query"
	case "url":
		return "path", ""
	case "header", "":
		location = "header"
	default:
		a.problemf(a.at("definition", "location"), "location %q is not header, url-param or url", def.Location)
	}
	return location, cmp.Or(def.Key, "x-api-version")
}

// route returns the API that serves a version.
func (a *api) route(v apiVersion) APIDecision {
	out := a.head(v.name)
	out.OfVersion = a.versioned()
	lists := a.endpoints(v)
	out.Exempt = a.exempt(lists)
	target, pos := a.d.Proxy.TargetURL, a.at("proxy", "target_url")
	if v.OverrideTarget != "" {
		target, pos = v.OverrideTarget, a.at(append(slices.Clone(v.path), "override_target")...)
	}
	out.Upstream = a.upstream(target, pos)
	a.report.Target = cmp.Or(a.report.Target, target)
	out.Hooks = a.bindings(v, lists)
	return out
}

// head returns what every API of the definition has.
func (a *api) head(name string) APIDecision {
	a.out.Origins[name] = a.report.File
	out := APIDecision{
		Name: name, ID: a.d.APIID, OrgID: a.d.OrgID, Compat: "tyk", Config: a.configData(),
		Match: routeMatch{Path: a.d.Proxy.ListenPath, Strip: a.d.Proxy.StripListenPath},
	}
	if a.settings.Server.KeepPaths {
		out.Match.Encoded = "keep"
	}
	if name == a.name {
		out.Origin, out.Internal = a.origin(), a.d.Internal
		if !a.d.Internal {
			out.Match.Host = a.host()
		}
	}
	return out
}

// bindings returns the hooks of a version, in Tyk's order.
func (a *api) bindings(v apiVersion, lists endpoints) hookDecisions {
	h := hookDecisions{Auth: a.hooks.Auth, Post: a.hooks.Post, Event: a.hooks.Event}
	if name := a.pathList(lists); name != "" {
		h.Pre = append(h.Pre, name)
	}
	h.Pre = append(h.Pre, a.hooks.Pre...)
	if v.GlobalSizeLimit > 0 && !v.GlobalSizeLimitDisabled {
		h.Pre = append(h.Pre, a.builtin("size", "size-limit", sizeLimitStep{Max: v.GlobalSizeLimit, Reply: "tyk"}))
	}
	h.PostKeyAuth = slices.Clone(a.hooks.PostKeyAuth)
	if !a.d.UseKeyless {
		h.PostKeyAuth = append(h.PostKeyAuth, a.access(v))
	}
	if name := a.transform("request", v.GlobalHeaders, v.GlobalHeadersRemove, v.GlobalHeadersDisabled); name != "" {
		h.PostKeyAuth = append(h.PostKeyAuth, name)
	}
	name := a.transform("reply", v.GlobalResponseHeaders, v.GlobalResponseHeadersRemove, v.GlobalResponseDisabled)
	if name != "" {
		h.Response = append(h.Response, name)
	}
	h.Response = append(h.Response, a.hooks.Response...)
	h.RateLimit = a.rateLimit()
	h.Virtual = a.virtuals(v)
	return h
}

// variables are the names of values in header fields, Tyk's and ours.
var variables = strings.NewReplacer("$tyk_meta.", "$meta.", "$tyk_context.", "$context.")

// transform returns the step that sets and removes header fields, or "".
func (a *api) transform(what string, set map[string]string, remove []string, disabled bool) string {
	if disabled || len(set) == 0 && len(remove) == 0 {
		return ""
	}
	named := make(map[string]string, len(set))
	for name, value := range set {
		named[name] = variables.Replace(value)
	}
	return a.builtin(what, "transform", transformStep{Set: named, Remove: remove})
}
