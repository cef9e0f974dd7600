package tyk

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/c386954a/sallyport/internal/tyk/classic"
	"github.com/c386954a/sallyport/internal/tyk/native"
)

// version is one version of an API; one that is not versioned has one without
// a name.
type version struct {
	classic.Version
	key  string   // in version_data.versions
	name string   // of its API in the configuration
	path []string // of its key, for positions
}

// versioned reports whether requests must say which version they want.
func (a *api) versioned() bool {
	return !a.d.VersionData.NotVersioned && len(a.d.VersionData.Versions) > 0
}

// versions returns the versions to be served, in the order of their names.
func (a *api) versions() []version {
	data := a.d.VersionData
	if !a.versioned() {
		return a.single()
	}
	var all []version
	for _, key := range sortedKeys(data.Versions) {
		all = append(all, version{
			Version: data.Versions[key], key: key, path: []string{"version_data", "versions", key},
			name: a.names.take(a.slug + "@" + slug(key)),
		})
		a.report.Versions = append(a.report.Versions, key)
	}
	return all
}

// single returns the one version of an API that is not versioned: the only
// one, else the one with a name that says so.
func (a *api) single() []version {
	data := a.d.VersionData
	keys := sortedKeys(data.Versions)
	if data.Versions == nil && !data.NotVersioned {
		return []version{{name: a.name}} // written by hand, without the section
	}
	if len(keys) > 1 {
		keys = slices.DeleteFunc(keys, func(k string) bool { return k != "Default" && k != "default" && k != "" })
	}
	if len(keys) != 1 {
		a.problemf(a.at("version_data", "versions"), "which version is meant? not_versioned is set, and there are %d candidates in version_data.versions", len(keys))
		return nil
	}
	v := version{Version: data.Versions[keys[0]], name: a.name, path: []string{"version_data", "versions", keys[0]}}
	if t, ok := a.expiry(v); ok && !a.waives("expires") {
		a.problemf(a.at(append(v.path, "expires")...), "the API expires on %s, which is supported for versions only%s", t.Format(time.DateTime), waiveHint("expires"))
	}
	return []version{v}
}

// expiry returns when a version expires; ok is false if it never does.
func (a *api) expiry(v version) (t time.Time, ok bool) {
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
func (a *api) routes(versions []version) {
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
func (a *api) dispatcher(versions []version) *native.Mapping {
	def := a.d.VersionDefinition
	location, key := a.location()
	names, expires := &native.Mapping{}, &native.Mapping{}
	for _, v := range versions {
		names.Add(v.key, v.name)
		if t, ok := a.expiry(v); ok {
			expires.Add(v.key, t.UTC().Format(time.RFC3339))
		}
	}
	standard := a.d.VersionData.DefaultVersion
	if _, ok := a.d.VersionData.Versions[standard]; !ok && standard != "" {
		a.problemf(a.at("version_data", "default_version"), "default_version %q is not one of the versions", standard)
	}
	config := (&native.Mapping{}).Add("location", location).AddIf(key != "", "key", key).
		AddIf(def.StripVersion || def.StripPath, "strip", true).
		Add("versions", names).AddIf(standard != "", "default", standard).
		AddIf(def.FallbackToDefault && standard != "", "fallback", true).
		Add("expires", expires).Add("reply", "tyk")
	pick := a.builtin("version", "version", config)
	m := a.head(a.name)
	a.addUpstream(m, a.d.Proxy.TargetURL, "proxy", "target_url")
	hooks := (&native.Mapping{}).Add("pre", native.Short{pick}).Add("event", a.hooks.events)
	return m.Add("hooks", hooks).AddIf(!a.d.ConfigDataDisabled, "config", a.configData())
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
func (a *api) route(v version) *native.Mapping {
	m := a.head(v.name)
	m.AddIf(a.versioned(), "internal", true)
	endpoints := a.endpoints(v)
	m.Add("exempt", native.List(a.exempt(endpoints)))
	target, pos := a.d.Proxy.TargetURL, []string{"proxy", "target_url"}
	if v.OverrideTarget != "" {
		target, pos = v.OverrideTarget, append(slices.Clone(v.path), "override_target")
	}
	a.addUpstream(m, target, pos...)
	if a.report.Target == "" {
		a.report.Target = target
	}
	m.Add("hooks", a.bindings(v, endpoints))
	return m.AddIf(!a.d.ConfigDataDisabled, "config", a.configData())
}

// head returns what every API of the definition has.
func (a *api) head(name string) *native.Mapping {
	match := (&native.Mapping{})
	internal := a.d.Internal || name != a.name
	match.AddIf(!internal && a.host() != "", "host", a.host())
	match.Add("path", a.d.Proxy.ListenPath).AddIf(a.d.Proxy.StripListenPath, "strip", true)
	a.origins[name] = a.report.File
	m := (&native.Mapping{}).Add("name", name)
	if name == a.name {
		m.Comment(a.origin())
	}
	m.Add("id", a.d.APIID).AddIf(a.d.OrgID != "", "org_id", a.d.OrgID).Add("compat", "tyk")
	m.AddIf(a.d.Internal && name == a.name, "internal", true)
	return m.Add("match", match)
}

func (a *api) addUpstream(m *native.Mapping, target string, keys ...string) {
	if u := a.upstream(target, a.at(keys...)); u != nil {
		m.Add("upstream", u)
	}
}

// bindings returns the hooks of a version, in Tyk's order.
func (a *api) bindings(v version, e endpoints) *native.Mapping {
	h := a.hooks
	var pre, postKeyAuth, response native.Short
	if name := a.pathList(e); name != "" {
		pre = append(pre, name)
	}
	pre = append(pre, h.pre...)
	if v.GlobalSizeLimit > 0 && !v.GlobalSizeLimitDisabled {
		pre = append(pre, a.builtin("size", "size-limit", (&native.Mapping{}).Add("max", v.GlobalSizeLimit).Add("reply", "tyk")))
	}
	postKeyAuth = append(postKeyAuth, h.postKeyAuth...)
	if !a.d.UseKeyless {
		postKeyAuth = append(postKeyAuth, a.access(v))
	}
	if name := a.transform("request", v.GlobalHeaders, v.GlobalHeadersRemove, v.GlobalHeadersDisabled); name != "" {
		postKeyAuth = append(postKeyAuth, name)
	}
	if name := a.transform("reply", v.GlobalResponseHeaders, v.GlobalResponseHeadersRemove, v.GlobalResponseDisabled); name != "" {
		response = append(response, name)
	}
	m := (&native.Mapping{}).Add("pre", pre).AddIf(h.auth != "", "auth", h.auth).Add("post_key_auth", postKeyAuth)
	if limit := a.rateLimit(); limit != "" {
		m.Add("rate_limit", limit)
	}
	m.Add("virtual", a.virtuals(v)).Add("post", h.post).Add("response", append(response, h.response...))
	return m.Add("event", h.events)
}

// variables are the names of values in header fields, Tyk's and ours.
var variables = strings.NewReplacer("$tyk_meta.", "$meta.", "$tyk_context.", "$context.")

// transform returns the step that sets and removes header fields, or "".
func (a *api) transform(what string, set map[string]string, remove []string, disabled bool) string {
	if disabled || len(set) == 0 && len(remove) == 0 {
		return ""
	}
	fields := &native.Mapping{}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		fields.Add(name, variables.Replace(set[name]))
	}
	return a.builtin(what, "transform", (&native.Mapping{}).Add("set", fields).Add("remove", native.Short(remove)))
}
