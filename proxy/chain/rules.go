package chain

import "github.com/c386954a/sallyport/abi"

// Compat says whose rules an API follows where they differ.
type Compat uint8

const (
	// Native are the gateway's own rules: the post hooks run before the
	// virtual ones, and the response hooks see replies of the upstream and of
	// virtual plugins.
	Native Compat = iota
	// Tyk are those that plugins written for Tyk rely on: a virtual plugin
	// comes before the post hooks, which then do not run, and the response
	// hooks see every answer of a plugin except those from pre and auth, from
	// the rate limit and those that are errors, see [abi.Exchange.Reject].
	Tyk
)

// String returns the name of the rules as configuration files spell it.
func (c Compat) String() string {
	if c == Tyk {
		return "tyk"
	}
	return "native"
}

// rules are what a chain does differently for the one and the other.
type rules struct {
	compat Compat
	order  [6]abi.Hook // the hooks before the reply
	shown  abi.HookSet // hooks whose answers the response hooks see
}

// nativeRules and tykRules are never written.
var (
	nativeRules = rules{
		compat: Native,
		order:  [...]abi.Hook{abi.Pre, abi.Auth, abi.PostKeyAuth, abi.RateLimit, abi.Post, abi.Virtual},
		shown:  abi.SetOf(abi.Virtual),
	}
	tykRules = rules{
		compat: Tyk,
		order:  [...]abi.Hook{abi.Pre, abi.Auth, abi.PostKeyAuth, abi.RateLimit, abi.Virtual, abi.Post},
		shown:  abi.SetOf(abi.PostKeyAuth, abi.Virtual, abi.Post),
	}
)

func (c *Config) rules() *rules {
	if c.Compat == Tyk || (c.API != nil && c.API.Tyk) {
		return &tykRules
	}
	return &nativeRules
}
