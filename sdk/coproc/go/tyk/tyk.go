// Package tyk runs handlers that are written for Tyk's coprocess object.
//
// They are what Tyk's gRPC plugins have as Dispatch: a function that takes the
// object, changes it and returns it.
//
//	sallyport.Main(tyk.Handler("legacy", sallyport.Pre, dispatch))
package tyk

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"time"

	sallyport "github.com/c386954a/sallyport/sdk/coproc/go"
)

// Object is Tyk's coprocess object. It belongs to the handler.
type Object struct {
	HookType string // Pre, Post, PostKeyAuth, CustomKeyCheck or Response
	HookName string
	Request  *Request
	Session  *sallyport.Session // nil in Pre; empty in CustomKeyCheck
	Metadata map[string]string  // of the session; what is not text there is JSON here
	Spec     map[string]string  // OrgID, APIID, bundle_hash, config_data
	Response *Response          // in Response only
}

// Request is Tyk's MiniRequestObject. Only SetHeaders, DeleteHeaders, RawBody,
// URL, Method, AddParams, DeleteParams and ReturnOverrides are read back.
type Request struct {
	Headers         map[string]string // first values, and Host
	SetHeaders      map[string]string
	DeleteHeaders   []string
	Body            string // if it is UTF-8
	RawBody         []byte
	URL             string
	Params          map[string]string
	AddParams       map[string]string
	DeleteParams    []string
	ReturnOverrides sallyport.Overrides // ResponseCode -1 is not set
	Method          string
	RequestURI      string
	Scheme          string
}

// Response is Tyk's ResponseObject. Body is not read back.
type Response struct {
	StatusCode        int
	Body              string
	RawBody           []byte
	Headers           map[string]string // first values
	MultivalueHeaders []Header
}

// Header is all values of one field.
type Header struct {
	Key    string
	Values []string
}

// Dispatch is a handler as Tyk has it. Returning nil is returning the object.
type Dispatch func(context.Context, *Object) (*Object, error)

// Handler returns a handler for one hook, which declares what Tyk lets it
// write.
func Handler(name string, hook sallyport.Hook, dispatch Dispatch) sallyport.Handler {
	h := sallyport.Handler{
		Name: name, Hooks: []sallyport.Hook{hook}, Body: sallyport.Text,
		Writes: []sallyport.Part{
			sallyport.Headers, sallyport.Query, sallyport.Path, sallyport.Method, sallyport.Body, sallyport.SessionValues,
		},
		Func: func(ctx context.Context, c *sallyport.Call) (*sallyport.Result, error) {
			return run(ctx, c, dispatch)
		},
	}
	if hook == sallyport.Response {
		h.Writes = []sallyport.Part{sallyport.Headers, sallyport.Body, sallyport.Status}
	}
	return h
}

func run(ctx context.Context, c *sallyport.Call, dispatch Dispatch) (*sallyport.Result, error) {
	o := objectOf(c)
	before := maps.Clone(o.Metadata)
	returned, err := dispatch(ctx, o)
	switch {
	case err != nil:
		return nil, err
	case returned != nil:
		o = returned
	}
	if c.HookType == sallyport.Response {
		return replyOf(c, o), nil
	}
	return requestOf(c, o, before), nil
}

func objectOf(c *sallyport.Call) *Object {
	o := &Object{
		HookType: typeOf(c.HookType), HookName: c.HookName, Request: requestView(&c.Request),
		Session: c.Session, Metadata: map[string]string{}, Spec: specOf(c.API),
	}
	if o.Session == nil && c.HookType == sallyport.Auth {
		o.Session = &sallyport.Session{}
	}
	if o.Session != nil {
		o.Metadata = texts(o.Session.Metadata)
	}
	if c.Response != nil {
		o.Response = responseView(c.Response)
	}
	return o
}

func typeOf(h sallyport.Hook) string {
	switch h {
	case sallyport.Pre:
		return "Pre"
	case sallyport.Post:
		return "Post"
	case sallyport.PostKeyAuth:
		return "PostKeyAuth"
	case sallyport.Auth:
		return "CustomKeyCheck"
	case sallyport.Response:
		return "Response"
	}
	return "Unknown"
}

func specOf(a *sallyport.API) map[string]string {
	spec := map[string]string{"OrgID": a.OrgID, "APIID": a.ID, "bundle_hash": ""}
	if text := string(a.ConfigData); text != "" && text != "{}" && text != "null" {
		spec["config_data"] = text
	}
	return spec
}

func requestView(m *sallyport.Message) *Request {
	r := &Request{
		Headers: firsts(m.Header), SetHeaders: map[string]string{}, RawBody: m.Body(), URL: m.URL,
		Params: map[string]string{}, AddParams: map[string]string{}, Method: m.Method, RequestURI: m.URL, Scheme: m.Scheme,
		ReturnOverrides: sallyport.Overrides{ResponseCode: -1, Headers: map[string]string{}},
	}
	if m.Text != nil {
		r.Body = *m.Text
	}
	if _, has := r.Headers["Host"]; !has {
		r.Headers["Host"] = m.Host
	}
	if u, err := url.ParseRequestURI(m.URL); err == nil {
		for name, values := range u.Query() {
			r.Params[name] = values[0]
		}
	}
	return r
}

// texts returns metadata as Tyk has it: what is not text is JSON.
func texts(metadata map[string]any) map[string]string {
	out := make(map[string]string, len(metadata))
	for name, value := range metadata {
		if text, ok := value.(string); ok {
			out[name] = text
		} else if b, err := json.Marshal(value); err == nil {
			out[name] = string(b)
		}
	}
	return out
}

// Events returns a handler of events, as Tyk's cp_dynamic_handler names one.
// It is what Tyk's gRPC plugins have as DispatchEvent: payload is the JSON
// object {message: {Type, Meta, TimeStamp}, handler_name, spec: {APIID, OrgID}}
// and belongs to the handler. An error is counted as a fault; no request waits
// for it.
func Events(name string, dispatch func(ctx context.Context, payload []byte) error) sallyport.Handler {
	return sallyport.Handler{
		Name: name, Hooks: []sallyport.Hook{sallyport.Events},
		Func: func(ctx context.Context, c *sallyport.Call) (*sallyport.Result, error) {
			payload, err := eventOf(c)
			if err != nil {
				return nil, err
			}
			return nil, dispatch(ctx, payload)
		},
	}
}

func eventOf(c *sallyport.Call) ([]byte, error) {
	type message struct {
		Type      string
		Meta      json.RawMessage
		TimeStamp string
	}
	return json.Marshal(struct {
		Message message           `json:"message"`
		Handler string            `json:"handler_name"`
		Spec    map[string]string `json:"spec"`
	}{
		message{c.Event.Name, c.Event.Data, time.Now().Local().String()},
		c.HookName,
		map[string]string{"APIID": c.API.ID, "OrgID": c.API.OrgID},
	})
}
