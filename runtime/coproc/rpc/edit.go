package rpc

import (
	"bytes"

	"github.com/c386954a/sallyport/abi"
)

// request makes the edits to the request line, header and body.
func (a *applier) request(r *result) error {
	q := &r.request
	if err := a.headers(abi.OfRequest, q.deleteHeaders, q.setHeaders, q.addHeaders); err != nil {
		return err
	}
	if err := a.url(q); err != nil {
		return err
	}
	if err := a.line(q); err != nil {
		return err
	}
	return a.body(abi.OfRequest, q.body, q.rawBody)
}

func (a *applier) line(q *request) error {
	if q.method != nil && a.may(WriteMethod, "method") {
		method, ok := textOf(q.method)
		if !ok {
			return errShape("method")
		}
		if err := a.x.SetMethod(method); err != nil {
			return err
		}
	}
	if q.host == nil {
		return nil
	}
	host, ok := textOf(q.host)
	if !ok {
		return errShape("host")
	}
	return a.host(host)
}

func (a *applier) host(host []byte) error {
	if !a.may(WriteHost, "host") {
		return nil
	}
	return a.x.SetHost(host)
}

// edit makes the edits to the reply of a hook that let the exchange go on.
// Before there is a reply, they have nothing to apply to.
func (a *applier) edit(r *result) error {
	p := &r.response
	if !p.given {
		return nil
	}
	if a.x.Hook != abi.Response {
		a.drop("response before there is one")
		return nil
	}
	if p.status != nil && a.may(WriteStatus, "status") {
		if err := a.status(p.status); err != nil {
			return err
		}
	}
	if err := a.headers(abi.OfReply, p.deleteHeaders, p.setHeaders, p.addHeaders); err != nil {
		return err
	}
	return a.body(abi.OfReply, p.body, p.rawBody)
}

func (a *applier) status(raw []byte) error {
	n, ok := intOf(raw)
	if !ok {
		return errShape("status_code")
	}
	return a.x.SetStatus(int(n))
}

func (a *applier) body(m abi.Message, text, raw []byte) error {
	body, given, err := bodyOf(text, raw)
	if !given || err != nil || !a.may(WriteBody, "body") {
		return err
	}
	if a.h.Body != BodyNone && a.h.truncates(a.x.Body(m)) {
		a.drop("body that was sent truncated")
		return nil
	}
	return a.x.SetBody(m, body)
}

// headers makes header edits in their fixed order: delete, set, add.
func (a *applier) headers(m abi.Message, del, set, add []byte) error {
	if del == nil && set == nil && add == nil {
		return nil
	}
	if !a.may(WriteHeaders, "headers") {
		return nil
	}
	if err := a.deleteHeaders(m, del); err != nil {
		return err
	}
	if err := a.setHeaders(m, set); err != nil {
		return err
	}
	return a.addHeaders(m, add)
}

func (a *applier) deleteHeaders(m abi.Message, raw []byte) error {
	if raw == nil {
		return nil
	}
	e, ok := elementsOf(raw)
	if !ok {
		return errShape("delete_headers")
	}
	for value, ok := e.next(); ok; value, ok = e.next() {
		name, isText := textOf(value)
		if !isText {
			return errShape("delete_headers")
		}
		if a.fixed(name) || abi.EqualFold(name, hostName) {
			a.drop("delete of a header field that is not the plugin's")
			continue
		}
		if err := a.x.DelHeader(m, name); err != nil {
			return err
		}
	}
	return nil
}

func (a *applier) setHeaders(m abi.Message, raw []byte) error {
	if raw == nil {
		return nil
	}
	fields, ok := membersOf(raw)
	if !ok {
		return errShape("set_headers")
	}
	for name, value, ok := fields.next(); ok; name, value, ok = fields.next() {
		if err := a.setHeader(m, name, value); err != nil {
			return err
		}
	}
	return nil
}

// setHeader sets a field to one value, or to a list of values.
func (a *applier) setHeader(m abi.Message, name, value []byte) error {
	list, ok := elementsOf(value)
	if !ok {
		return a.putHeader(m, name, value, true)
	}
	first := true
	for v, ok := list.next(); ok; v, ok = list.next() {
		if err := a.putHeader(m, name, v, first); err != nil {
			return err
		}
		first = false
	}
	if first {
		return errShape("set_headers")
	}
	return nil
}

func (a *applier) putHeader(m abi.Message, name, value []byte, replace bool) error {
	text, ok := textOf(value)
	if !ok {
		return errShape("set_headers")
	}
	return a.write(m, name, text, replace)
}

// addHeaders takes [name, value] and [name, null, base64].
func (a *applier) addHeaders(m abi.Message, raw []byte) error {
	if raw == nil {
		return nil
	}
	list, ok := elementsOf(raw)
	if !ok {
		return errShape("add_headers")
	}
	for pair, ok := list.next(); ok; pair, ok = list.next() {
		name, value, isField := fieldOf(pair)
		if !isField {
			return errShape("add_headers")
		}
		if err := a.write(m, name, value, false); err != nil {
			return err
		}
	}
	return nil
}

func fieldOf(raw []byte) (name, value []byte, ok bool) {
	e, ok := elementsOf(raw)
	if !ok {
		return nil, nil, false
	}
	first, _ := e.next()
	second, _ := e.next()
	third, triple := e.next()
	if _, more := e.next(); more {
		return nil, nil, false
	}
	if name, ok = textOf(first); !ok {
		return nil, nil, false
	}
	if triple {
		value, ok = bytesOf(third)
		return name, value, ok && kindOf(second) == 'n'
	}
	value, ok = textOf(second)
	return name, value, ok
}

// write sets or adds one header field. The Host field is the request's host.
func (a *applier) write(m abi.Message, name, value []byte, replace bool) error {
	switch {
	case a.fixed(name):
		a.drop("write to a header field that is the gateway's")
		return nil
	case m == abi.OfRequest && abi.EqualFold(name, hostName):
		return a.host(value)
	case replace:
		return a.x.SetHeader(m, name, value)
	}
	return a.x.AddHeader(m, name, value)
}

// fixed reports whether a header field belongs to the connection or is
// computed by the gateway (RFC 9110 section 7.6.1, RFC 9112 section 6).
func (a *applier) fixed(name []byte) bool {
	return abi.IsConnectionField(name) || abi.EqualFold(name, lengthName)
}

// hostName and lengthName are never written to.
var (
	hostName   = []byte("host")
	lengthName = []byte("content-length")
)

// url replaces path and query, then edits the query. Path and query have
// permissions of their own.
func (a *applier) url(q *request) error {
	if q.url == nil && q.deleteParams == nil && q.addParams == nil && q.extendedParam == nil {
		return nil
	}
	target := a.x.Request.URI
	if q.url != nil {
		var err error
		if target, err = a.target(q.url); err != nil {
			return err
		}
	}
	if q.deleteParams != nil || q.addParams != nil || q.extendedParam != nil {
		var err error
		if target, err = a.params(target, q); err != nil {
			return err
		}
	}
	if bytes.Equal(target, a.x.Request.URI) {
		return nil
	}
	to, away, err := a.parseRedirect(target)
	switch {
	case err != nil:
		return err
	case away:
		return a.redirect(to)
	}
	return a.x.SetURI(target)
}

// target returns the new path and query, each only if it may be written.
func (a *applier) target(raw []byte) ([]byte, error) {
	text, ok := textOf(raw)
	if !ok {
		return nil, errShape("url")
	}
	if _, away, _ := a.parseRedirect(text); away {
		if !a.may(WritePath, "path") {
			return a.x.Request.URI, nil
		}
		return text, nil
	}
	target, ok := a.origin(text)
	if !ok {
		return nil, abi.Errorf(abi.Protocol, "url %.80q leaves the request's scheme and host", text)
	}
	path, query := splitTarget(target)
	oldPath, oldQuery := splitTarget(a.x.Request.URI)
	if !bytes.Equal(path, oldPath) && !a.may(WritePath, "path") {
		path = oldPath
	}
	if !bytes.Equal(query, oldQuery) && !a.may(WriteQuery, "query") {
		query = oldQuery
	}
	return append(append(make([]byte, 0, len(path)+len(query)), path...), query...), nil
}

// origin returns path and query of a URL in origin form, or in absolute form
// with the scheme and host that the request has. A URL that begins with two
// slashes names an authority (RFC 3986 section 4.2), unless the request's own
// path already did.
func (a *applier) origin(text []byte) (target []byte, ok bool) {
	if bytes.HasPrefix(text, []byte("//")) {
		return text, bytes.HasPrefix(a.x.Request.URI, []byte("//"))
	}
	if len(text) > 0 && (text[0] == '/' || string(text) == "*") {
		return text, true
	}
	head, rest, ok := bytes.Cut(text, []byte("://"))
	if !ok || string(bytes.ToLower(head)) != a.x.Request.Scheme() || len(rest) < len(a.x.Request.Host) {
		return nil, false
	}
	host, rest := rest[:len(a.x.Request.Host)], rest[len(a.x.Request.Host):]
	if !abi.EqualFold(host, a.x.Request.Host) {
		return nil, false
	}
	switch {
	case len(rest) == 0:
		return []byte("/"), true
	case rest[0] == '?':
		return append([]byte("/"), rest...), true
	}
	return rest, rest[0] == '/'
}

// splitTarget splits before the question mark.
func splitTarget(target []byte) (path, query []byte) {
	if i := bytes.IndexByte(target, '?'); i >= 0 {
		return target[:i], target[i:]
	}
	return target, nil
}
