package proxy

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/c386954a/sallyport/proxy/chain"
	"github.com/c386954a/sallyport/proxy/h1"
	"github.com/c386954a/sallyport/proxy/ingress"
	"github.com/c386954a/sallyport/proxy/upstream"
	"github.com/c386954a/sallyport/proxy/urlpath"
)

// Route is one route with its chain and its upstream.
type Route struct {
	// Host the route is for, without port; empty is any. Case does not count.
	Host string
	// Path is a prefix that ends at a segment border: "/orders" and
	// "/orders/" both mean "/orders" and everything below. Empty is "/".
	Path string
	// Strip removes Path before the request is sent to the upstream.
	Strip bool
	// KeepEncoded takes paths that upstreams read in more than one way, as
	// package urlpath lists them, and sends them as they are.
	KeepEncoded bool
	// Internal hides the API from clients: only requests that a plugin
	// redirects here arrive. Host does not count then, and Path may be that of
	// another API.
	Internal bool

	Chain *chain.Chain
	// Upstream is where requests go that the chain lets continue; nil means
	// that there are only virtual paths, and others get 404.
	Upstream *upstream.Upstream
}

// Router finds the API of a request by host, then by longest path prefix. A
// host's own routes come before those of any host. It is immutable.
type Router struct {
	hosts map[string]*hostRoutes
	any   *hostRoutes
	names names // also those of internal APIs

	active atomic.Int64 // requests that were routed here and are not done
}

// hostRoutes holds the routes of one host by path, without a trailing slash.
type hostRoutes struct {
	routes map[string]*route
	depth  int // of the deepest route, in segments
}

// route is an API as the proxy uses it.
type route struct {
	Route
	prefix string // Path without the trailing slash: empty for "/"
}

// NewRouter returns a router for the given APIs. Two of the same host and
// path are refused, as are paths that no clean request path can have.
func NewRouter(apis []Route) (*Router, error) {
	r := &Router{hosts: make(map[string]*hostRoutes), any: newTable()}
	routes := make([]*route, 0, len(apis))
	for _, a := range apis {
		one, err := newRoute(a)
		if err != nil {
			return nil, err
		}
		routes = append(routes, one)
		if a.Internal {
			continue
		}
		if err := r.table(a.Host).add(one); err != nil {
			return nil, err
		}
	}
	r.names = newNames(routes)
	return r, nil
}

// table returns the routes of a host and creates them if there are none.
func (r *Router) table(host string) *hostRoutes {
	if host == "" {
		return r.any
	}
	host = strings.ToLower(host)
	if r.hosts[host] == nil {
		r.hosts[host] = newTable()
	}
	return r.hosts[host]
}

func newTable() *hostRoutes { return &hostRoutes{routes: make(map[string]*route)} }

func newRoute(a Route) (*route, error) {
	prefix := strings.TrimSuffix(a.Path, "/")
	switch {
	case a.Chain == nil:
		return nil, fmt.Errorf("route %q on host %q: no chain", a.Path, a.Host)
	case prefix != "" && prefix[0] != '/':
		return nil, fmt.Errorf("route %q on host %q: the path must start with /", a.Path, a.Host)
	case strings.ContainsAny(prefix, "?#%"):
		return nil, fmt.Errorf("route %q on host %q: write the path unescaped and without query", a.Path, a.Host)
	case string(urlpath.Clean([]byte(prefix+"/"), nil)) != prefix+"/":
		return nil, fmt.Errorf("route %q on host %q: empty and dot segments are never matched", a.Path, a.Host)
	}
	return &route{Route: a, prefix: prefix}, nil
}

func (t *hostRoutes) add(r *route) error {
	if t.routes[r.prefix] != nil {
		return fmt.Errorf("route %q on host %q: it is there twice", r.Path, r.Host)
	}
	t.routes[r.prefix] = r
	t.depth = max(t.depth, strings.Count(r.prefix, "/"))
	return nil
}

// Lookup returns the API that a request for a host, with or without a port,
// and a target with a leading slash goes to; ok is false if there is none. It
// is for tools: no request is counted, so [Router.Drain] does not wait.
func (r *Router) Lookup(host, target []byte) (api Route, ok bool) {
	path, _, _ := bytes.Cut(target, []byte("?"))
	found := r.find(host, urlpath.Clean(path, nil), nil)
	if found == nil {
		return Route{}, false
	}
	return found.Route, true
}

// find returns the route for a host and a clean path, or nil. host is as the
// client sent it; it is folded to lower case into buf if need be.
func (r *Router) find(host, path, buf []byte) *route {
	if len(r.hosts) > 0 {
		if t := r.hosts[string(foldHost(host, buf))]; t != nil {
			if found := t.find(path); found != nil {
				return found
			}
		}
	}
	return r.any.find(path)
}

// find tries the prefixes of path that end at a segment border, the longest
// first. It tries no more of them than the deepest route has segments, so that
// a path of slashes costs nothing.
func (t *hostRoutes) find(path []byte) *route {
	end := nthSlash(path, t.depth+1)
	for end >= 0 {
		if found := t.routes[string(path[:end])]; found != nil {
			return found
		}
		end = bytes.LastIndexByte(path[:end], '/')
	}
	return nil
}

// nthSlash returns the position of the nth slash in path, or its length.
func nthSlash(path []byte, n int) int {
	for i, c := range path {
		if c == '/' {
			if n--; n == 0 {
				return i
			}
		}
	}
	return len(path)
}

// foldHost returns host in lower case and without port.
func foldHost(host, buf []byte) []byte {
	if i := bytes.LastIndexByte(host, ':'); i >= 0 && bytes.IndexByte(host[i:], ']') < 0 {
		host = host[:i]
	}
	for i, c := range host {
		if 'A' <= c && c <= 'Z' {
			buf = append(buf[:0], host...)
			for j := i; j < len(buf); j++ {
				buf[j] = h1.Lower(buf[j])
			}
			return buf
		}
	}
	return host
}

// findRoute looks up the API by host and by the path an upstream would see. A
// path that upstreams read in more than one way is refused, unless the API
// keeps such paths: it could be authorised as one and served as another.
func (rc *requestContext) findRoute() error {
	r := &rc.x.Request
	path := r.URI
	if i := bytes.IndexByte(path, '?'); i >= 0 {
		path = path[:i]
	}
	if path[0] == '*' {
		path = slash
	}
	ambiguous := urlpath.Check(path)
	clean := urlpath.Clean(path, rc.clean)
	rc.route = rc.router.find(r.Host, clean, rc.host[:0])
	if len(clean) > 0 && &clean[0] != &path[0] {
		rc.clean = clean[:0]
	}
	if ambiguous != nil && (rc.route == nil || !rc.route.KeepEncoded) {
		return fmt.Errorf("%w: %w", ingress.ErrRequest, ambiguous)
	}
	if rc.route == nil {
		return faultRoute
	}
	// A path that reaches its API only through empty segments has no prefix
	// that could be stripped byte for byte.
	if rc.route.Strip {
		if _, ok := stripPrefix(path, rc.route.prefix); !ok {
			return ingress.ErrRequest
		}
	}
	return nil
}

var slash = []byte("/")

// stripPrefix returns what follows prefix in a target, whose bytes may be
// escaped. It reports false if the target does not start with prefix, or not
// with whole segments of it.
func stripPrefix(target []byte, prefix string) (rest []byte, ok bool) {
	for i := range len(prefix) {
		if len(target) == 0 {
			return nil, false
		}
		c, n := target[0], 1
		if c == '%' && len(target) > 2 {
			if v, ok := urlpath.Unhex(target[1:3]); ok {
				c, n = v, 3
			}
		}
		if c != prefix[i] {
			return nil, false
		}
		target = target[n:]
	}
	return target, len(target) == 0 || target[0] == '/' || target[0] == '?'
}

// Drain returns when no request uses the router's chains and upstreams any
// more, or with ctx's error. It must be called only after another router has
// been set.
func (r *Router) Drain(ctx context.Context) error {
	t := time.NewTicker(10 * time.Millisecond)
	defer t.Stop()
	for r.active.Load() > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
	}
	return nil
}
