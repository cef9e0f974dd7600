package proxy

import (
	"bytes"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/h1"
	"github.com/c386954a/sallyport/proxy/upstream"
)

// appendRequest appends the head of the upstream's request to dst: the
// exchange as edited, without the fields of the client's connection and with
// those that an intermediary adds.
func (rc *requestContext) appendRequest(dst []byte) []byte {
	var set alreadySet
	r := &rc.x.Request
	dst = append(dst, r.Method...)
	dst = append(dst, ' ')
	dst = rc.appendTarget(dst)
	dst = append(dst, " HTTP/1.1\r\nHost: "...)
	dst = append(dst, rc.upstreamHost()...)
	dst = append(dst, "\r\n"...)
	for i := range r.Header {
		name, value := r.Header[i].Name, r.Header[i].Value
		switch h1.KindOf(name) {
		case h1.KindForwarded:
			set.host = set.host || h1.IsName(name, "x-forwarded-host")
			set.proto = set.proto || h1.IsName(name, "x-forwarded-proto")
			dst = h1.AppendField(dst, name, value)
		case h1.KindRequestID:
			set.id = true
			dst = h1.AppendLine(dst, "X-Request-Id: ", value)
		case h1.KindForwardedList:
			dst = rc.appendForwardedList(dst, name, value)
		case h1.KindPlain, h1.KindDate, h1.KindServer, h1.KindForwardedOther:
			dst = h1.AppendField(dst, name, value)
		}
	}
	dst = rc.appendForwarded(dst, set)
	if protocol := rc.client.Head.Upgrade(); len(protocol) > 0 {
		dst = h1.AppendLine(dst, "Connection: Upgrade\r\nUpgrade: ", protocol)
	}
	dst = rc.appendFraming(dst)
	return append(dst, "\r\n"...)
}

// alreadySet says which of the fields that the gateway adds are there, from a
// trusted proxy or by a plugin. Those stay as they are.
type alreadySet struct{ host, proto, id bool }

// appendTarget appends the request's target below the upstream's base path.
func (rc *requestContext) appendTarget(dst []byte) []byte {
	target := rc.x.Request.URI
	if target[0] == '*' {
		return append(dst, target...)
	}
	if rc.route.Strip {
		if rest, ok := stripPrefix(target, rc.route.prefix); ok {
			target = rest
		}
	}
	if len(rc.route.Upstream.Base) == 0 {
		target = trimSlashes(target)
	}
	return joinTarget(dst, rc.route.Upstream, target, rc.route.Chain.Dialect())
}

// trimSlashes leaves one slash at the beginning of a target: of two, some
// servers take what follows for a host (RFC 3986 section 4.2).
func trimSlashes(target []byte) []byte {
	for len(target) > 1 && target[0] == '/' && target[1] == '/' {
		target = target[1:]
	}
	return target
}

// joinTarget appends base path and target, with the upstream's own query in
// front of the request's.
func joinTarget(dst []byte, u *upstream.Upstream, target []byte, d *abi.Dialect) []byte {
	path, query, asked := bytes.Cut(target, []byte{'?'})
	dst = appendPath(dst, u.Base, path, d)
	if len(u.Query) > 0 || asked {
		dst = append(dst, '?')
	}
	dst = append(dst, u.Query...)
	if len(u.Query) > 0 && len(query) > 0 {
		dst = append(dst, '&')
	}
	return append(dst, query...)
}

// appendPath joins the upstream's path and that of the request.
func appendPath(dst, base, path []byte, d *abi.Dialect) []byte {
	if d != nil {
		return d.AppendPath(dst, base, path)
	}
	dst = append(dst, base...)
	if len(path) == 0 || path[0] != '/' {
		dst = append(dst, '/')
	}
	return append(dst, path...)
}

// upstreamHost returns the Host to send: a plugin's choice comes first.
func (rc *requestContext) upstreamHost() []byte {
	u := rc.route.Upstream
	if (u.Config.PreserveHost && len(rc.x.Request.Host) > 0) || rc.x.Edited(abi.RequestHost) {
		return rc.x.Request.Host
	}
	return u.Host
}

// appendForwarded appends the X-Forwarded fields and the request id. What is
// left of X-Forwarded-For comes from trusted proxies and plugins, since ingress
// drops what other clients say about themselves.
func (rc *requestContext) appendForwarded(dst []byte, set alreadySet) []byte {
	r := &rc.x.Request
	dst = append(dst, "X-Forwarded-For: "...)
	for i := range r.Header {
		if h1.KindOf(r.Header[i].Name) == h1.KindForwardedFor && len(r.Header[i].Value) > 0 {
			dst = append(dst, r.Header[i].Value...)
			dst = append(dst, ", "...)
		}
	}
	dst = append(dst, rc.client.PeerIP()...)
	switch {
	case set.proto:
		dst = append(dst, "\r\n"...)
	case r.TLS:
		dst = append(dst, "\r\nX-Forwarded-Proto: https\r\n"...)
	default:
		dst = append(dst, "\r\nX-Forwarded-Proto: http\r\n"...)
	}
	if host := rc.client.Head.Host; len(host) > 0 && !set.host {
		dst = h1.AppendLine(dst, "X-Forwarded-Host: ", host)
	}
	if !set.id {
		dst = h1.AppendLine(dst, "X-Request-Id: ", rc.x.RequestID)
	}
	return dst
}

// appendForwardedList appends a Forwarded field with one more element for the
// peer (RFC 7239 section 4).
func (rc *requestContext) appendForwardedList(dst, name, value []byte) []byte {
	dst = append(append(append(dst, name...), ": "...), value...)
	ip := rc.client.PeerIP()
	if bytes.IndexByte(ip, ':') >= 0 {
		dst = append(append(append(dst, `, for="[`...), ip...), `]"`...)
	} else {
		dst = append(append(dst, ", for="...), ip...)
	}
	return append(dst, "\r\n"...)
}

// appendFraming appends the field that says where the request body ends.
func (rc *requestContext) appendFraming(dst []byte) []byte {
	n, h := len(rc.x.Request.Body), &rc.client.Head
	switch {
	case rc.bodyRead && (n > 0 || h.HasLength || h.Chunked || rc.x.Edited(abi.RequestBody)):
		return h1.AppendLength(dst, int64(n))
	case rc.bodyRead:
		return dst
	case h.Chunked:
		return append(dst, "Transfer-Encoding: chunked\r\n"...)
	case h.HasLength:
		return h1.AppendLength(dst, h.Length)
	}
	return dst
}
