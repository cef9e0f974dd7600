package proxy

import (
	"cmp"
	"fmt"
)

// Bounds of the redirects of one request.
const (
	defaultLoops = 5
	maxLoops     = 100 // whatever a redirect asks for
)

// follow sends the request on to the API that a plugin redirected it to: it
// starts there as a request for a path below the listen path.
//
// The query of the redirect replaces the request's.
func (f *flight) follow() error {
	to, l := *f.x.Redirected(), f.x.Loop
	if to.Dispatch {
		return f.dispatch(to.API)
	}
	if limit := cmp.Or(l.Limit, defaultLoops); l.Depth >= limit {
		return &fault{500, fmt.Sprintf("Loop level too deep. Found more than %d loops in single request", limit)}
	}
	next := f.route
	l.Self = len(to.API) == 0
	if !l.Self {
		if next = f.router.named(string(to.API)); next == nil {
			return faultLoop
		}
	}
	l.Depth++
	l.Limit = cmp.Or(l.Limit, min(to.Limit, maxLoops))
	l.CheckLimits = to.CheckLimits
	l.Authenticated = l.Authenticated && l.Self
	f.x.EnterLoop(l)
	f.x.Request.URI = to.URI
	if len(to.Method) > 0 {
		f.x.Request.Method = to.Method
	}
	f.route = next
	f.access.Loops = l.Depth
	return nil
}

// dispatch hands the request over to the API that was chosen for it, which
// knows nothing of the one that chose.
func (f *flight) dispatch(api []byte) error {
	next, l := f.router.names[string(api)], f.x.Loop
	if next == nil || l.Dispatched >= defaultLoops {
		return faultLoop
	}
	l.Dispatched++
	l.Self, l.Authenticated = false, false
	f.x.EnterLoop(l)
	f.x.Session = nil
	f.route = next
	return nil
}
