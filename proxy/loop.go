package proxy

import (
	"bytes"
	"cmp"
	"fmt"
	"net/url"
	"strconv"

	"github.com/c386954a/sallyport/abi"
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
// The parameters method, loop_limit and check_limits of the redirect are for
// us and are taken out of its query, which replaces the request's.
func (rc *requestContext) follow() error {
	if !abi.IsRedirect(rc.x.Redirected()) {
		return rc.dispatch()
	}
	to, l := parseRedirect(rc.x.Redirected()), rc.x.Loop
	if limit := cmp.Or(l.Limit, defaultLoops); l.Depth >= limit {
		return &h1.StatusError{
			Status: 500,
			Text:   fmt.Sprintf("Loop level too deep. Found more than %d loops in single request", limit),
		}
	}
	next := rc.route
	l.Self = to.target == "self"
	if !l.Self {
		if next = rc.router.named(to.target); next == nil {
			return faultLoop
		}
	}
	if to.method != "" && !abi.ValidName([]byte(to.method)) {
		return abi.ErrMethod
	}
	l.Depth++
	l.Limit = cmp.Or(l.Limit, min(to.limit, maxLoops))
	l.CheckLimits = to.checkLimits
	l.Authenticated = l.Authenticated && l.Self
	rc.x.EnterLoop(l)
	rc.x.Request.URI = to.uri
	if to.method != "" {
		rc.x.Request.Method = []byte(to.method)
	}
	rc.route = next
	rc.access.Loops = l.Depth
	return nil
}

// dispatch hands the request over to the API that was chosen for it, which
// knows nothing of the one that chose.
func (rc *requestContext) dispatch() error {
	next, l := rc.router.names[string(rc.x.Redirected())], rc.x.Loop
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

// redirect is a tyk URL taken apart.
type redirect struct {
	target      string
	uri         []byte // path and query
	method      string
	limit       int // 0 if it has none
	checkLimits bool
}

// parseRedirect takes a URL apart that [abi.ValidRedirect] has found valid.
func parseRedirect(raw []byte) (r redirect) {
	rest := raw[len("tyk://"):]
	end := bytes.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	r.target = string(rest[:end])
	if decoded, err := url.PathUnescape(r.target); err == nil {
		r.target = decoded
	}
	path, query, asked := bytes.Cut(rest[end:], []byte{'?'})
	r.uri = append(make([]byte, 0, len(path)+len(query)+2), path...)
	if len(path) == 0 {
		r.uri = append(r.uri, '/')
	}
	if query = r.controls(query); asked && len(query) > 0 {
		r.uri = append(append(r.uri, '?'), query...)
	}
	return r
}

// controls reads the parameters that are for us and returns the query without
// them. Of one that is there twice, the first counts.
func (r *redirect) controls(query []byte) []byte {
	kept := make([]byte, 0, len(query))
	var seen [3]bool
	for pair := range bytes.SplitSeq(query, []byte{'&'}) {
		name, value := unescapePair(pair)
		n := controlOf(name)
		if n < 0 {
			if len(kept) > 0 {
				kept = append(kept, '&')
			}
			kept = append(kept, pair...)
			continue
		}
		if !seen[n] {
			r.control(n, value)
		}
		seen[n] = true
	}
	return kept
}

// controlOf returns the number of a control parameter, or -1.
func controlOf(name string) int {
	switch name {
	case "method":
		return 0
	case "loop_limit":
		return 1
	case "check_limits":
		return 2
	}
	return -1
}

func (r *redirect) control(n int, value string) {
	switch n {
	case 0:
		r.method = value
	case 1:
		if limit, err := strconv.Atoi(value); err == nil {
			r.limit = max(limit, 0)
		}
	case 2:
		r.checkLimits = value == "true"
	}
}

// unescapePair returns name and value of a parameter, as they are where they
// cannot be decoded.
func unescapePair(pair []byte) (name, value string) {
	n, v, _ := bytes.Cut(pair, []byte{'='})
	name, value = string(n), string(v)
	if decoded, err := url.QueryUnescape(name); err == nil {
		name = decoded
	}
	if decoded, err := url.QueryUnescape(value); err == nil {
		value = decoded
	}
	return name, value
}
