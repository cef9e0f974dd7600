package builtin

import (
	"bytes"

	"github.com/c386954a/sallyport/abi"
)

// Names and values of header fields. They are never written to.
var (
	contentType     = []byte("Content-Type")
	jsonType        = []byte("application/json")
	wwwAuthenticate = []byte("WWW-Authenticate")
	bearer          = []byte("Bearer")
	retryAfter      = []byte("Retry-After")
)

// reject answers {"error": "…", "request_id": "…"}, the form of all of the
// gateway's own errors. It does not allocate.
func reject(x *abi.Exchange, status int, text string) (abi.Verdict, error) {
	var scratch [256]byte
	body := append(scratch[:0], `{"error":"`...)
	body = append(body, text...)
	body = append(body, `","request_id":"`...)
	for _, c := range x.RequestID {
		if c < ' ' || c == '"' || c == '\\' {
			continue // ids hold none of these; a foreign one must not break the JSON
		}
		body = append(body, c)
	}
	body = append(body, `"}`...)
	if err := x.Answer(status, body); err != nil {
		return abi.Respond, err
	}
	return abi.Respond, x.SetHeader(abi.OfReply, contentType, jsonType)
}

// form is how a step words its refusals.
type form uint8

const (
	byAPI  form = iota // as the API does
	native             // the gateway's own codes and texts
	tyk                // Tyk's, for clients that know them
)

// formOf reads the key reply.
func formOf(reply string) (form, error) {
	switch reply {
	case "":
		return byAPI, nil
	case "native":
		return native, nil
	case "tyk":
		return tyk, nil
	}
	return byAPI, refuse("reply %q%s; there are native, tyk", reply, hint(reply, []string{"native", "tyk"}))
}

// isTyk reports whether a refusal has Tyk's form.
func (f form) isTyk(x *abi.Exchange) bool { return f == tyk || f == byAPI && x.API.Tyk }

// refusal is one reason to turn a request away, in both forms. Its texts hold
// nothing that JSON or XML would have to escape.
type refusal struct {
	status int
	text   string

	tykStatus int
	tykText   string

	event   string // empty: what the hook stands for
	message string // of the event
}

// refuse answers, and says why to those who subscribe to events. key is what
// the client showed, if that is known here. It does not allocate.
func (f form) refuse(x *abi.Exchange, r *refusal, key []byte) (abi.Verdict, error) {
	if r.event != "" {
		cause := abi.Cause{Event: r.event, Message: r.message, Key: key}
		switch {
		case r.event == abi.VersionFailure:
			cause.Reason = r.tykText
		case x.Hook == abi.Auth && !f.isTyk(x):
			cause.Event = "" // that of the hook says it, whatever is wrong with the key
		}
		if err := x.SetCause(cause); err != nil {
			return abi.Respond, err
		}
	}
	if f.isTyk(x) {
		return rejectTyk(x, r.tykStatus, r.tykText)
	}
	return reject(x, r.status, r.text)
}

// xmlTypes are the types of request bodies that Tyk answers in XML.
var xmlTypes = [...][]byte{[]byte("application/xml"), []byte("text/xml"), []byte("application/soap+xml")}

// rejectTyk answers as Tyk does, in the form of the request. Such an answer is
// final: response hooks do not see it.
func rejectTyk(x *abi.Exchange, status int, text string) (abi.Verdict, error) {
	var scratch [256]byte
	mime, before, after := jsonType, "{\n    \"error\": \"", "\"\n}"
	sent, _ := x.Request.Header.Get(contentType)
	sent, _, _ = bytes.Cut(sent, []byte{';'})
	for _, t := range xmlTypes {
		if abi.EqualFold(bytes.TrimSpace(sent), t) {
			mime, before, after = t, "<?xml version = \"1.0\" encoding = \"UTF-8\"?>\n<error>", "</error>\n"
		}
	}
	body := append(append(append(scratch[:0], before...), text...), after...)
	if err := x.Reject(status, body); err != nil {
		return abi.Respond, err
	}
	return abi.Respond, x.SetHeader(abi.OfReply, contentType, mime)
}
