package definition

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/internal/tyk/document"
)

// Extension is the member of an OpenAPI document that makes it Tyk's.
const Extension = "x-tyk-api-gateway"

// versionName is the name of the one version an API has.
const versionName = "Default"

// decodeOAS reads an OAS document.
func decodeOAS(v *document.Value) (*Definition, []document.Note, error) {
	c := &converter{root: v}
	member := v.Get(Extension)
	if member == nil {
		return nil, nil, document.Mistakes{{Pos: v.Pos, Text: "the document has no " + Extension}}
	}
	unknown, err := member.Decode(&c.from)
	if err != nil {
		return nil, nil, err
	}
	c.convert()
	c.notes = append(c.notes, oasRules.Notes(unknown, c.to.UseKeyless)...)
	if len(c.problems) > 0 {
		return nil, nil, c.problems
	}
	slices.SortStableFunc(c.notes, byPlace)
	return &c.to, c.notes, nil
}

// converter is one call of decodeOAS.
type converter struct {
	root *document.Value
	from extension
	to   Definition

	notes    []document.Note
	problems document.Mistakes
}

func (c *converter) problem(v *document.Value, text string) {
	c.problems = append(c.problems, document.Mistake{Pos: v.Pos, Text: v.Path + " " + text})
}

// note says something about a value that no flag decides on.
func (c *converter) note(v *document.Value, r document.Rule) {
	c.notes = append(c.notes, r.Note(v.Pos, v.Path, v.Path[strings.LastIndexByte(v.Path, '.')+1:]))
}

func (c *converter) convert() {
	c.to.Pos = c.root.Pos
	c.info()
	c.server()
	c.upstream()
	c.authentication()
	c.plugins()
	c.events()
	c.version()
	if v := c.root.Get("x-tyk-streaming"); !v.Empty() {
		c.note(v, document.Rule{Text: "is not supported: the API has no streams"})
	}
}

func (c *converter) info() {
	i := &c.from.Info
	c.to.APIID, c.to.OrgID, c.to.Name = i.ID, i.OrgID, i.Name
	c.to.Active, c.to.Internal = i.State.Active, i.State.Internal
}

func (c *converter) server() {
	s := &c.from.Server
	c.to.Proxy.ListenPath, c.to.Proxy.StripListenPath = s.ListenPath.Value, s.ListenPath.Strip
	c.to.Protocol, c.to.ListenPort = s.Protocol, s.Port
	c.to.EnableContext = s.ContextVariables.Enabled || c.from.Middleware.Global.ContextVariables.Enabled
	if d := s.CustomDomain; d != nil {
		c.to.Domain, c.to.DomainDisabled = d.Name, !d.Enabled
	}
}

func (c *converter) upstream() {
	u := &c.from.Upstream
	p := &c.to.Proxy
	p.TargetURL, p.PreserveHost, p.DisableStripSlash = u.URL, u.PreserveHostHeader.Enabled, u.PreserveTrailingSlash.Enabled
	p.Transport.InsecureSkipVerify = u.TLSTransport.InsecureSkipVerify
	if u.Proxy.Enabled {
		p.Transport.ProxyURL = u.Proxy.URL
	}
	if r := u.RateLimit; r != nil {
		c.to.GlobalRateLimit = GlobalRateLimit{Rate: r.Rate, Per: c.seconds(r.Per).Seconds(), Disabled: !r.Enabled}
	}
}

// methods are the members of a path item that are operations.
var methods = [...]string{"get", "put", "post", "delete", "options", "head", "patch", "trace", "connect"}

// operationPlace is where an operation is in OpenAPI's part of the document.
type operationPlace struct{ id, path, method string }

// version is the one version of the API.
func (c *converter) version() {
	g := &c.from.Middleware.Global
	v := Version{Pos: c.root.Pos, Name: versionName, UseExtendedPaths: true, IgnoreCase: g.IgnoreCase.Enabled}
	if t := g.RequestHeaders; t != nil {
		v.GlobalHeaders, v.GlobalHeadersRemove, v.GlobalHeadersDisabled = headerMap(t.Add), t.Remove, !t.Enabled
	}
	if t := g.ResponseHeaders; t != nil {
		v.GlobalResponseHeaders, v.GlobalResponseHeadersRemove = headerMap(t.Add), t.Remove
		v.GlobalResponseDisabled = !t.Enabled
	}
	if l := g.RequestSizeLimit; l != nil {
		v.GlobalSizeLimit, v.GlobalSizeLimitDisabled = l.Value, !l.Enabled
	}
	c.operations(&v.ExtendedPaths)
	c.to.VersionData = VersionData{NotVersioned: true, Versions: map[string]Version{versionName: v}}
}

// operations are what is done at single endpoints. An id that is given to
// several operations, which OpenAPI forbids, stands for all of them, as in Tyk.
func (c *converter) operations(to *ExtendedPaths) {
	all := c.from.Middleware.Operations
	seen := make(map[string]bool)
	for _, p := range c.places() {
		o, ok := all[p.id]
		if !ok {
			continue
		}
		seen[p.id] = true
		addEndpoint(&to.Ignored, p, o.IgnoreAuthentication)
		addEndpoint(&to.WhiteList, p, o.Allow)
		addEndpoint(&to.BlackList, p, o.Block)
		addVirtual(&to.Virtual, p, o.VirtualEndpoint)
	}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if !seen[id] {
			v := c.root.At(Extension, "middleware", "operations").Get(id)
			c.note(v, document.Rule{Text: "belongs to no operation in paths; ignored, as by Tyk"})
		}
	}
}

// places returns the operations of the document. Paths match by any of their
// parts, and the first match counts: so longer paths come first.
func (c *converter) places() []operationPlace {
	var all []operationPlace
	paths := c.root.Get("paths")
	if paths == nil {
		return nil
	}
	for _, m := range paths.Members {
		for _, method := range methods {
			if id := textOf(m.Value.Get(method), "operationId"); id != "" {
				all = append(all, operationPlace{id, m.Key, strings.ToUpper(method)})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b operationPlace) int {
		return cmp.Or(
			cmp.Compare(len(b.path), len(a.path)), strings.Compare(a.path, b.path), strings.Compare(a.method, b.method),
		)
	})
	return all
}

func addEndpoint(list *[]Endpoint, p operationPlace, a *allowance) {
	if a == nil {
		return
	}
	*list = append(
		*list, Endpoint{Pos: a.Pos, Disabled: !a.Enabled, Path: p.path, Method: p.method, IgnoreCase: a.IgnoreCase},
	)
}

func addVirtual(list *[]VirtualEndpoint, p operationPlace, v *virtual) {
	if v == nil {
		return
	}
	to := VirtualEndpoint{
		Pos: v.Pos, Disabled: !v.Enabled, Path: p.path, Method: p.method, Function: cmp.Or(v.FunctionName, v.Name),
		SourceType: "file", SourceURI: v.Path, UseSession: v.RequireSession, ProxyOnError: v.ProxyOnError,
	}
	if v.Body != "" {
		to.SourceType, to.SourceURI = "blob", v.Body
	}
	*list = append(*list, to)
}

// byPlace orders notes as their keys are in the text.
func byPlace(a, b document.Note) int {
	return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column))
}
