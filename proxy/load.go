package proxy

import (
	"bytes"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/urlpath"
)

// load fills the exchange from the request head. Nothing is copied: the
// exchange refers to fasthttp's memory, which stays until the reply is
// written.
//
// fasthttp has parsed the head already, and refused much. What it lets pass
// and an intermediary must not is found here, in the raw bytes: white space
// in field names, continued lines (it joins them), Content-Length together
// with Transfer-Encoding (it prefers the latter; the next hop may not), and
// Transfer-Encoding: identity.
func (f *flight) load() error {
	h := &f.ctx.Request.Header
	r := &f.x.Request
	r.Method, r.URI, r.Proto = h.Method(), h.RequestURI(), h.Protocol()
	r.RemoteAddr, r.TLS = f.conn.remote, f.conn.tls
	f.old = !h.IsHTTP11()
	err := f.loadFields(h.RawHeaders())
	if len(f.id) == 0 {
		f.id = f.gateway.ids.append(f.id[:0])
	}
	f.x.RequestID = f.id
	if err != nil {
		return err
	}
	return f.loadTarget()
}

func (f *flight) loadFields(raw []byte) error {
	for len(raw) > 0 {
		var line []byte
		line, raw = cutLine(raw)
		if len(line) == 0 {
			break
		}
		name, value, ok := cutField(line)
		if !ok {
			return faultField
		}
		if err := f.loadField(name, value); err != nil {
			return err
		}
	}
	return f.checkFraming()
}

func (f *flight) loadField(name, value []byte) error {
	r := &f.x.Request
	switch kindOf(name) {
	case kindHost:
		if f.hosts++; f.hosts > 1 {
			return faultHost
		}
		r.Host = value
		return nil
	case kindLength:
		n, ok := parseLength(value)
		if !ok || f.lengthSet {
			return faultFraming
		}
		f.length, f.lengthSet = n, true
	case kindEncoding:
		if f.chunked || !isName(value, "chunked") {
			return faultFraming
		}
		f.chunked = true
	case kindConnection:
		f.names = f.names || listsNames(value)
		f.wants = f.wants || hasToken(value, tokenUpgrade)
	case kindUpgrade:
		f.upgrade = value
	case kindExpect:
		if !isName(value, "100-continue") && !f.old {
			return faultExpectation
		}
	case kindRequestID:
		if len(f.id) == 0 && saneRequestID(value) {
			f.id = append(f.id, value...)
		}
	}
	if len(r.Header) >= abi.MaxFields {
		return faultHeader
	}
	r.Header = append(r.Header, abi.Field{Name: name, Value: value})
	return nil
}

func (f *flight) checkFraming() error {
	if f.chunked && (f.lengthSet || f.old) {
		return faultFraming
	}
	if f.chunked {
		f.length = -1
	}
	// What fasthttp will read as the body must be what we think it is.
	switch n := f.ctx.Request.Header.ContentLength(); {
	case f.chunked != (n == -1), f.lengthSet && int64(n) != f.length, !f.lengthSet && n > 0:
		return faultFraming
	}
	return nil
}

// loadTarget checks the request target (RFC 9112 section 3.2) and turns an
// absolute one into path and query; its authority then takes the place of
// Host, whatever that says.
func (f *flight) loadTarget() error {
	r := &f.x.Request
	if string(r.Proto) != "HTTP/1.1" && string(r.Proto) != "HTTP/1.0" {
		return faultVersion
	}
	if string(r.Method) == "CONNECT" {
		return faultMethod
	}
	if limit := f.gateway.cfg.MaxURIBytes; limit > 0 && len(r.URI) > limit {
		return faultURI
	}
	if bytes.IndexByte(r.URI, '#') >= 0 {
		return faultRequest
	}
	if r.URI[0] != '/' && string(r.URI) != "*" {
		if err := f.loadAbsolute(); err != nil {
			return err
		}
	}
	if (len(r.Host) == 0 && !f.old) || !validHost(r.Host) {
		return faultHost
	}
	f.clientHost = r.Host
	return nil
}

func (f *flight) loadAbsolute() error {
	r := &f.x.Request
	scheme, rest, ok := bytes.Cut(r.URI, []byte("://"))
	if !ok || (!isName(scheme, "http") && !isName(scheme, "https")) {
		return faultRequest
	}
	end := bytes.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	if r.Host = rest[:end]; end == 0 {
		return faultHost
	}
	r.URI = rest[end:]
	if len(r.URI) == 0 || r.URI[0] != '/' {
		f.target = append(append(f.target[:0], '/'), r.URI...)
		r.URI = f.target
	}
	return nil
}

// validHost reports whether b has only bytes of a host and port. User names
// and anything that ends an authority are what parsers disagree about.
func validHost(b []byte) bool {
	for _, c := range b {
		switch c {
		case '/', '\\', '@', '?', '#', ',', '"', '<', '>':
			return false
		}
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// findRoute looks up the API by host and by the path an upstream would see.
func (f *flight) findRoute() error {
	r := &f.x.Request
	path := r.URI
	if i := bytes.IndexByte(path, '?'); i >= 0 {
		path = path[:i]
	}
	if path[0] == '*' {
		path = slash
	}
	clean := urlpath.Clean(path, f.clean)
	f.route = f.router.find(r.Host, clean, f.block)
	if len(clean) > 0 && &clean[0] != &path[0] {
		f.clean = clean[:0]
	}
	if f.route == nil {
		return faultRoute
	}
	// A path that reaches its API only by way of dot segments has no prefix
	// that could be stripped byte for byte.
	if f.route.Strip {
		if _, ok := stripPrefix(path, f.route.prefix); !ok {
			return faultRequest
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
