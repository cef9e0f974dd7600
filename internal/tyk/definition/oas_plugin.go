package definition

import (
	"time"

	"github.com/c386954a/sallyport/internal/tyk/document"
)

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
