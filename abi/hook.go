package abi

import (
	"iter"
	"strings"
)

// Hook is a place in the way of a request where plugins run. The order of the
// constants is the order in which the gateway runs them.
type Hook uint8

const (
	// Pre plugins see every request first, before it is authenticated.
	Pre Hook = iota
	// Auth is the one plugin that decides who is asking; it sets the session.
	Auth
	// PostKeyAuth plugins see the request with its session.
	PostKeyAuth
	// RateLimit is the one plugin that may turn a request away with 429.
	RateLimit
	// Post plugins see the request last, just before the upstream does.
	Post
	// Virtual is the plugin that answers instead of the upstream.
	Virtual
	// Response plugins see the reply on its way back.
	Response
	// Event plugins are told what happened, outside the way of the request.
	Event

	// HookCount is the number of hooks, for tables indexed by Hook.
	HookCount = int(Event) + 1
)

// hookNames are the names on the wire and in configuration files.
var hookNames = [HookCount]string{
	"pre", "auth", "post_key_auth", "rate_limit", "post", "virtual", "response", "event",
}

// String returns the hook's name as configuration files spell it.
func (h Hook) String() string {
	if int(h) >= HookCount {
		return "unknown"
	}
	return hookNames[h]
}

// ParseHook returns the hook of that name; ok is false if there is none.
func ParseHook(name string) (h Hook, ok bool) {
	for i, n := range hookNames {
		if n == name {
			return Hook(i), true
		}
	}
	return 0, false
}

// BeforeReply reports whether the hook runs before there is a reply. Such a
// hook may edit the request, and may answer instead of the upstream.
func (h Hook) BeforeReply() bool { return h <= Virtual }

// HookSet is a set of hooks. The zero value is empty.
type HookSet uint16

// AllHooks holds every hook.
const AllHooks HookSet = 1<<HookCount - 1

// SetOf returns the set of the given hooks.
func SetOf(hooks ...Hook) HookSet {
	var s HookSet
	for _, h := range hooks {
		s |= 1 << h
	}
	return s
}

// Has reports whether h is in the set.
func (s HookSet) Has(h Hook) bool { return s&(1<<h) != 0 }

// All yields the hooks of the set in the order in which they run.
func (s HookSet) All() iter.Seq[Hook] {
	return func(yield func(Hook) bool) {
		for i := range HookCount {
			if s.Has(Hook(i)) && !yield(Hook(i)) {
				return
			}
		}
	}
}

// String returns the hooks' names, separated by a comma and a space.
func (s HookSet) String() string {
	var names []string
	for h := range s.All() {
		names = append(names, h.String())
	}
	return strings.Join(names, ", ")
}
