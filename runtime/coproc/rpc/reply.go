package rpc

import (
	"net/http"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/jsontext"
)

// reply answers in place of the upstream, from return_overrides or from
// response. A result must have one of the two, unless its action is deny, and
// must not have both.
func (a *applier) reply(r *result) error {
	switch {
	case r.request.overrides != nil && r.response.given:
		return abi.Errorf(abi.Protocol, "both return_overrides and response")
	case r.response.given:
		return a.respond(&r.response)
	case r.request.overrides != nil:
		return a.override(r.request.overrides)
	case string(r.action) == `"deny"`:
		return a.refuse(http.StatusForbidden, nil, nil)
	}
	return abi.Errorf(abi.Protocol, "respond without return_overrides and without response")
}

// respond answers with a whole response. The action itself allows the handler
// to do so: it need not have declared writes.
func (a *applier) respond(p *response) error {
	status := int64(http.StatusOK)
	if p.status != nil {
		var ok bool
		if status, ok = intOf(p.status); !ok {
			return errShape("status_code")
		}
	}
	body, _, err := bodyOf(p.body, p.rawBody)
	if err != nil {
		return err
	}
	if err := a.x.Answer(int(status), body); err != nil {
		return err
	}
	if err := a.setHeaders(abi.OfReply, p.setHeaders); err != nil {
		return err
	}
	if err := a.addHeaders(abi.OfReply, p.addHeaders); err != nil {
		return err
	}
	return a.answered()
}

// override answers as return_overrides says: an error status in the shape of
// the gateway's own errors unless override_error is set, any other status
// unchanged.
func (a *applier) override(raw []byte) error {
	o, err := a.parseOverrides(raw)
	if err != nil {
		return err
	}
	if o.status >= http.StatusBadRequest && !o.verbatim {
		return a.refuse(o.status, o.text(), o.headers)
	}
	if err := a.answer(o.status, o.text()); err != nil {
		return err
	}
	if err := a.setHeaders(abi.OfReply, o.headers); err != nil {
		return err
	}
	return a.answered()
}

// dialect returns that of the API, if there is an API.
func (a *applier) dialect() *abi.Dialect {
	if a.x.API == nil {
		return nil
	}
	return a.x.API.Dialect
}

// answered lets the dialect make a redirect of an answer.
func (a *applier) answered() error {
	if d := a.dialect(); d != nil {
		return d.RedirectReply(a.x)
	}
	return nil
}

// answer answers with the text as it is.
func (a *applier) answer(status int, text []byte) error {
	if d := a.dialect(); d != nil && d.FinalAnswers {
		return a.x.Reject(status, text)
	}
	return a.x.Answer(status, text)
}

// refuseAs answers with an error in the form of a dialect, which counts as a
// failed authentication in whatever hook.
func (a *applier) refuseAs(d *abi.Dialect, status int, text, headers []byte) error {
	if len(text) == 0 {
		text = refusal(http.StatusForbidden)
	}
	body, mime := d.AppendError(nil, &a.x.Request, string(text))
	if err := a.x.Reject(status, body); err != nil {
		return err
	}
	if err := a.setHeaders(abi.OfReply, headers); err != nil {
		return err
	}
	if err := a.x.SetHeader(abi.OfReply, []byte("Content-Type"), mime); err != nil {
		return err
	}
	if !a.x.Hook.BeforeReply() {
		return nil
	}
	return a.x.SetCause(abi.Cause{Event: abi.AuthFailure, Message: string(text)})
}

// overrides are the members of return_overrides.
type overrides struct {
	status   int
	body     []byte
	message  []byte // response_error
	headers  []byte
	verbatim bool // override_error
}

// text returns the body: response_body, or else response_error.
func (o *overrides) text() []byte {
	if len(o.body) > 0 {
		return o.body
	}
	return o.message
}

func (a *applier) parseOverrides(raw []byte) (o overrides, err error) {
	m, ok := membersOf(raw)
	if !ok {
		return o, errShape("return_overrides")
	}
	o.status = http.StatusOK
	if a.x.Hook == abi.Auth {
		o.status = http.StatusForbidden
	}
	for name, value, ok := m.next(); ok; name, value, ok = m.next() {
		if kindOf(value) != 'n' && !o.set(string(name), value) {
			return o, errShape("return_overrides")
		}
	}
	return o, nil
}

func (o *overrides) set(name string, value []byte) (ok bool) {
	ok = true
	switch name {
	case "response_code":
		var n int64
		n, ok = intOf(value)
		o.status = int(n)
	case "response_body":
		o.body, ok = textOf(value)
	case "response_error":
		o.message, ok = textOf(value)
	case "headers":
		o.headers = value
	case "override_error":
		o.verbatim = string(value) == "true"
	}
	return ok
}

// refuse answers with an error in the form of the API: the gateway's own, or
// that of its dialect.
func (a *applier) refuse(status int, text, headers []byte) error {
	if d := a.dialect(); d != nil {
		return a.refuseAs(d, status, text, headers)
	}
	if len(text) == 0 {
		text = refusal(status)
	}
	body := jsontext.AppendError(make([]byte, 0, len(text)+64), text, a.x.RequestID)
	if err := a.x.Answer(status, body); err != nil {
		return err
	}
	if err := a.x.SetHeader(abi.OfReply, []byte("Content-Type"), []byte("application/json")); err != nil {
		return err
	}
	return a.setHeaders(abi.OfReply, headers)
}

// refusal is the text of an error reply that the handler gave none.
func refusal(status int) []byte {
	if status == http.StatusForbidden {
		return []byte("Key not authorised")
	}
	return []byte(http.StatusText(status))
}
