package proxy

import (
	"bytes"
	"fmt"

	"github.com/c386954a/sallyport/proxy/ingress"
	"github.com/c386954a/sallyport/proxy/urlpath"
)

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
