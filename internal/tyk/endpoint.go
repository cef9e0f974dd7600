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
