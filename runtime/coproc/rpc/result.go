package rpc

import (
	"encoding/base64"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// Applied is what the result of a dispatch amounts to.
type Applied struct {
	Verdict  abi.Verdict
	Dropped  int           // writes that were not the handler's to make
	Why      string        // the first of them, for the log
	CacheTTL time.Duration // how long an auth answer may be reused
}

// Apply checks the result of a dispatch, checked JSON, and makes the edits it
// asks for on x. Edits the handler did not declare, and those that nobody may
// make, are dropped and counted. Every error is an *abi.Error of kind
// Protocol or Limit; the caller then discards what was applied before it.
func (h *HandlerSpec) Apply(x *abi.Exchange, result []byte) (Applied, error) {
	a := applier{h: h, x: x}
	r, err := parseResult(result)
	if err != nil {
		return a.out, err
	}
	if err := a.decide(&r); err != nil {
		return a.out, err
	}
	if err := a.request(&r); err != nil {
		return a.out, err
	}
	if err := a.session(&r); err != nil {
		return a.out, err
	}
	if err := a.meta(r.meta); err != nil {
		return a.out, err
	}
	if err := a.redirectTo(r.redirect); err != nil {
		return a.out, err
	}
	if a.out.Verdict == abi.Respond {
		return a.out, a.reply(&r)
	}
	return a.out, a.edit(&r)
}

// result holds the members of a dispatch result, unread.
type result struct {
	action   []byte
	request  request
	response response
	session  []byte
	meta     []byte
	redirect []byte
	ttl      []byte
}

// request holds the members of result.request.
type request struct {
	deleteHeaders, setHeaders, addHeaders  []byte
	url                                    []byte
	deleteParams, addParams, extendedParam []byte
	method, host                           []byte
	body, rawBody                          []byte
	overrides                              []byte
}

// response holds the members of result.response.
type response struct {
	given                                 bool
	status                                []byte
	deleteHeaders, setHeaders, addHeaders []byte
	body, rawBody                         []byte
}

func parseResult(raw []byte) (r result, err error) {
	m, ok := membersOf(raw)
	if !ok {
		return r, errShape("result")
	}
	for name, value, ok := m.next(); ok; name, value, ok = m.next() {
		if kindOf(value) == 'n' {
			continue // null is the same as absent
		}
		switch string(name) {
		case "action":
			r.action = value
		case "request":
			err = parseRequest(&r.request, value)
		case "response":
			err = parseResponse(&r.response, value)
		case "session":
			r.session = value
		case "meta":
			r.meta = value
		case "redirect":
			r.redirect = value
		case "cache_ttl_ms":
			r.ttl = value
		}
		if err != nil {
			return r, err
		}
	}
	return r, nil
}

func parseRequest(r *request, raw []byte) error {
	m, ok := membersOf(raw)
	if !ok {
		return errShape("request")
	}
	for name, value, ok := m.next(); ok; name, value, ok = m.next() {
		if dst := r.member(string(name)); dst != nil && kindOf(value) != 'n' {
			*dst = value
		}
	}
	return nil
}

func (r *request) member(name string) *[]byte {
	switch name {
	case "delete_headers":
		return &r.deleteHeaders
	case "set_headers":
		return &r.setHeaders
	case "add_headers":
		return &r.addHeaders
	case "url":
		return &r.url
	case "delete_params":
		return &r.deleteParams
	case "add_params":
		return &r.addParams
	case "extended_params":
		return &r.extendedParam
	case "method":
		return &r.method
	case "host":
		return &r.host
	case "body":
		return &r.body
	case "raw_body":
		return &r.rawBody
	case "return_overrides":
		return &r.overrides
	}
	return nil
}

func parseResponse(r *response, raw []byte) error {
	m, ok := membersOf(raw)
	if !ok {
		return errShape("response")
	}
	r.given = true
	for name, value, ok := m.next(); ok; name, value, ok = m.next() {
		if dst := r.member(string(name)); dst != nil && kindOf(value) != 'n' {
			*dst = value
		}
	}
	return nil
}

func (r *response) member(name string) *[]byte {
	switch name {
	case "status_code":
		return &r.status
	case "delete_headers":
		return &r.deleteHeaders
	case "set_headers":
		return &r.setHeaders
	case "add_headers":
		return &r.addHeaders
	case "body":
		return &r.body
	case "raw_body":
		return &r.rawBody
	}
	return nil
}

// applier makes the edits of one result.
type applier struct {
	h   *HandlerSpec
	x   *abi.Exchange
	out Applied
}

// drop counts a write that is not made.
func (a *applier) drop(why string) {
	if a.out.Dropped == 0 {
		a.out.Why = why
	}
	a.out.Dropped++
}

// may reports whether the handler declared to write w, and counts if not.
func (a *applier) may(w Writes, what string) bool {
	if a.h.Writes.Has(w) {
		return true
	}
	a.drop(what)
	return false
}

// decide reads the action. In auth only the words allow, deny and respond
// decide: whatever else comes is a fault and never lets a request pass.
func (a *applier) decide(r *result) error {
	action, _ := textOf(r.action)
	auth := a.x.Hook == abi.Auth
	switch {
	case string(action) == "respond", auth && string(action) == "deny":
		a.out.Verdict = abi.Respond
		return nil
	case auth && string(action) == "allow":
		return a.allow(r)
	case !auth && string(action) == "continue":
		return nil
	}
	return abi.Errorf(abi.Protocol, "action %.40q is not legal in hook %v", action, a.x.Hook)
}

func (a *applier) allow(r *result) error {
	if r.session == nil {
		return abi.Errorf(abi.Protocol, "allow without a session")
	}
	if ms, ok := intOf(r.ttl); ok && ms > 0 && a.h.Cacheable {
		a.out.CacheTTL = time.Duration(min(ms, maxTTL)) * time.Millisecond
	}
	s, err := parseSession(r.session)
	if err != nil {
		return err
	}
	return a.x.SetSession(s)
}

// maxTTL bounds cache_ttl_ms to a day.
const maxTTL = 24 * 60 * 60 * 1000

// session merges what a hook after auth may change of the session: metadata.
func (a *applier) session(r *result) error {
	if r.session == nil || a.x.Hook == abi.Auth {
		return nil
	}
	m, ok := membersOf(r.session)
	if !ok {
		return errSession
	}
	for name, value, ok := m.next(); ok; name, value, ok = m.next() {
		if string(name) != "metadata" || !a.may(WriteSession, "session") {
			continue
		}
		var metadata map[string]any
		if !setMetadata(&metadata, value) {
			return errShape("session.metadata")
		}
		return a.x.SetMetadata(metadata)
	}
	return nil
}

func (a *applier) meta(raw []byte) error {
	if raw == nil {
		return nil
	}
	m, ok := membersOf(raw)
	if !ok {
		return errShape("meta")
	}
	for name, value, ok := m.next(); ok; name, value, ok = m.next() {
		text, isText := textOf(value)
		if !isText {
			return errShape("meta")
		}
		if !a.may(WriteMeta, "meta") {
			return nil
		}
		if err := a.x.SetMeta(name, text); err != nil {
			return err
		}
	}
	return nil
}

// bodyOf returns the body of one of two members; at most one may be there.
func bodyOf(text, raw []byte) (body []byte, given bool, err error) {
	switch {
	case text != nil && raw != nil:
		return nil, false, abi.Errorf(abi.Protocol, "both body and raw_body")
	case text != nil:
		body, given = textOf(text)
	case raw != nil:
		body, given = bytesOf(raw)
	default:
		return nil, false, nil
	}
	if !given {
		return nil, false, errShape("body")
	}
	return body, true, nil
}

// bytesOf returns the bytes of a base64 string.
func bytesOf(raw []byte) (b []byte, ok bool) {
	text, ok := textOf(raw)
	if !ok {
		return nil, false
	}
	b, err := base64.StdEncoding.AppendDecode(make([]byte, 0, len(text)), text)
	return b, err == nil
}

func errShape(what string) error {
	return abi.Errorf(abi.Protocol, "%s does not have the form the protocol asks for", what)
}
