package builtin

import (
	"maps"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/jsontext"
)

// Names and values of header fields. They are never written to.
var (
	contentType     = []byte("Content-Type")
	jsonType        = []byte("application/json")
	wwwAuthenticate = []byte("WWW-Authenticate")
	bearer          = []byte("Bearer")
	retryAfter      = []byte("Retry-After")
)

// reject answers with the gateway's own form of an error. It does not allocate.
func reject(x *abi.Exchange, status int, text string) (abi.Verdict, error) {
	var scratch [256]byte
	body := jsontext.AppendError(scratch[:0], text, x.RequestID)
	if err := x.Answer(status, body); err != nil {
		return abi.Respond, err
	}
	return abi.Respond, x.SetHeader(abi.OfReply, contentType, jsonType)
}

// form is how a step words its refusals: as the API does, or as it is told to.
type form struct {
	given   bool
	dialect *abi.Dialect // nil is the gateway's own
}

// formOf reads the key reply.
func (r *Runtime) formOf(reply string) (form, error) {
	if reply == "" {
		return form{}, nil
	}
	d, ok := r.dialects[reply]
	if !ok && reply != native {
		names := append([]string{native}, slices.Sorted(maps.Keys(r.dialects))...)
		return form{}, refuse("reply %q%s; there are %s", reply, hint(reply, names), strings.Join(names, ", "))
	}
	return form{true, d}, nil
}

// native is the name of the gateway's own form.
const native = "native"

// in returns the dialect of a refusal.
func (f form) in(x *abi.Exchange) *abi.Dialect {
	if f.given {
		return f.dialect
	}
	return x.API.Dialect
}

// refusal is one reason to turn a request away. Its text holds nothing that
// JSON would have to escape.
type refusal struct {
	name   string // by which dialects know it
	status int
	text   string

	event   string // empty: what the hook stands for
	message string // of the event
	reason  string // of the event
}

// refuse answers, and says why to those who subscribe to events. key is what
// the client showed, if that is known here. It does not allocate.
func (f form) refuse(x *abi.Exchange, r *refusal, key []byte) (abi.Verdict, error) {
	d := f.in(x)
	if r.event != "" {
		cause := abi.Cause{Event: r.event, Message: r.message, Reason: r.reason, Key: key}
		if d == nil && x.Hook == abi.Auth {
			cause.Event = "" // that of the hook says it, whatever is wrong with the key
		}
		if err := x.SetCause(cause); err != nil {
			return abi.Respond, err
		}
	}
	if d == nil {
		return reject(x, r.status, r.text)
	}
	if own, ok := d.Refusals[r.name]; ok {
		return abi.Respond, x.RejectAs(d, own.Status, own.Text)
	}
	return abi.Respond, x.RejectAs(d, r.status, r.text)
}
