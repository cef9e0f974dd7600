package proxy

import (
	"bytes"
	"strconv"

	"github.com/c386954a/sallyport/abi"
)

// storeRequest appends the head of the upstream's request to dst: the
// exchange as edited, without the fields of the client's connection, with
// those that an intermediary adds.
func (f *flight) storeRequest(dst []byte) []byte {
	r := &f.x.Request
	dst = append(dst, r.Method...)
	dst = append(dst, ' ')
	dst = f.appendTarget(dst)
	dst = append(dst, " HTTP/1.1\r\nHost: "...)
	dst = append(dst, f.upstreamHost()...)
	dst = append(dst, "\r\n"...)
	for i := range r.Header {
		name, value := r.Header[i].Name, r.Header[i].Value
		if !passes(kindOf(name)) {
			continue
		}
		if f.names && listed(r.Header, name) {
			continue
		}
		dst = appendField(dst, name, value)
	}
	dst = f.appendForwarded(dst)
	dst = appendLine(dst, "X-Request-Id: ", f.id)
	if f.tunnels() {
		dst = appendLine(dst, "Connection: Upgrade\r\nUpgrade: ", f.upgrade)
	}
	dst = f.appendFraming(dst)
	return append(dst, "\r\n"...)
}

// passes reports whether a request field of a special kind is passed on.
func passes(k kind) bool { return k == kindPlain || k == kindDate || k == kindServer }

// appendTarget appends the upstream's base path and the request's target.
func (f *flight) appendTarget(dst []byte) []byte {
	target := f.x.Request.URI
	if target[0] == '*' {
		return append(dst, target...)
	}
	if f.route.Strip {
		if rest, ok := stripPrefix(target, f.route.prefix); ok {
			target = rest
		}
	}
	return f.route.Upstream.appendTarget(dst, target, f.route.Chain.Dialect())
}

// appendTarget appends base path and target, with the upstream's own query in
// front of the request's.
func (u *Upstream) appendTarget(dst, target []byte, d *abi.Dialect) []byte {
	path, query, asked := bytes.Cut(target, []byte{'?'})
	dst = appendPath(dst, u.base, path, d)
	if len(u.query) > 0 || asked {
		dst = append(dst, '?')
	}
	dst = append(dst, u.query...)
	if len(u.query) > 0 && len(query) > 0 {
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
func (f *flight) upstreamHost() []byte {
	u := f.route.Upstream
	if (u.cfg.PreserveHost && len(f.x.Request.Host) > 0) || f.x.Edited(abi.RequestHost) {
		return f.x.Request.Host
	}
	return u.host
}

// appendForwarded appends the X-Forwarded fields. For keeps what the client
// has sent, since proxies before us may have written it; the others would let
// a client lie about what we know better.
func (f *flight) appendForwarded(dst []byte) []byte {
	r := &f.x.Request
	dst = append(dst, "X-Forwarded-For: "...)
	for i := range r.Header {
		if kindOf(r.Header[i].Name) == kindForwardedFor && len(r.Header[i].Value) > 0 {
			dst = append(dst, r.Header[i].Value...)
			dst = append(dst, ", "...)
		}
	}
	dst = append(dst, f.conn.ip...)
	if r.TLS {
		dst = append(dst, "\r\nX-Forwarded-Proto: https\r\n"...)
	} else {
		dst = append(dst, "\r\nX-Forwarded-Proto: http\r\n"...)
	}
	if len(f.clientHost) > 0 {
		dst = appendLine(dst, "X-Forwarded-Host: ", f.clientHost)
	}
	return dst
}

// appendFraming appends the field that says where the request body ends.
func (f *flight) appendFraming(dst []byte) []byte {
	n := len(f.x.Request.Body)
	switch {
	case f.buffered && (n > 0 || f.lengthSet || f.chunked || f.x.Edited(abi.RequestBody)):
		return appendLength(dst, int64(n))
	case f.buffered:
		return dst
	case f.chunked:
		return append(dst, "Transfer-Encoding: chunked\r\n"...)
	case f.lengthSet:
		return appendLength(dst, f.length)
	}
	return dst
}

func appendLength(dst []byte, n int64) []byte {
	dst = append(dst, "Content-Length: "...)
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, "\r\n"...)
}

func appendLine(dst []byte, start string, value []byte) []byte {
	dst = append(dst, start...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}

func appendField(dst, name, value []byte) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}
