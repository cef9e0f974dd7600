package config

import (
	"slices"

	"github.com/c386954a/sallyport/abi"
)

// eventNames are the events that can be named. Of those that Tyk knows, only
// some happen here; naming another one is no mistake, so that a definition
// written for it can be taken over as it is.
var eventNames = [...]string{
	"AuthFailure", "KeyExpired", "QuotaExceeded", "RateLimitExceeded", "RatelimitExceeded", "VersionFailure",
	"PluginFault",
	"OrgQuotaExceeded", "OrgRateLimitExceeded", "TriggerExceeded", "BreakerTriggered", "BreakerTripped", "BreakerReset",
	"HostDown", "HostUp", "TokenCreated", "TokenUpdated", "TokenDeleted",
}

// subscribers reads the event hook: names of plugins, or mappings that also
// name the events.
func (f *fields) subscribers(c *Config) []Binding {
	key := abi.Event.String()
	n := f.take(key)
	if n == nil {
		return nil
	}
	items := []*node{n}
	if n.kind != text && n.kind != broken {
		if !f.want(n, label(key), list) {
			return nil
		}
		items = n.items
	}
	var all []Binding
	for _, item := range items {
		if item.kind != mapping {
			all = f.bindAll(c, all, f.textsOf([]*node{item}, key), abi.Event)
			continue
		}
		m := f.fields(item, item.pos, "an entry of "+label(key))
		all = m.subscriber(c, all)
	}
	return all
}

// subscriber reads one mapping.
func (f *fields) subscriber(c *Config, all []Binding) []Binding {
	defer f.done()
	name := f.need("plugin", "name the plugin that is told")
	events := f.eventsOn()
	if name.Value == "" {
		return all
	}
	bound := f.bind(c, nil, name, abi.Event)
	for i := range bound {
		bound[i].Events = events
	}
	return append(all, bound...)
}

// eventsOn reads names of events; nil stands for all.
func (f *fields) eventsOn() []string {
	var events []string
	for _, t := range f.texts("on") {
		if !slices.Contains(eventNames[:], t.Value) {
			f.problemf(t.Pos, didYouMean(t.Value, eventNames[:]), "there is no event %s", quote(f.env.mask(t.Value)))
			continue
		}
		events = append(events, t.Value)
	}
	if n := f.entry("on"); n != nil && n.value.kind == list && len(n.value.items) == 0 {
		f.problemf(n.value.pos, "remove it for all events", "%s is empty", label("on"))
	}
	return events
}
