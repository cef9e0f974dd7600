package tyk

import (
	"slices"
	"strings"

	"github.com/c386954a/sallyport/internal/tyk/document"
	"github.com/c386954a/sallyport/internal/tyk/script"
)

// analyze reads a script, once for all APIs that have it.
func (a *api) analyze(name string, text []byte) *script.SourceReport {
	i := slices.IndexFunc(a.out.Report.Scripts, func(s *ScriptReport) bool { return s.Name == name })
	if i < 0 {
		i = len(a.out.Report.Scripts)
		a.out.Report.Scripts = append(a.out.Report.Scripts, &ScriptReport{SourceReport: script.Analyze(name, text)})
	}
	s := a.out.Report.Scripts[i]
	if !slices.Contains(s.APIs, a.name) {
		s.APIs = append(s.APIs, a.name)
	}
	return &s.SourceReport
}

// chooseRuntime picks the engine: scripts for driver javascript may be too
// modern for otto.
func (a *api) chooseRuntime() {
	a.code.runtime = runtimeJSVM
	if a.code.driver == "javascript" {
		for _, s := range a.code.sources {
			if s.found != nil && !s.found.Parses() {
				a.code.runtime = runtimeWasm
				a.report.Reason = s.found.Name + " does not run on jsvm: " + syntaxError(s.found)
				break
			}
		}
	}
	a.report.Runtime = a.code.runtime
	a.noteGrants()
}

// syntaxError says why otto does not read a script.
func syntaxError(r *script.SourceReport) string {
	text := r.Syntax.Text
	if r.Modern != nil {
		text += " (" + r.Modern.Text + " is newer than the JavaScript that jsvm runs; " +
			"the sandbox knows it: see driver javascript)"
	}
	return text
}

// checkSyntax deals with scripts that do not parse on their engine. That of
// the sandbox knows more than is known here.
func (a *api) checkSyntax() {
	if a.code.runtime != runtimeJSVM {
		return
	}
	sources := a.code.sources
	a.code.sources = nil
	for _, s := range sources {
		switch {
		case s.found == nil || s.found.Parses():
			a.code.sources = append(a.code.sources, s)
		case a.Lenient:
			a.notef(
				s.pos, s.where, "is left out, what it defines will be missing: %s:%d:%d: %s", s.found.Name, s.found.Syntax.Line,
				s.found.Syntax.Column, syntaxError(s.found),
			)
			a.addPlaceholder(s.what, syntaxError(s.found))
		default:
			a.problemf(
				document.Position{File: s.found.Name, Line: s.found.Syntax.Line, Column: s.found.Syntax.Column}, "%s",
				syntaxError(s.found),
			)
		}
	}
}

// grants returns what scripts in the sandbox must be allowed to use, as far as
// that can be seen in them.
func (a *api) grants() (g grants) {
	if a.code.runtime != runtimeWasm {
		return g
	}
	if a.uses(func(r *script.SourceReport) bool { return r.Storage }) {
		g.KV = append(g.KV, "*")
	}
	if a.uses(func(r *script.SourceReport) bool { return usesAny(r, "TykGetKeyData", "TykSetKeyData") }) {
		g.KV = append(g.KV, "sessions")
	}
	for _, origin := range a.origins() {
		g.HTTP = append(g.HTTP, origin+"/*")
	}
	return g
}

// origins returns where scripts say that they send requests.
func (a *api) origins() (all []string) {
	for _, s := range a.code.sources {
		if s.found != nil {
			all = append(all, s.found.Origins...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// noteGrants says what must be granted by hand: scripts make their URLs.
func (a *api) noteGrants() {
	if a.code.runtime != runtimeWasm || !a.uses((*script.SourceReport).SendsRequests) {
		return
	}
	text := "sends requests from the sandbox, which must be granted: " +
		"add the URLs to `allow: { http: [...] }` of its plugins"
	if origins := a.origins(); len(origins) > 0 {
		text = "sends requests from the sandbox, and is allowed to send them to " + strings.Join(origins, ", ") +
			": add other URLs, and the addresses of hosts in a private network, to `allow: { http: [...] }` of its plugins"
	}
	a.notef(a.at("custom_middleware", "driver"), "custom_middleware", "%s", text)
}

func (a *api) uses(what func(*script.SourceReport) bool) bool {
	return slices.ContainsFunc(a.code.sources, func(s scriptSource) bool { return s.found != nil && what(s.found) })
}

// usesAny reports whether the script names one of the host functions.
func usesAny(r *script.SourceReport, functions ...string) bool {
	return slices.ContainsFunc(r.Uses, func(u script.Use) bool { return slices.Contains(functions, u.Name) })
}
