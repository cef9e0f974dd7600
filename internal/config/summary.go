package config

import (
	"fmt"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/output"
)

// Reach says for people how requests come to an API.
func (a *APIConfig) Reach() string {
	if a.Internal {
		return "(internal)"
	}
	return a.Match.Host + a.Match.Path
}

// Protection says for people which plugin decides who may use an API.
func (a *APIConfig) Protection() string {
	if a.Dispatches() {
		return "its versions decide"
	}
	exempt := ""
	if n := len(a.Exempt); n > 0 {
		exempt = ", not for " + output.Plural(n, "exempt path")
	}
	for _, b := range a.Hooks[abi.Auth] {
		return fmt.Sprintf("auth by %s (%s)%s", b.Plugin.Name, b.Plugin.Runtime.Value, exempt)
	}
	return "no auth plugin: open to everyone"
}
