package reference

import (
	"bytes"
	"context"

	"github.com/c386954a/sallyport/abi"
)

// nativeHook is one hook in Go, in the gateway's own process.
type nativeHook struct {
	declares abi.Declaration
	call     func(*abi.Exchange) (abi.Verdict, error)
}

var _ abi.Plugin = (*nativeHook)(nil)

// loadNative returns the hook of that name.
func loadNative(kv SharedValues, plugin, name string) (abi.Plugin, error) {
	pre, auth, post, response := abi.SetOf(abi.Pre), abi.SetOf(abi.Auth), abi.SetOf(abi.Post), abi.SetOf(abi.Response)
	switch name {
	case "headers":
		return &nativeHook{abi.Declaration{Hooks: pre}, headers}, nil
	case "json":
		return &nativeHook{abi.Declaration{Hooks: post, RequestBody: post}, changeJSON}, nil
	case "auth":
		return &nativeHook{abi.Declaration{Hooks: auth}, lookUp(kv)}, nil
	case "response":
		return &nativeHook{abi.Declaration{Hooks: response, ReplyBody: response}, rewrite}, nil
	}
	return nil, abi.Errorf(abi.Refused, "plugin %s: no native hook %q; there are headers, json, auth and response",
		plugin, name)
}

// Declares implements [abi.Plugin].
func (p *nativeHook) Declares() abi.Declaration { return p.declares }

// Call implements [abi.Plugin].
func (p *nativeHook) Call(x *abi.Exchange) (abi.Verdict, error) { return p.call(x) }

// Close implements [abi.Plugin].
func (*nativeHook) Close(context.Context) error { return nil }

// Texts that hooks would otherwise allocate. They are never written to.
var (
	authorization = []byte("Authorization")
	userAgent     = []byte("User-Agent")
	tenantField   = []byte("X-Tenant")
	agentField    = []byte("X-Agent")
	debugField    = []byte("X-Debug")
	orderField    = []byte("X-Order")
	statusField   = []byte("X-Status")
	rewritten     = []byte("X-Rewritten")
	poweredBy     = []byte("X-Powered-By")

	space, dot, one, seen = []byte(" "), []byte("."), []byte("1"), []byte("seen")

	incomplete = []byte(`{"error":"no id or status"}`)
	unknown    = []byte(`{"error":"unknown key"}`)
)

// headers reads two fields, sets two and removes one.
func headers(x *abi.Exchange) (abi.Verdict, error) {
	agent, _ := x.Request.Header.Get(userAgent)
	tenant, _, _ := bytes.Cut(tokenOf(x), dot)
	if err := x.SetHeader(abi.OfRequest, tenantField, tenant); err != nil {
		return abi.Continue, err
	}
	if err := x.SetHeader(abi.OfRequest, agentField, agent); err != nil {
		return abi.Continue, err
	}
	return abi.Continue, x.DelHeader(abi.OfRequest, debugField)
}

// tokenOf returns what follows the scheme in "Bearer TENANT.SECRET".
func tokenOf(x *abi.Exchange) []byte {
	value, _ := x.Request.Header.Get(authorization)
	_, token, _ := bytes.Cut(value, space)
	return token
}

// changeJSON reads a body, changes one member and sets two fields.
func changeJSON(x *abi.Exchange) (abi.Verdict, error) {
	body := x.Request.Body
	id, status := memberOf(body, "id"), memberOf(body, "status")
	if id.none() || status.none() {
		return abi.Respond, x.Answer(400, incomplete)
	}
	if err := x.SetHeader(abi.OfRequest, orderField, body[id.from:id.to]); err != nil {
		return abi.Continue, err
	}
	if err := x.SetHeader(abi.OfRequest, statusField, body[status.from:status.to]); err != nil {
		return abi.Continue, err
	}
	return abi.Continue, x.SetBody(abi.OfRequest, status.replaced(body, seen))
}

// lookUp finds the tenant of the key.
func lookUp(kv SharedValues) func(*abi.Exchange) (abi.Verdict, error) {
	return func(x *abi.Exchange) (abi.Verdict, error) {
		tenant, _, ok, err := kv.Get(x.Deadline, append([]byte("bench:"), tokenOf(x)...))
		if err != nil {
			return abi.Continue, &abi.Error{Kind: abi.Unavailable, Err: err}
		}
		if !ok {
			return abi.Respond, x.Answer(401, unknown)
		}
		if err := x.SetSession(&abi.Session{KeyID: string(tenant)}); err != nil {
			return abi.Continue, err
		}
		return abi.Continue, x.SetHeader(abi.OfRequest, tenantField, tenant)
	}
}

// rewrite sets a field of the reply, removes one and changes a member of the
// body.
func rewrite(x *abi.Exchange) (abi.Verdict, error) {
	if err := x.SetHeader(abi.OfReply, rewritten, one); err != nil {
		return abi.Continue, err
	}
	if err := x.DelHeader(abi.OfReply, poweredBy); err != nil {
		return abi.Continue, err
	}
	status := memberOf(x.Reply.Body, "status")
	if status.none() {
		return abi.Continue, nil
	}
	return abi.Continue, x.SetBody(abi.OfReply, status.replaced(x.Reply.Body, seen))
}

// span is a part of a text.
type span struct{ from, to int }

// none reports whether there is no such part: a text in JSON begins after a
// quote.
func (s span) none() bool { return s.from == 0 }

// replaced returns a copy of the text with another part in the place of s.
func (s span) replaced(text, part []byte) []byte {
	out := make([]byte, 0, len(text)-(s.to-s.from)+len(part))
	return append(append(append(out, text[:s.from]...), part...), text[s.to:]...)
}

// memberOf finds the text of a member of a JSON object, not of one inside it.
func memberOf(json []byte, name string) span {
	depth := 0
	for i := 0; i < len(json); i++ {
		switch json[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			from := i + 1
			i = textEnd(json, from)
			if depth != 1 || string(json[from:i]) != name {
				continue
			}
			colon := skipSpace(json, i+1)
			if colon == len(json) || json[colon] != ':' {
				continue // the text was a value
			}
			value := skipSpace(json, colon+1)
			if value == len(json) || json[value] != '"' {
				return span{}
			}
			return span{value + 1, textEnd(json, value+1)}
		}
	}
	return span{}
}

// textEnd returns where the text that begins before i ends: at its quote.
func textEnd(json []byte, i int) int {
	for i < len(json) && json[i] != '"' {
		if json[i] == '\\' {
			i++
		}
		i++
	}
	return min(i, len(json))
}

func skipSpace(json []byte, i int) int {
	for i < len(json) && (json[i] == ' ' || json[i] == '\n' || json[i] == '\r' || json[i] == '\t') {
		i++
	}
	return i
}
