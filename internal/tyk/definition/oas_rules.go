package definition

import (
	"strings"
	"time"

	"github.com/c386954a/sallyport/internal/tyk/document"
)

// Where a document names what anybody may name: schemes and operations.
const (
	schemePrefix    = "server.authentication.securityschemes"
	operationPrefix = "middleware.operations"
)

// oasRules are the keys of the extension, in lower case.
var oasRules = document.Table{
	Prefix: strings.ToLower(Extension) + ".",
	Rules:  oasKeys,
	Inner:  map[string]map[string]document.Rule{schemePrefix: schemeKeys, operationPrefix: operationKeys},
}

// oasKeys are the keys of the extension.
var oasKeys = document.Rules([]document.Rule{
	{Keys: "info.dbid server.slug middleware.global.skipquotareset", Text: noEffect, Harmless: true},
	{Keys: "info.expiration", Text: "is not supported: the API does not expire", Opens: true},
	{
		Keys: "info.versioning",
		Text: "is not supported: base and child APIs are served each on their own listen path", Flag: "enabled",
	},
	{Keys: "upstream.servicediscovery upstream.loadbalancing", Text: oneTarget, Flag: "enabled"},
	{Keys: "upstream.uptimetests", Text: "is not supported: the upstream is not probed", Flag: "enabled"},
	{Keys: "upstream.test", Text: "is not supported: the upstream is not probed"},
	{Keys: "upstream.mutualtls", Text: "is not supported: the upstream sees no client certificate", Flag: "enabled"},
	{
		Keys: "upstream.certificatepinning",
		Text: "is not supported: the upstream's key is not compared", Flag: "enabled", Opens: true,
	},
	{Keys: "upstream.authentication", Text: notDone, Flag: "enabled"},
	{Text: notDone, Keys: `
		upstream.tlstransport.ciphers upstream.tlstransport.minversion upstream.tlstransport.maxversion
	`},
	{
		Keys: "upstream.tlstransport.forcecommonnamecheck",
		Text: "is not supported: the common name of the upstream's certificate is not compared", Opens: true,
	},
	{Keys: "server.clientcertificates", Text: otherAuth, Flag: "enabled", Key: "use_mutual_tls_auth", Opens: true},
	{
		Keys: "server.gatewaytags",
		Text: "has no effect here: the gateway is not one of several segments", Flag: "enabled",
	},
	{
		Keys: "server.customdomain.certificates",
		Text: "is not supported: certificates of the listener are set by `tls` for the whole gateway",
	},
	{Keys: "server.detailedactivitylogs middleware.global.trafficlogs", Text: notAnalyse, Flag: "enabled"},
	{Keys: "server.detailedtracing", Text: notAnalyse, Flag: "enabled", Harmless: true},
	{Keys: "server.ipaccesscontrol", Text: moreOpen, Flag: "enabled", Opens: true},
	{Keys: "server.batchprocessing", Text: "is not supported: there is no batch path", Flag: "enabled"},
	{
		Keys: "server.authentication.hmac",
		Text: otherAuth, Flag: "enabled", Key: "enable_signature_checking", Opens: true, Protected: true,
	},
	{
		Keys: "server.authentication.oidc",
		Text: otherAuth, Flag: "enabled", Key: "use_openid", Opens: true, Protected: true,
	},
	{Text: "is not supported: all enabled ways to authenticate must pass", Keys: `
		server.authentication.security server.authentication.securityprocessingmode
	`},
	{
		Keys: "middleware.global.cors",
		Text: "is not supported: replies have no CORS fields, and preflight requests are treated as any other",
		Flag: "enabled",
	},
	{Keys: "middleware.global.cache", Text: "is not supported: every request goes to the upstream", Flag: "enabled"},
})

// schemeKeys are the keys of one token scheme.
var schemeKeys = document.Rules([]document.Rule{
	{Keys: "enableclientcertificate", Text: otherAuth, Key: "use_certificate", Opens: true, Protected: true},
	{
		Keys: "signaturevalidation",
		Text: moreOpen, Flag: "enabled", Key: "validate_signature", Opens: true, Protected: true,
	},
})

// operationKeys are the keys of one operation.
var operationKeys = document.Rules([]document.Rule{
	{Keys: "transformrequestmethod", Text: "is not supported: methods are not changed", Flag: "enabled"},
	{Keys: "transformrequestbody", Text: "is not supported: request bodies are not rewritten", Flag: "enabled"},
	{Keys: "transformresponsebody", Text: "is not supported: reply bodies are not rewritten", Flag: "enabled"},
	{
		Keys: "transformrequestheaders transformresponseheaders",
		Text: "is not supported at single endpoints, only for a whole API", Flag: "enabled",
	},
	{Keys: "urlrewrite", Text: "is not supported: paths are not rewritten", Flag: "enabled"},
	{Keys: "cache", Text: "is not supported: every request goes to the upstream", Flag: "enabled"},
	{Keys: "enforcetimeout", Text: "is not supported: the upstream has the same time everywhere", Flag: "enabled"},
	{Keys: "circuitbreaker", Text: notDone, Flag: "enabled"},
	{Keys: "trackendpoint donottrackendpoint", Text: notAnalyse, Flag: "enabled", Harmless: true},
	{
		Keys: "mockresponse",
		Text: "is not supported: the requests would reach the upstream", Flag: "enabled", Opens: true,
	},
	{Text: moreOpen, Flag: "enabled", Opens: true, Keys: `
		requestsizelimit validaterequest internal ratelimit postplugins
	`},
})

// plugins are the hooks of the whole API.
func (c *converter) plugins() {
	g := &c.from.Middleware.Global
	c.to.DisableRateLimit, c.to.DisableQuota = g.SkipRateLimit, g.SkipQuota
	m := &c.to.CustomMiddleware
	m.Driver = g.PluginConfig.Driver
	m.Pre = c.hooks("prePlugin", g.PrePlugins, g.PrePlugin)
	m.PostKeyAuth = c.hooks("postAuthenticationPlugin", g.PostAuthPlugins, g.PostAuthPlugin)
	m.Post = c.hooks("postPlugin", g.PostPlugins, g.PostPlugin)
	m.Response = c.hooks("responsePlugin", g.ResponsePlugins, g.ResponsePlugin)
	if b := g.PluginConfig.Bundle; b != nil {
		c.to.Bundle, c.to.BundleDisabled = b.Path, !b.Enabled
	}
	if d := g.PluginConfig.Data; d != nil {
		c.to.ConfigDataDisabled = !d.Enabled
		c.configData(d.Value)
	}
}

func (c *converter) configData(v *document.Value) {
	switch {
	case v == nil || v.Kind == document.Null:
	case v.Kind != document.Object:
		c.problem(v, "must be an object, not "+v.Kind.String())
	default:
		c.to.ConfigData = v
	}
}

// hooks returns the classic form of a list of plugins, or of its older form
// where there is no other.
func (c *converter) hooks(key string, list []oasPlugin, old oldPlugins) []HookEntry {
	if list == nil {
		list = old.Plugins
	} else if len(old.Plugins) > 0 {
		v := c.root.At(Extension, "middleware", "global", key)
		c.note(v, document.Rule{Text: "is the older form of " + key + "s, which is there, too; ignored, as by Tyk"})
	}
	var hooks []HookEntry
	for _, p := range list {
		hooks = append(hooks, HookEntry{
			Pos: p.Pos, Disabled: !p.Enabled, Name: p.FunctionName, Path: p.Path, Code: p.Code,
			RawBodyOnly: p.RawBodyOnly, RequireSession: p.RequireSession,
		})
	}
	return hooks
}

// events are the event handlers.
func (c *converter) events() {
	for i, e := range c.from.Server.EventHandlers {
		h := EventHandler{Pos: e.Pos, Meta: EventMeta{ID: e.ID, Disabled: !e.Enabled}}
		switch e.Type {
		case "custom":
			h.Handler = "eh_dynamic_handler"
			h.Meta.Name, h.Meta.Path = e.FunctionName, e.Path
		case "log":
			h.Handler = "eh_log_handler"
			h.Meta.Name, h.Meta.Prefix = e.Name, e.LogPrefix
		case "webhook":
			h.Handler = "eh_web_hook_handler"
			h.Meta.Name, h.Meta.Method, h.Meta.TargetPath, h.Meta.TemplatePath = e.Name, e.Method, e.URL, e.BodyTemplate
			h.Meta.HeaderMap = headerMap(e.Headers)
			h.Meta.EventTimeout = int64(c.seconds(e.CooldownPeriod) / time.Second)
		default:
			v := c.root.At(Extension, "server", "eventHandlers").Items[i]
			c.note(v, document.Rule{Text: "is of a type other than custom, webhook and log; ignored"})
			continue
		}
		if c.to.EventHandlers.Events == nil {
			c.to.EventHandlers.Events = make(map[string][]EventHandler)
		}
		c.to.EventHandlers.Events[e.Trigger] = append(c.to.EventHandlers.Events[e.Trigger], h)
	}
}

func headerMap(headers []header) map[string]string {
	if len(headers) == 0 {
		return nil
	}
	m := make(map[string]string, len(headers))
	for _, h := range headers {
		m[h.Name] = h.Value
	}
	return m
}

// seconds reads a duration such as 1h30m, which is whole seconds.
func (c *converter) seconds(v *document.Value) time.Duration {
	if v == nil || v.Kind == document.Null || v.Kind == document.Text && v.Text == "" {
		return 0
	}
	d, err := time.ParseDuration(v.Text)
	if v.Kind != document.Text || err != nil || d < 0 {
		c.problem(v, "must be a duration such as 1h30m or 10s")
		return 0
	}
	return d
}
