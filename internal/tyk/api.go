package tyk

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/internal/tyk/definition"
	"github.com/c386954a/sallyport/internal/tyk/document"
	"github.com/c386954a/sallyport/internal/tyk/source"
	"github.com/c386954a/sallyport/internal/tyk/write"
)

// api is one definition on its way. What it becomes is added to the decisions
// when it is complete.
type api struct {
	*importer

	in       *source.DefinitionFile
	d        definition.Definition
	report   *APIReport
	pos      document.Position
	problems document.Mistakes // shadows those of the import

	name       string // in the configuration
	slug       string // begins the names of its plugins
	middleware definition.CustomMiddleware
	code       scripts
	hooks      hookDecisions // that every version has

	plugins []PluginDecision
	made    map[string]string // what a plugin is for and says → its name
	apis    []APIDecision
	files   []ScriptFile
}

// decideAPI decides about one definition. What is wrong with it is a problem of
// the whole import or, for a lenient one, the reason to leave it out.
func (i *importer) decideAPI(in *source.DefinitionFile) {
	a := &api{
		importer: i, in: in, report: &APIReport{File: in.File, Format: in.Format},
		pos: document.Position{File: in.File}, made: map[string]string{},
	}
	i.out.Report.APIs = append(i.out.Report.APIs, a.report)
	err := in.Err
	if err == nil {
		a.d, a.pos = *in.Definition, in.Root.Pos
		a.checkNotes()
		a.decide()
		err = a.err()
	}
	if err != nil {
		a.report.Skipped = err.Error()
		if !a.Lenient {
			i.refuse(err)
		}
	}
	if a.report.Skipped != "" {
		return
	}
	i.out.Plugins = append(i.out.Plugins, a.plugins...)
	i.out.APIs = append(i.out.APIs, a.apis...)
	i.out.Files = append(i.out.Files, a.files...)
	i.process = i.process || a.code.process
}

// checkNotes refuses an API that would let more through.
func (a *api) checkNotes() {
	for _, n := range a.in.Notes {
		if n.Opens && !a.waives(n.Key) {
			a.problemf(n.Pos, "%s %s%s", n.Path, n.Text, waiveHint(n.Key))
			continue
		}
		if n.Opens {
			n.Text += " (waived)"
		}
		a.report.Notes = append(a.report.Notes, n)
	}
}

// problemf says what is wrong with the definition.
func (a *api) problemf(pos document.Position, format string, args ...any) {
	if pos.File == "" {
		pos = a.pos
	}
	a.problems = append(a.problems, document.Mistake{Pos: pos, Text: fmt.Sprintf(format, args...)})
}

// notef says what is different here about something that was imported.
func (a *api) notef(pos document.Position, path, format string, args ...any) {
	if pos.File == "" {
		pos = a.pos
	}
	a.report.Notes = append(a.report.Notes, document.Note{Pos: pos, Path: path, Text: fmt.Sprintf(format, args...)})
}

func (a *api) err() error {
	if len(a.problems) == 0 {
		return nil
	}
	return a.problems
}

// at returns where a key of a classic definition stands, as far as there is
// such a key.
func (a *api) at(keys ...string) document.Position {
	for n := len(keys); n > 0; n-- {
		if v := a.in.Root.At(keys[:n]...); v != nil {
			return v.Pos
		}
	}
	return a.pos
}

// decide decides about the API's plugins and routes.
func (a *api) decide() {
	a.identify()
	if !a.d.IsActive() {
		a.report.Skipped, a.problems = "it is not active", nil
		return
	}
	a.checkListener()
	a.checkRoute()
	versions := a.versions()
	if versions == nil {
		return
	}
	if err := a.in.Bundle.Err; err != nil {
		a.problemf(a.at("custom_middleware_bundle"), "%v", err)
		return
	}
	a.noteBundle()
	a.middleware = a.in.Middleware()
	a.loadHooks(versions)
	a.globalLimit()
	a.auth()
	a.events()
	a.routes(versions)
}

// identify gives the API its name.
func (a *api) identify() {
	d := &a.d
	stem := strings.TrimSuffix(filepath.Base(a.report.File), ".json")
	name := cmp.Or(printable(d.Name), printable(d.APIID), printable(stem), "api")
	if a.taken.names[name] && d.APIID != "" {
		name = printable(name + " (" + d.APIID + ")")
	}
	a.name = a.taken.names.take(name)
	a.slug = a.taken.names.take("slug:" + slug(a.name))[len("slug:"):]
	d.APIID = cmp.Or(d.APIID, a.name)
	a.report.Name, a.report.ID = a.name, d.APIID
}

// checkListener refuses what is no HTTP API on the gateway's port.
func (a *api) checkListener() {
	switch p := a.d.Protocol; p {
	case "", "http", "https":
	default:
		a.problemf(a.at("protocol"), "protocol %s is not supported: the gateway serves HTTP", p)
	}
	if a.d.ListenPort != 0 {
		a.notef(a.at("listen_port"), "listen_port", "is not supported: the API is served on the gateway's own port")
	}
}

// host returns the host the API is for; empty is any.
func (a *api) host() string {
	if a.d.DomainDisabled {
		return ""
	}
	return strings.ToLower(a.d.Domain)
}

// checkRoute refuses listen paths that cannot be served, or are taken.
func (a *api) checkRoute() {
	host, path := a.host(), a.d.Proxy.ListenPath
	a.report.Listen = host + path
	pos := a.at("proxy", "listen_path")
	switch {
	case strings.ContainsAny(host, "{}*:/ "):
		a.problemf(a.at("domain"), "domain %q must be a plain host name: patterns and ports are not supported", host)
	case !strings.HasPrefix(path, "/"):
		a.problemf(pos, "listen path %q must begin with a slash", path)
	case strings.ContainsAny(path, "{}?#%\\ "):
		a.problemf(pos, "listen path %q must be plain: patterns and escapes are not supported", path)
	case path != "/" && cleaned(path) != strings.TrimSuffix(path, "/"):
		a.problemf(pos, "listen path %q has empty or dot segments", path)
	}
	if first, ok := a.taken.ids[a.d.APIID]; ok {
		a.problemf(a.at("api_id"), "api_id %q is that of %s, too", a.d.APIID, first)
	}
	a.taken.ids[a.d.APIID] = a.report.File
	if a.d.Internal {
		return
	}
	route := host + " " + strings.TrimSuffix(path, "/")
	if first, ok := a.taken.routes[route]; ok {
		a.problemf(pos, "listen path %q is that of %s, too", path, first)
	}
	a.taken.routes[route] = a.report.File
}

// cleaned returns path without what no request path has once it is clean.
func cleaned(path string) string {
	var kept []string
	for s := range strings.SplitSeq(path, "/") {
		if s != "" && s != "." && s != ".." {
			kept = append(kept, s)
		}
	}
	return "/" + strings.Join(kept, "/")
}

// hostName matches the host of a URL, with its port.
var hostName = regexp.MustCompile(`^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])?(:[0-9]+)?$`)

// variable matches the name of a variable of the environment.
var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// upstream returns where requests go. Tyk reads targets of the schemes env and
// secrets when it starts, and so does the gateway.
func (a *api) upstream(target string, pos document.Position) *upstreamTarget {
	if scheme, name, _ := strings.Cut(target, "://"); scheme == "env" || scheme == "secrets" {
		if !variable.MatchString(name) {
			a.problemf(pos, "target %q does not name a variable of the environment", target)
		}
		return a.target("${" + name + "}")
	}
	u, err := url.Parse(target)
	switch {
	case err != nil || strings.ContainsAny(target, " \t\r\n") || !hostName.MatchString(u.Host):
		a.problemf(pos, "target %q is not a URL", target)
		return nil
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		a.problemf(pos, "target %q must be an http:// or https:// URL with a host", target)
		return nil
	case u.User != nil:
		a.problemf(pos, "target %q must not hold credentials", u.Redacted())
		return nil
	}
	if u.Fragment != "" {
		a.noteOnce(pos, "proxy.target_url", "has a fragment, which no server sees: it is left out")
		u.Fragment, u.RawFragment = "", ""
	}
	u.ForceQuery, u.RawQuery = false, visible(u.RawQuery)
	return a.target(strings.ReplaceAll(u.String(), "$", "$$"))
}

// target returns an upstream at a URL, in which dollar signs stand for the
// environment.
func (a *api) target(url string) *upstreamTarget {
	a.transport()
	out := &upstreamTarget{URL: write.EnvTemplate(url), Host: "rewrite"}
	if a.d.Proxy.PreserveHost {
		out.Host = ""
	}
	return out
}

// visible returns a query with what cannot stand in a request line escaped.
func visible(query string) string {
	var b strings.Builder
	for _, c := range []byte(query) {
		if c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// transport notes what cannot be said of upstream connections.
func (a *api) transport() {
	if t := a.d.Proxy.Transport; t.InsecureSkipVerify {
		a.noteOnce(
			a.at("proxy", "transport", "ssl_insecure_skip_verify"), "proxy.transport.ssl_insecure_skip_verify",
			"is not supported: the upstream's certificate is verified",
		)
	}
	if a.d.Proxy.Transport.ProxyURL != "" {
		a.noteOnce(
			a.at("proxy", "transport", "proxy_url"), "proxy.transport.proxy_url",
			"is not supported: the upstream is reached directly",
		)
	}
}

// noteOnce is notef for what several versions would say.
func (a *api) noteOnce(pos document.Position, path, text string) {
	if !slices.ContainsFunc(a.report.Notes, func(n document.Note) bool { return n.Path == path && n.Text == text }) {
		a.notef(pos, path, "%s", text)
	}
}

// plugin adds a plugin under a name of its own. Two that say the same are one.
func (a *api) plugin(what string, p PluginDecision) string {
	said := what + "\n" + string(write.YAML(p))
	if name, ok := a.made[said]; ok {
		return name
	}
	p.Name = a.taken.names.take("plugin:" + a.slug + "." + what)[len("plugin:"):]
	if len(a.made) == 0 {
		p.Origin = a.origin()
	}
	a.made[said] = p.Name
	a.out.Origins[p.Name] = a.report.File
	a.plugins = append(a.plugins, p)
	return p.Name
}

// origin says where the API comes from, for comments.
func (a *api) origin() write.Comment {
	file := a.report.File
	if rel, err := filepath.Rel(a.Dir, file); err == nil && filepath.IsLocal(rel) {
		file = rel
	}
	return write.Comment(filepath.ToSlash(file) + ": " + a.name)
}

// builtin adds a built-in step.
func (a *api) builtin(what, entry string, config any) string {
	if !slices.Contains(a.report.Steps, entry) {
		a.report.Steps = append(a.report.Steps, entry)
	}
	return a.plugin(what, PluginDecision{Runtime: "builtin", Entry: entry, Config: config})
}

// sortedKeys returns the keys of m in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// configData returns what scripts get as config_data, or nil.
func (a *api) configData() *document.Value {
	v := a.d.ConfigData
	if v == nil || v.Kind == document.Null {
		return nil
	}
	if v.Kind != document.Object {
		a.problemf(v.Pos, "config_data must be an object, not %s", v.Kind)
	}
	if v.Kind != document.Object || a.d.ConfigDataDisabled {
		return nil
	}
	return v
}
