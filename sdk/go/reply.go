package sallyport

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
