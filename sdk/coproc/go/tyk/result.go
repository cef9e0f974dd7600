package tyk

import (
	"bytes"
	"maps"
	"net/http"
	"slices"

	sallyport "github.com/c386954a/sallyport/sdk/coproc/go"
)

// requestOf returns what a handler changed.
func requestOf(c *sallyport.Call, o *Object, before map[string]string) *sallyport.Result {
	r := sallyport.Edit(editsOf(&c.Request, o.Request))
	switch {
	case o.Request.ReturnOverrides.ResponseCode > 0:
		r.Action = "respond"
		r.Request.Overrides = overridesOf(o.Request.ReturnOverrides)
	case c.HookType == sallyport.Auth:
		admit(r, o)
	case o.Session != nil && !maps.Equal(before, o.Metadata):
		r.Session = &sallyport.Session{Metadata: merged(o)}
	}
	return r
}

// admit turns Tyk's convention, a session and a token, into a verdict.
func admit(r *sallyport.Result, o *Object) {
	token := o.Metadata["token"]
	if o.Session == nil || token == "" {
		r.Action = "deny"
		r.Request.Overrides = &sallyport.Overrides{ResponseCode: http.StatusForbidden, ResponseError: "Forbidden"}
		return
	}
	s := *o.Session
	s.KeyID, s.Metadata = token, merged(o)
	r.Action, r.Session = "allow", &s
}

// merged returns the session's metadata with what the handler left in it.
func merged(o *Object) map[string]any {
	out := map[string]any{}
	maps.Copy(out, o.Session.Metadata)
	known := texts(o.Session.Metadata)
	for name, value := range o.Metadata {
		if old, ok := known[name]; !ok || old != value { // an untouched value keeps its type
			out[name] = value
		}
	}
	return out
}

func editsOf(m *sallyport.Message, r *Request) sallyport.Edits {
	e := sallyport.Edits{DeleteHeaders: r.DeleteHeaders, DeleteParams: r.DeleteParams, AddParams: r.AddParams}
	for _, name := range slices.Sorted(maps.Keys(r.SetHeaders)) {
		e.SetHeaders.Set(name, r.SetHeaders[name])
	}
	if r.URL != m.URL {
		e.URL = r.URL
	}
	if r.Method != m.Method {
		e.Method = r.Method
	}
	if !bytes.Equal(r.RawBody, m.Body()) {
		e.SetBody(r.RawBody)
	}
	return e
}

func overridesOf(o sallyport.Overrides) *sallyport.Overrides {
	body, text := o.ResponseBody, o.ResponseError
	o.ResponseBody, o.ResponseError = "", ""
	if o.ResponseCode >= 400 && !o.OverrideError {
		o.ResponseError = firstOf(text, body, "Key not authorised")
	} else {
		o.ResponseBody = firstOf(body, text)
	}
	return &o
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func responseView(m *sallyport.Message) *Response {
	r := &Response{StatusCode: m.StatusCode, RawBody: m.Body(), Headers: firsts(m.Header)}
	if m.Text != nil {
		r.Body = *m.Text
	}
	names, values := grouped(m.Header)
	for _, name := range names {
		r.MultivalueHeaders = append(r.MultivalueHeaders, Header{name, values[name]})
	}
	return r
}

func replyOf(c *sallyport.Call, o *Object) *sallyport.Result {
	old, r := c.Response, o.Response
	e := headersOf(old.Header, r)
	if r.StatusCode != old.StatusCode {
		e.StatusCode = r.StatusCode
	}
	if !bytes.Equal(r.RawBody, old.Body()) {
		e.SetBody(r.RawBody)
	}
	return sallyport.EditReply(e)
}

// headersOf merges both views of a reply's header as Tyk does:
// MultivalueHeaders hold; in Headers a new value replaces the first, new names
// are added and missing ones removed.
func headersOf(old []sallyport.Field, r *Response) (e sallyport.Edits) {
	names, before := grouped(old)
	after := map[string][]string{}
	for _, h := range r.MultivalueHeaders {
		after[h.Key] = slices.Clone(h.Values)
	}
	was := firsts(old)
	for name, value := range r.Headers {
		if first, had := was[name]; !had || first != value {
			after[name] = append([]string{value}, after[name][min(1, len(after[name])):]...)
		}
	}
	for name := range was {
		if _, kept := r.Headers[name]; !kept {
			delete(after, name)
		}
	}
	for _, name := range names {
		if len(after[name]) == 0 {
			e.DeleteHeaders = append(e.DeleteHeaders, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if slices.Equal(before[name], after[name]) {
			continue
		}
		for i, value := range after[name] {
			if i == 0 {
				e.SetHeaders.Set(name, value)
			} else {
				e.AddHeaders = append(e.AddHeaders, sallyport.Field{Name: name, Value: value})
			}
		}
	}
	return e
}

// grouped returns the values of every field, and the names in their order.
func grouped(fields []sallyport.Field) (names []string, values map[string][]string) {
	values = map[string][]string{}
	for _, f := range fields {
		name := http.CanonicalHeaderKey(f.Name)
		if values[name] == nil {
			names = append(names, name)
		}
		values[name] = append(values[name], f.Value)
	}
	return names, values
}

func firsts(fields []sallyport.Field) map[string]string {
	_, values := grouped(fields)
	out := make(map[string]string, len(values))
	for name, all := range values {
		out[name] = all[0]
	}
	return out
}
