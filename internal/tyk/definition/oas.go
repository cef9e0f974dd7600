package definition

import (
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
