package config

import (
	"regexp"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/abi"
)

// Hooks are the plugins an API runs, by hook, in the order in which they run.
type Hooks [abi.HookCount][]Binding

// Binding is one plugin in one hook of one API.
type Binding struct {
	Plugin *PluginConfig
	Pos    Pos // of the plugin's name

	// Path and Method select the requests of a virtual binding. A Path with
	// a slash at its end stands for everything below it, any other for
	// itself alone; an empty Method stands for all. Other hooks have neither.
	Path   string
	Method string
	// ExemptPattern selects them instead of Path, as in [ExemptPattern].
	Pattern *regexp.Regexp

	// Events are the names of the events an event binding is told of; nil
	// stands for all.
	Events []string
}

// answersAll reports whether virtual plugins answer every request under path.
func (h *Hooks) answersAll(path string) bool {
	return slices.ContainsFunc(h[abi.Virtual], func(b Binding) bool {
		return b.Path == path && b.Pattern == nil && b.Method == ""
	})
}

// hooks reads the hooks of one API whose route is path.
func (f *fields) hooks(c *Config, path string) Hooks {
	var h Hooks
	m := f.in("hooks")
	defer m.done()
	for i := range h {
		switch hook := abi.Hook(i); hook {
		case abi.Auth, abi.RateLimit:
			h[i] = m.one(c, hook)
		case abi.Virtual:
			h[i] = m.virtuals(c, path)
		case abi.Event:
			h[i] = m.subscribers(c)
		default:
			h[i] = m.bindings(c, hook)
		}
	}
	return h
}

// bindings reads a hook that takes several plugins.
func (f *fields) bindings(c *Config, hook abi.Hook) []Binding {
	return f.bindAll(c, nil, f.texts(hook.String()), hook)
}

// bindAll is bind for several names.
func (f *fields) bindAll(c *Config, all []Binding, names []Text, hook abi.Hook) []Binding {
	for _, t := range names {
		all = f.bind(c, all, t, hook)
	}
	return all
}

// one reads a hook that takes one plugin.
func (f *fields) one(c *Config, hook abi.Hook) []Binding {
	key := hook.String()
	if e := f.entry(key); e != nil && e.value.kind == list {
		f.take(key)
		f.problemf(e.value.pos, "name it without a list", "%s takes one plugin", label(key))
		return nil
	}
	t := f.text(key, "")
	if e := f.entry(key); e == nil || e.value.kind != text {
		return nil
	}
	return f.bind(c, nil, t, hook)
}

// bind adds the plugin named by t, if there is one.
func (f *fields) bind(c *Config, all []Binding, t Text, hook abi.Hook) []Binding {
	p := c.Plugin(t.Value)
	if p == nil {
		f.undefined(c, t)
		return all
	}
	if hook == abi.Auth && p.FailOpen {
		f.problemf(t.Pos, "set `on_fault: closed` for it: a fault would let everyone in",
			"plugin %s must not fail open in %s", quote(p.Name), label("auth"))
	}
	return append(all, Binding{Plugin: p, Pos: t.Pos})
}

// undefined reports a name without a plugin, unless the plugins as a whole
// could not be read.
func (f *fields) undefined(c *Config, t Text) {
	if f.unnamed {
		return
	}
	names := make([]string, len(c.Plugins))
	for i, p := range c.Plugins {
		names[i] = p.Name
	}
	hint := suggest(t.Value, names)
	if hint == "" {
		hint = "define it under `plugins`"
	}
	f.problemf(t.Pos, hint, "plugin %s is not defined", quote(f.env.mask(t.Value)))
}

// virtuals reads the plugins that answer instead of the upstream.
func (f *fields) virtuals(c *Config, path string) []Binding {
	n := f.take(abi.Virtual.String())
	if n == nil || !f.want(n, label(abi.Virtual.String()), list) {
		return nil
	}
	var all []Binding
	seen := taken{}
	for _, item := range n.items {
		m := f.fields(item, item.pos, "an entry of "+label("virtual"))
		b, ok := m.virtual(c, path)
		if !ok {
			continue
		}
		if first, free := seen.claim(b.key(), item.pos); !free {
			f.problemf(item.pos, "the first is on "+line(first), "this path and method have a plugin already")
		}
		all = append(all, b)
	}
	return all
}

// key tells virtual bindings apart: no path begins with a space.
func (b *Binding) key() string {
	if b.Pattern != nil {
		return b.Method + "  " + b.Pattern.String()
	}
	return b.Method + " " + b.Path
}

// virtual reads one entry; ok is false if it is not complete.
func (f *fields) virtual(c *Config, under string) (b Binding, ok bool) {
	defer f.done()
	path, pattern := f.virtualPath(under)
	method := f.method()
	name := f.need("plugin", "name the plugin that answers")
	if name.Value == "" {
		return Binding{}, false
	}
	bound := f.bind(c, nil, name, abi.Virtual)
	if len(bound) == 0 || path == "" && pattern == nil {
		return Binding{}, false
	}
	b = bound[0]
	b.Path, b.Pattern, b.Method = path, pattern, method
	return b, true
}

// virtualPath reads which paths are meant: one path, or a pattern.
func (f *fields) virtualPath(under string) (string, *regexp.Regexp) {
	if f.has("pattern") {
		f.refuse("cannot stand beside `pattern`", "remove one of them", "path")
		return "", f.pattern("pattern", "write a regular expression: `^/items/[0-9]+$`")
	}
	f.take("pattern")
	path := f.routePath("path", true)
	if path.Value != "" && !strings.HasPrefix(path.Value, under) {
		f.problemf(path.Pos, "write the whole path as clients send it", "%s is outside the path of the api", label("path"))
	}
	return path.Value, nil
}

func (f *fields) method() string {
	t := f.text("method", "")
	if e := f.entry("method"); e != nil && e.value.kind == text && !upperToken(t.Value) {
		f.problemf(t.Pos, "methods are upper case: `GET`, `POST`", "%s must be an HTTP method, not %s", label("method"),
			quote(e.value.raw))
	}
	return t.Value
}

func upperToken(s string) bool {
	return s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == ""
}
