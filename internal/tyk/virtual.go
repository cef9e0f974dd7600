package tyk

import (
	"strings"

	"github.com/c386954a/sallyport/internal/tyk/definition"
)

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
