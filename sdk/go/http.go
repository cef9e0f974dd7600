package sallyport

import "iter"

// HTTP sends requests to where the configuration of the plugin grants it to:
// allow: { http: ["https://idp.internal/*"] }. A plugin that uses it needs
// the grant.
type HTTP struct{ x *Exchange }

// HTTPRequest is a request of the plugin.
type HTTPRequest struct {
	Method string // empty is GET
	URL    string // absolute
	Header []Field
	Body   []byte
}

// HTTPResponse is what a server answered. It is read before the next request:
// the gateway holds one at a time.
type HTTPResponse struct {
	Status int

	x *Exchange
}

// Do sends a request and waits for the whole response. It fails with
// [ErrDenied] if the URL or the address behind it was not granted,
// [ErrInvalid] if the request is not valid, [ErrLimit] if a body is too large,
// [ErrUnavailable] if the server does not answer as it should, and
// [ErrTimeout] after the deadline. A status is no error. Redirects are not
// followed.
func (h HTTP) Do(q HTTPRequest) (HTTPResponse, error) {
	if q.Method == "" {
		q.Method = "GET"
	}
	h.x.scratch = appendFields(h.x.scratch[:0], q.Header)
	n := hostHTTPRequest(&h.x.host, q.Method, q.URL, h.x.scratch, q.Body)
	if n < 0 {
		return HTTPResponse{}, check(n)
	}
	return HTTPResponse{Status: int(n), x: h.x}, nil
}

// Get is Do for a GET request without header fields.
func (h HTTP) Get(url string) (HTTPResponse, error) { return h.Do(HTTPRequest{URL: url}) }

// Header returns the value of the first field of that name, or nil.
func (r HTTPResponse) Header(name string) Value {
	n := hostHTTPResponseHeader(&r.x.host, name, r.x.free())
	if r.x.tooSmall(n) {
		n = hostHTTPResponseHeader(&r.x.host, name, r.x.free())
	}
	return r.x.take(n)
}

// Headers yields name and value of all fields, sorted by name.
func (r HTTPResponse) Headers() iter.Seq2[Value, Value] { return pairs(r.headers()) }

func (r HTTPResponse) headers() Value {
	n := hostHTTPResponseHeaderAll(&r.x.host, r.x.free())
	if r.x.tooSmall(n) {
		n = hostHTTPResponseHeaderAll(&r.x.host, r.x.free())
	}
	return r.x.take(n)
}

// Body returns the body. It is nil if the response is no longer held.
func (r HTTPResponse) Body() Value {
	n := hostHTTPResponseBodySize(&r.x.host)
	if n < 0 {
		return nil
	}
	r.x.tooSmall(n)
	return r.x.take(hostHTTPResponseBodyRead(&r.x.host, 0, r.x.free()[:n]))
}
