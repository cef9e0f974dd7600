package tyk

import (
	"errors"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/internal/tyk/definition"
)

var (
	errBlobs      = errors.New("inline code is refused: disable_virtual_path_blobs is set in tyk.conf")
	errSourceType = errors.New("function_source_type must be file or blob")
)

// eventNames are the events that can be named in the configuration.
var eventNames = []string{
	"AuthFailure", "KeyExpired", "QuotaExceeded", "RatelimitExceeded", "VersionFailure",
	"OrgQuotaExceeded", "OrgRateLimitExceeded", "TriggerExceeded", "BreakerTriggered", "BreakerTripped", "BreakerReset",
	"HostDown", "HostUp", "TokenCreated", "TokenUpdated", "TokenDeleted",
}

// subscription is one handler and the events it is for.
type subscription struct {
	definition.EventMeta
	kind   string
	events []string
	at     definition.EventHandler
}

// events makes plugins of the event handlers.
func (a *api) events() {
	var all []*subscription
	for _, event := range sortedKeys(a.d.EventHandlers.Events) {
		if !slices.Contains(eventNames, event) {
			a.notef(
				a.at("event_handlers", "events", event), "event_handlers.events."+event,
				"is not an event that is known; its handlers are left out",
			)
			continue
		}
		for _, h := range a.d.EventHandlers.Events[event] {
			all = a.subscribe(all, event, h)
		}
	}
	for _, s := range all {
		a.bindEvent(s, all)
	}
}

// subscribe adds a handler, or an event to the handler that is there already.
func (a *api) subscribe(all []*subscription, event string, h definition.EventHandler) []*subscription {
	where := "event_handlers.events." + event
	switch {
	case h.Meta.Disabled:
		return all
	case h.Handler != "eh_dynamic_handler" && h.Handler != "cp_dynamic_handler":
		a.notef(h.Pos, where, "handler %s is not supported; left out", h.Handler)
		return all
	case h.Meta.Name == "":
		a.problemf(h.Pos, "%s: handler_meta has no name", where)
		return all
	}
	for _, s := range all {
		if s.kind == h.Handler && s.Name == h.Meta.Name && s.Path == h.Meta.Path {
			s.events = append(s.events, event)
			return all
		}
	}
	return append(all, &subscription{EventMeta: h.Meta, kind: h.Handler, events: []string{event}, at: h})
}

// bindEvent makes the plugin of a handler.
func (a *api) bindEvent(s *subscription, all []*subscription) {
	name := a.eventPlugin(s, all)
	if name == "" {
		return
	}
	a.hooks.Event = append(a.hooks.Event, eventBinding{name, s.events})
	a.report.Hooks = append(a.report.Hooks, HookReport{
		Hook: "event", Name: s.Name, File: s.Path, Plugin: name, On: strings.Join(s.events, " "),
	})
}

// eventPlugin returns the name of the plugin, or "" without one.
func (a *api) eventPlugin(s *subscription, all []*subscription) string {
	if s.kind == "cp_dynamic_handler" {
		return a.eventProcess(s)
	}
	return a.eventScript(s, all)
}

// eventScript makes a plugin of the scripts of all handlers of the API: Tyk
// loads them into one machine, too, though one for all APIs.
func (a *api) eventScript(s *subscription, all []*subscription) string {
	if !a.settings.EnableJSVM {
		a.problemf(s.at.Pos, "the API has JavaScript event handlers, and enable_jsvm is not set in tyk.conf")
		return ""
	}
	saved := a.code
	defer func() { a.code = saved }()
	a.code.sources, a.code.runtime = nil, runtimeJSVM
	a.preload()
	for _, other := range all {
		if other.kind == s.kind && other.Path != "" {
			a.addFile(a.tree.Root, other.Path, other.at.Pos, "handler_meta.path")
		}
	}
	a.checkSyntax()
	if len(a.code.sources) == 0 && len(a.problems) == 0 {
		a.addPlaceholder("events", "the handlers name no file: they must come from tyk_js_path")
	}
	return a.plugin("event."+slug(s.Name), a.script(s.Name, scriptConfig{}))
}

func (a *api) eventProcess(s *subscription) string {
	if len(a.Process) == 0 && a.Lenient {
		a.notef(s.at.Pos, "cp_dynamic_handler", "%s is left out: there is no external process", s.Name)
		return ""
	}
	a.code.process = true
	return a.plugin(
		"event."+slug(s.Name), PluginDecision{Runtime: runtimeProcess, Entry: s.Name, OnLoadError: a.onLoadError()},
	)
}
