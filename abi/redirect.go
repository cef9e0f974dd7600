package abi

import "bytes"

// Loop says how a request came to the chain that is running, if one of this
// gateway's own APIs sent it there with [Exchange.Redirect].
type Loop struct {
	Depth       int  // redirects so far; 0 for a request as it came from outside
	Limit       int  // how many there may be; 0 as long as none was asked for
	Self        bool // the last one was to the API itself, from the start of its chain
	CheckLimits bool // the last one asked for the rate limit to count

	// Dispatched is how often [Exchange.Dispatch] handed the request over. These
	// are not counted as loops.
	Dispatched int

	// Authenticated says that the request has passed every check of a
	// credential of the API that it is in. The chain sets it.
	Authenticated bool
}

// Redirect says where in this gateway a request goes on.
type Redirect struct {
	API    []byte // id or name; empty means the API that the request is in
	URI    []byte // path below the listen path, and query; empty means "/"
	Method []byte // empty leaves the request's

	Limit       int  // of the redirects of this request, if it is the first to ask; 0 asks for none
	CheckLimits bool // the rate limit counts the request again

	// Dispatch hands the request over as if it had been routed to the API.
	// [Exchange.Dispatch] sets it; only API counts then.
	Dispatch bool
}

// Redirect sends the request to an API of this gateway instead of the
// upstream: the chain ends with this call, whatever its verdict, and the proxy
// goes on with that API's. It is legal wherever there is no reply yet. An API's
// rules for a loop are in package proxy.
func (x *Exchange) Redirect(r Redirect) error {
	if len(r.URI) == 0 {
		r.URI = rootPath
	}
	switch {
	case r.URI[0] != '/' || !validTarget(r.URI) || bytes.IndexByte(r.URI, '#') >= 0:
		return ErrRedirect
	case len(r.Method) > 0 && !ValidName(r.Method):
		return ErrMethod
	}
	r.Dispatch = false
	return x.setRedirect(r)
}

// rootPath is never written to.
var rootPath = []byte("/")

// Dispatch hands the request over to the API of that name, which treats it as
// if it had been routed there, with all its checks and limits. The chain ends
// as with [Exchange.Redirect]. It is how one API chooses among others.
func (x *Exchange) Dispatch(name []byte) error {
	if !ValidDispatch(name) {
		return ErrRedirect
	}
	return x.setRedirect(Redirect{API: name, Dispatch: true})
}

// ValidDispatch reports whether [Exchange.Dispatch] takes a name: any text
// that is not a URL, which somebody may write by mistake.
func ValidDispatch(name []byte) bool { return len(name) > 0 && !bytes.Contains(name, []byte("://")) }

func (x *Exchange) setRedirect(r Redirect) error {
	if err := x.editable(OfRequest); err != nil {
		return err
	}
	if err := x.spend(len(r.API) + len(r.URI) + len(r.Method)); err != nil {
		return err
	}
	x.touch(RedirectPart)
	r.API, r.URI, r.Method = x.arena.copy(r.API), x.arena.copy(r.URI), x.arena.copy(r.Method)
	x.redirects = append(x.redirects, r)
	x.redirect = len(x.redirects)
	return nil
}

// Redirected returns where the request is to go on, or nil. It is valid until
// the next edit or Reset and must not be written to; its bytes stay until the
// Reset.
func (x *Exchange) Redirected() *Redirect {
	if x.redirect == 0 {
		return nil
	}
	return &x.redirects[x.redirect-1]
}

// EnterLoop makes the exchange ready for the next chain after a redirect:
// what was prepared of a reply is dropped. Only the proxy calls it.
func (x *Exchange) EnterLoop(l Loop) {
	x.Loop = l
	x.redirect, x.cause, x.final = 0, Cause{}, false
	x.Reply = Reply{Header: clearFields(x.Reply.Header)}
}
