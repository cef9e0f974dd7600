package abi

import "bytes"

// Loop says how a request came to the chain that is running, if one of this
// gateway's own APIs sent it there with [Exchange.Redirect].
type Loop struct {
	Depth       int  // redirects so far; 0 for a request as it came from outside
	Limit       int  // how many there may be; 0 as long as none was asked for
	Self        bool // the last one was to the API itself, from the start of its chain
	CheckLimits bool // the last one asked for the rate limit to count

	// Dispatched is how often [Exchange.Dispatch] handed the request over. It
	// is no loop, and counts as none.
	Dispatched int

	// Authenticated says that the request has passed every check of a
	// credential of the API that it is in. The chain sets it.
	Authenticated bool
}

// Redirect sends the request to an API of this gateway instead of the
// upstream: the chain ends with this call, whatever its verdict, and the proxy
// goes on with that API's. target is "tyk://TARGET/path?query", where TARGET
// is "self", or the id or name of an API. It is legal wherever there is no
// reply yet. An API's rules for a loop are in package proxy.
func (x *Exchange) Redirect(target []byte) error {
	if !ValidRedirect(target) {
		return ErrRedirect
	}
	return x.setRequest(RedirectPart, &x.redirect, target)
}

// Dispatch hands the request over to the API of that name, which treats it as
// if it had been routed there: with all its checks and limits, and without
// reading anything in its query as meant for the gateway. The chain ends as
// with [Exchange.Redirect]. It is how one API chooses among others.
func (x *Exchange) Dispatch(name []byte) error {
	if !ValidDispatch(name) {
		return ErrRedirect
	}
	return x.setRequest(RedirectPart, &x.redirect, name)
}

// ValidDispatch reports whether [Exchange.Dispatch] takes a name: any text
// that is not the URL of a redirect.
func ValidDispatch(name []byte) bool { return len(name) > 0 && !IsRedirect(name) }

// Redirected returns where the request is to go on, or nil: the URL of
// [Exchange.Redirect], or the name that [Exchange.Dispatch] was given. It is
// valid until the next Reset.
func (x *Exchange) Redirected() []byte { return x.redirect }

// EnterLoop makes the exchange ready for the next chain after a redirect:
// what was prepared of a reply is dropped. Only the proxy calls it.
func (x *Exchange) EnterLoop(l Loop) {
	x.Loop = l
	x.redirect, x.cause, x.final = nil, Cause{}, false
	x.Reply = Reply{Header: clearFields(x.Reply.Header)}
}

const redirectScheme = "tyk://"

// IsRedirect reports whether a URL has the scheme of a redirect, in any case.
func IsRedirect(url []byte) bool {
	return len(url) >= len(redirectScheme) && EqualFold(url[:len(redirectScheme)], []byte(redirectScheme))
}

// ValidRedirect reports whether a URL is one that [Exchange.Redirect] takes:
// it names a target and has no byte that a request line cannot carry.
func ValidRedirect(url []byte) bool {
	if !IsRedirect(url) {
		return false
	}
	for _, c := range url {
		if c <= ' ' || c == 0x7f || c == '#' {
			return false
		}
	}
	return bytes.IndexAny(url[len(redirectScheme):], "/?") != 0 && len(url) > len(redirectScheme)
}
