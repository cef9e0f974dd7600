package sallyport

// Request is what the client sent, as edited so far. It can be edited in
// hooks before the reply.
type Request struct {
	Header Header

	x *Exchange
}

// The parts of a request.
const (
	partMethod uint32 = iota
	partURI
	partHost
	partRemoteAddr
	partProto
	partScheme
	partRequestID
)

// Method returns the request method.
func (r *Request) Method() Value { return r.part(partMethod) }

// URI returns path and query, percent-encoded as received.
func (r *Request) URI() Value { return r.part(partURI) }

// Host returns the host the request is for.
func (r *Request) Host() Value { return r.part(partHost) }

// RemoteAddr returns IP address and port of the client.
func (r *Request) RemoteAddr() Value { return r.part(partRemoteAddr) }

// Proto returns the protocol version, for instance "HTTP/1.1".
func (r *Request) Proto() Value { return r.part(partProto) }

// Scheme returns "http" or "https".
func (r *Request) Scheme() Value { return r.part(partScheme) }

// ID returns the identifier of the request, which is also in the logs.
func (r *Request) ID() Value { return r.part(partRequestID) }

func (r *Request) part(part uint32) Value {
	n := hostRequestGet(&r.x.host, part, r.x.free())
	if r.x.tooSmall(n) {
		n = hostRequestGet(&r.x.host, part, r.x.free())
	}
	return r.x.take(n)
}

// SetMethod replaces the method.
func (r *Request) SetMethod(method string) error {
	return check(hostRequestSet(&r.x.host, partMethod, method))
}

// SetURI replaces path and query; the caller percent-encodes.
func (r *Request) SetURI(uri string) error {
	return check(hostRequestSet(&r.x.host, partURI, uri))
}

// SetHost replaces the host. It does not choose the upstream.
func (r *Request) SetHost(host string) error {
	return check(hostRequestSet(&r.x.host, partHost, host))
}

// Body returns the whole body. Calling it declares the need for it; it fails
// with [ErrStreamed] in hooks for which the gateway does not buffer it.
func (r *Request) Body() (Value, error) {
	n := hostRequestBodySize(&r.x.host)
	if n < 0 {
		return nil, check(n)
	}
	r.x.tooSmall(n)
	return r.x.take(hostRequestBodyRead(&r.x.host, 0, r.x.free()[:n])), nil
}

// SetBody replaces the body.
func (r *Request) SetBody(body []byte) error {
	return check(hostRequestBodySet(&r.x.host, body))
}

// SpliceBody replaces n bytes at offset. Both are cut to the length of the
// body: an offset beyond it appends. Calling it declares the need for the
// body.
func (r *Request) SpliceBody(offset, n uint32, replacement []byte) error {
	return check(hostRequestBodySplice(&r.x.host, offset, n, replacement))
}

// Reply is what the client will get. Hooks before the reply may set one and
// return [Respond]; the response hook edits the one of the upstream.
type Reply struct {
	Header Header

	x *Exchange
}

// Status returns the status code, 0 as long as there is no reply.
func (r *Reply) Status() int { return int(hostReplyStatus(&r.x.host)) }

// SetStatus sets the status code: a final one, 200 to 599.
func (r *Reply) SetStatus(status int) error {
	return check(hostReplySetStatus(&r.x.host, uint32(status)))
}

// Body returns the whole body. Calling it declares the need for it in the
// response hook.
func (r *Reply) Body() (Value, error) {
	n := hostReplyBodySize(&r.x.host)
	if n < 0 {
		return nil, check(n)
	}
	r.x.tooSmall(n)
	return r.x.take(hostReplyBodyRead(&r.x.host, 0, r.x.free()[:n])), nil
}

// SetBody replaces the body.
func (r *Reply) SetBody(body []byte) error {
	return check(hostReplyBodySet(&r.x.host, body))
}

// SpliceBody replaces n bytes at offset, as [Request.SpliceBody] does.
func (r *Reply) SpliceBody(offset, n uint32, replacement []byte) error {
	return check(hostReplyBodySplice(&r.x.host, offset, n, replacement))
}
