package proxy

import (
	"cmp"
	"fmt"

	"github.com/c386954a/sallyport/proxy/h1"
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
func (rc *requestContext) follow() error {
	to, l := *rc.x.Redirected(), rc.x.Loop
	if to.Dispatch {
		return rc.dispatch(to.API)
	}
	if limit := cmp.Or(l.Limit, defaultLoops); l.Depth >= limit {
		return &h1.StatusError{
			Status: 500,
			Text:   fmt.Sprintf("Loop level too deep. Found more than %d loops in single request", limit),
		}
	}
	next := rc.route
	l.Self = len(to.API) == 0
	if !l.Self {
		if next = rc.router.named(string(to.API)); next == nil {
			return faultLoop
		}
	}
	l.Depth++
	l.Limit = cmp.Or(l.Limit, min(to.Limit, maxLoops))
	l.CheckLimits = to.CheckLimits
	l.Authenticated = l.Authenticated && l.Self
	rc.x.EnterLoop(l)
	rc.x.Request.URI = to.URI
	if len(to.Method) > 0 {
		rc.x.Request.Method = to.Method
	}
	rc.route = next
	rc.access.Loops = l.Depth
	return nil
}

// dispatch hands the request over to the API that was chosen for it, which
// knows nothing of the one that chose.
func (rc *requestContext) dispatch(api []byte) error {
	next, l := rc.router.names[string(api)], rc.x.Loop
	if next == nil || l.Dispatched >= defaultLoops {
		return faultLoop
	}
	l.Dispatched++
	l.Self, l.Authenticated = false, false
	rc.x.EnterLoop(l)
	rc.x.Session = nil
	rc.route = next
	return nil
}
