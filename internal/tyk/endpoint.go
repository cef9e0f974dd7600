package tyk

import (
	"regexp"
	"strings"

	"github.com/c386954a/sallyport/internal/tyk/definition"
	"github.com/c386954a/sallyport/internal/tyk/document"
	"github.com/c386954a/sallyport/proxy/urlpath"
)

// endpoints are the lists of paths of one version.
type endpoints struct{ ignored, allowed, blocked []pathMatch }

// endpoints reads the lists of a version, in their old or their new form.
func (a *api) endpoints(v apiVersion) endpoints {
	if v.UseExtendedPaths {
		return endpoints{
			ignored: a.extended(v, "ignored", v.ExtendedPaths.Ignored),
			allowed: a.extended(v, "white_list", v.ExtendedPaths.WhiteList),
			blocked: a.extended(v, "black_list", v.ExtendedPaths.BlackList),
		}
	}
	return endpoints{
		ignored: a.simple(v, "ignored", v.Paths.Ignored),
		allowed: a.simple(v, "white_list", v.Paths.WhiteList),
		blocked: a.simple(v, "black_list", v.Paths.BlackList),
	}
}

func (a *api) simple(v apiVersion, list string, paths []string) (out []pathMatch) {
	pos := a.at(append(v.path, "paths", list)...)
	for _, p := range paths {
		if e, ok := a.expression(p, v.IgnoreCase, pos); ok {
			out = append(out, pathMatch{Path: e})
		}
	}
	return out
}

func (a *api) extended(v apiVersion, list string, all []definition.Endpoint) (out []pathMatch) {
	for _, e := range all {
		if e.Disabled {
			continue
		}
		expression, ok := a.expression(e.Path, e.IgnoreCase || v.IgnoreCase, e.Pos)
		if !ok {
			continue
		}
		for _, method := range a.methods(e, list) {
			out = append(out, pathMatch{expression, method})
		}
	}
	return out
}

// methods returns those that an endpoint is for; an empty one stands for all.
func (a *api) methods(e definition.Endpoint, list string) []string {
	if len(e.MethodActions) == 0 || e.Method != "" {
		return []string{a.method(e.Method, e.Pos)}
	}
	var methods []string
	for _, m := range sortedKeys(e.MethodActions) {
		if action := e.MethodActions[m].Action; action != "" && action != "no_action" {
			a.problemf(
				e.Pos, "%s: action %q of method %s at %q is not supported: the requests would reach the upstream", list, action, m,
				e.Path,
			)
		}
		methods = append(methods, a.method(m, e.Pos))
	}
	return methods
}

var token = regexp.MustCompile(`^[A-Z_-]*$`)

// method returns a method as requests have it.
func (a *api) method(m string, pos document.Position) string {
	m = strings.ToUpper(strings.TrimSpace(m))
	if !token.MatchString(m) {
		a.problemf(pos, "%q is not an HTTP method", m)
	}
	return m
}

// expression returns the path of an endpoint as a regular expression.
func (a *api) expression(path string, ignoreCase bool, pos document.Position) (string, bool) {
	how := urlpath.Matching{
		Prefix: a.settings.Server.PrefixMatching, Suffix: a.settings.Server.SuffixMatching,
		IgnoreCase: ignoreCase || a.settings.IgnoreEndpointCase,
	}
	if path == "" {
		a.noteOnce(pos, "version_data", "has a path that is empty and matches every request, as in Tyk")
		return ".*", true
	}
	e := how.Expression(path)
	if _, err := regexp.Compile(e); err != nil {
		a.problemf(pos, "path %q is no pattern: it becomes %q, which is no regular expression", path, e)
		return "", false
	}
	return e, true
}

// exempt returns the requests that need no key.
func (a *api) exempt(e endpoints) []pathMatch {
	if a.d.UseKeyless {
		return nil
	}
	return e.ignored
}

// pathList returns the step that turns requests away by their path, or "".
func (a *api) pathList(e endpoints) string {
	if len(e.allowed) == 0 && len(e.blocked) == 0 {
		return ""
	}
	return a.builtin("paths", "paths", pathsStep{Ignore: e.ignored, Block: e.blocked, Allow: e.allowed, Reply: "tyk"})
}

// enabledVirtuals returns the virtual endpoints that take part.
func (v apiVersion) enabledVirtuals() []definition.VirtualEndpoint {
	if !v.UseExtendedPaths {
		return nil
	}
	var out []definition.VirtualEndpoint
	for _, e := range v.ExtendedPaths.Virtual {
		if !e.Disabled {
			out = append(out, e)
		}
	}
	return out
}

// addVirtual adds the script of a virtual endpoint. Its file is never one of
// the bundle.
func (a *api) addVirtual(e definition.VirtualEndpoint) {
	const where = "virtual.function_source_uri"
	switch strings.ToLower(e.SourceType) {
	case "file":
		a.addFile(a.tree.Root, e.SourceURI, e.Pos, where)
	case "blob":
		if a.settings.NoBlobs {
			a.broken(e.Function, e.Pos, where, errBlobs)
			return
		}
		a.addInline("virtual."+slug(e.Function), e.SourceURI, e.Pos, where)
	default:
		a.broken(e.Function, e.Pos, "virtual.function_source_type", errSourceType)
	}
}

// virtuals returns the bindings of a version's virtual endpoints, the first of
// those with one path and method.
func (a *api) virtuals(v apiVersion) []virtualBinding {
	var out []virtualBinding
	seen := map[pathMatch]bool{}
	for _, e := range v.enabledVirtuals() {
		expression, ok := a.expression(e.Path, v.IgnoreCase, e.Pos)
		at := pathMatch{expression, a.method(e.Method, e.Pos)}
		switch {
		case !ok:
			continue
		case at.Method == "":
			a.notef(e.Pos, "virtual", "%s has no method and matches no request; left out", e.Path)
			continue
		case e.Function == "":
			a.problemf(e.Pos, "virtual endpoint %s has no response_function_name", e.Path)
			continue
		case seen[at]:
			a.notef(e.Pos, "virtual", "%s %s is there already; left out", at.Method, e.Path)
			continue
		}
		seen[at] = true
		out = append(out, a.bindVirtual(e, at))
	}
	return out
}

func (a *api) bindVirtual(e definition.VirtualEndpoint, at pathMatch) virtualBinding {
	p := a.script(e.Function, scriptConfig{UseSession: e.UseSession})
	if e.ProxyOnError {
		p.OnFault = "open"
	}
	name := a.plugin("virtual."+slug(e.Function), p)
	file := "inline code"
	if strings.EqualFold(e.SourceType, "file") {
		file = a.tree.Shown(a.tree.Resolve(a.tree.Root, e.SourceURI))
	}
	a.report.Hooks = append(a.report.Hooks, HookReport{
		Hook: "virtual", Name: e.Function, File: file, Plugin: name, On: at.Method + " " + e.Path,
	})
	return virtualBinding{at.Path, at.Method, name}
}
