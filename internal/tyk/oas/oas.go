// Package oas turns Tyk OAS documents into classic definitions: an OpenAPI
// document says what paths there are, and its member x-tyk-api-gateway what
// the gateway does with them.
//
// The importer goes on from the classic definition, so that both formats mean
// the same everywhere behind it. A key that has no meaning here is a
// [document.Note], as it is in a classic definition.
package oas

import (
	"slices"

	"github.com/c386954a/sallyport/internal/tyk/classic"
	"github.com/c386954a/sallyport/internal/tyk/document"
)

// Extension is the member of an OpenAPI document that makes it Tyk's.
const Extension = "x-tyk-api-gateway"

// versionName is the name of the one version an API has.
const versionName = "Default"

// Decode reads a document. The notes are about every key of the extension that
// has no meaning here, in the order of the text; keys that ask for nothing are
// passed over if they are known. What is in the document for OpenAPI's sake is
// none of its business.
//
// An error is always of type [document.Problems].
func Decode(v *document.Value) (*classic.Definition, []document.Note, error) {
	c := &converter{root: v, notes: &notes{}}
	member := v.Get(Extension)
	if member == nil {
		return nil, nil, document.Problems{{Pos: v.Pos, Text: "the document has no " + Extension}}
	}
	unknown, err := member.Decode(&c.from)
	if err != nil {
		return nil, nil, err
	}
	c.convert()
	c.notes.unknown(unknown, c.to.UseKeyless)
	if len(c.problems) > 0 {
		return nil, nil, c.problems
	}
	slices.SortStableFunc(c.notes.list, byPlace)
	return &c.to, c.notes.list, nil
}

// converter is one call of Decode.
type converter struct {
	root *document.Value
	from extension
	to   classic.Definition

	notes    *notes
	problems document.Problems
}

func (c *converter) problem(v *document.Value, text string) {
	c.problems = append(c.problems, document.Problem{Pos: v.Pos, Text: v.Path + " " + text})
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
		c.notes.add(v, rule{text: "is not supported: the API has no streams"})
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
		c.to.GlobalRateLimit = classic.GlobalRateLimit{Rate: r.Rate, Per: c.seconds(r.Per).Seconds(), Disabled: !r.Enabled}
	}
}
