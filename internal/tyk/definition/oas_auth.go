package definition

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/c386954a/sallyport/internal/tyk/document"
)

// authentication says who may come in. Without the section everyone may.
func (c *converter) authentication() {
	a := c.from.Server.Authentication
	if a == nil {
		c.to.UseKeyless = true
		return
	}
	c.to.UseKeyless = !a.Enabled
	c.to.StripAuthData, c.to.BaseIdentity = a.StripAuthorizationData, a.BaseIdentityProvider
	if l := a.CustomKeyLifetime; l.Enabled {
		c.to.SessionLifetime = int64(c.seconds(l.Value) / time.Second)
		c.to.LifetimeRespectsKey = l.RespectValidity
	}
	c.custom(a.Custom)
	for _, name := range c.schemeNames(a.SecuritySchemes) {
		c.scheme(name, a.SecuritySchemes[name])
	}
}

// schemeNames returns the names of schemes: those that the document itself
// asks for come first.
func (c *converter) schemeNames(schemes map[string]*document.Value) []string {
	var names []string
	if s := c.root.Get("security"); s != nil && s.Kind == document.List {
		for _, requirement := range s.Items {
			for _, m := range requirement.Members {
				if schemes[m.Key] != nil && !slices.Contains(names, m.Key) {
					names = append(names, m.Key)
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(schemes)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// scheme is one entry of securitySchemes. What kind of scheme it is, OpenAPI's
// part of the document says.
func (c *converter) scheme(name string, v *document.Value) {
	if v.Kind != document.Null && v.Kind != document.Object {
		c.problem(v, "must be an object, not "+v.Kind.String())
		return
	}
	if !v.Get("enabled").True() {
		return
	}
	component := c.root.At("components", "securitySchemes").Get(name)
	if kind := textOf(component, "type"); kind != "apiKey" {
		c.otherScheme(v, kind, component)
		return
	}
	if c.to.UseStandardAuth {
		c.protect(v, "is a second key; only the first is looked for", name)
		return
	}
	c.token(name, v, component)
}

// otherScheme refuses a way to authenticate that is not supported. The keys
// that waive it are those of a classic definition.
func (c *converter) otherScheme(v *document.Value, kind string, component *document.Value) {
	key := "use_oauth2"
	switch {
	case kind == "http" && strings.EqualFold(textOf(component, "scheme"), "basic"):
		key = "use_basic_auth"
	case kind == "http":
		key = "enable_jwt"
	case kind == "openIdConnect":
		key = "use_openid"
	case kind == "":
		key = "securitySchemes"
	case kind == "oauth2" && v.Get("providers") != nil:
		key = "external_oauth"
	}
	text := otherAuth
	if kind == "" {
		text = "is not described in components.securitySchemes, so it is not known what it asks for"
	}
	c.protect(v, text, key)
}

// protect refuses an API that would be more open, unless it is open anyway.
func (c *converter) protect(v *document.Value, text, key string) {
	if !c.to.UseKeyless {
		c.note(v, document.Rule{Text: text, Key: key, Opens: true})
	}
}

// token is a key that requests carry.
func (c *converter) token(name string, v, component *document.Value) {
	var from struct {
		Enabled bool       `json:"enabled"`
		Header  *keySource `json:"header"`
		Query   *keySource `json:"query"`
		Cookie  *keySource `json:"cookie"`
	}
	unknown, err := v.Decode(&from)
	if err != nil {
		c.problems = append(c.problems, err.(document.Mistakes)...) //nolint:errorlint,forcetypeassert // Decode says so
		return
	}
	c.notes = append(c.notes, oasRules.Notes(unknown, c.to.UseKeyless)...)
	t := sources{from.Header, from.Query, from.Cookie}
	described := &keySource{Enabled: true, Name: textOf(component, "name")}
	switch textOf(component, "in") {
	case "query":
		t.Query = or(t.Query, described)
	case "cookie":
		t.Cookie = or(t.Cookie, described)
	case "header":
		t.Header = or(t.Header, described)
	}
	c.to.UseStandardAuth = true
	c.addAuthConfig(AuthToken, t.token(name, v.Pos))
}

// or returns the source that is enabled, or else the other one.
func or(s, other *keySource) *keySource {
	if s != nil && s.Enabled {
		return s
	}
	return other
}

func textOf(v *document.Value, key string) string {
	if m := v.Get(key); m != nil && m.Kind == document.Text {
		return m.Text
	}
	return ""
}

func (c *converter) addAuthConfig(name string, t Token) {
	if c.to.AuthConfigs == nil {
		c.to.AuthConfigs = make(map[string]Token)
	}
	c.to.AuthConfigs[name] = t
}

// token returns the classic form. Where nothing is enabled, the key is in the
// usual header field.
func (s sources) token(name string, pos document.Position) Token {
	t := Token{Pos: pos, Name: name}
	if q := s.Query; q != nil && q.Enabled {
		t.UseParam, t.ParamName = true, q.Name
	}
	if k := s.Cookie; k != nil && k.Enabled {
		t.UseCookie, t.CookieName = true, k.Name
	}
	switch {
	case s.Header != nil && s.Header.Enabled:
		t.HeaderName = s.Header.Name
	case t.UseParam || t.UseCookie:
		t.DisableHeader = true
	}
	return t
}

// custom is the auth_check hook.
func (c *converter) custom(a *customAuth) {
	if a == nil {
		return
	}
	c.to.CustomPluginAuth = a.Enabled
	c.addAuthConfig(AuthCoprocess, sources{a.Header, a.Query, a.Cookie}.token("", a.Pos))
	p := a.Config
	if p == nil {
		return
	}
	m := &c.to.CustomMiddleware
	m.AuthCheck = HookEntry{
		Pos: p.Pos, Disabled: !p.Enabled, Name: p.FunctionName, Path: p.Path, Code: p.Code,
		RawBodyOnly: p.RawBodyOnly, RequireSession: p.RequireSession,
	}
	if e := p.IDExtractor; e != nil {
		m.IDExtractor = IDExtractor{
			Disabled: !e.Enabled, ExtractFrom: e.Source, ExtractWith: e.With,
			Config: ExtractorDetails{
				HeaderName: e.Config.HeaderName, ParamName: e.Config.FormParamName, RegexExpression: e.Config.Regexp,
				RegexMatchIndex: e.Config.RegexpMatchIndex, XPathExpression: e.Config.XPathExp,
			},
		}
	}
}
