package jsvm

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/robertkrimen/otto"
)

// fetchIn is the argument of TykMakeHttpRequest.
type fetchIn struct {
	Method, Body     string
	Headers          map[string]string
	Domain, Resource string
	FormData         map[string]string
}

// fetchOut is its result. Scripts use both spellings.
type fetchOut struct {
	Code      int
	Body      string
	Headers   http.Header
	CodeLow   int         `json:"code"`
	BodyLow   string      `json:"body"`
	HeaderLow http.Header `json:"headers"`
}

// fetch is TykMakeHttpRequest. Its result is undefined if anything fails.
func (h *host) fetch(call otto.FunctionCall) otto.Value {
	text, err := h.fetched(&call, call.Argument(0).String())
	return h.settled(&call, "TykMakeHttpRequest", text, err)
}

func (h *host) fetched(call *otto.FunctionCall, argument string) (string, error) {
	ctx, end, err := h.begin(call)
	if err != nil {
		return "", err
	}
	defer end()
	var in fetchIn
	if err := json.Unmarshal([]byte(argument), &in); err != nil {
		return "", fmt.Errorf("argument: %w", err)
	}
	s := sending{method: in.Method, url: in.Domain + in.Resource, body: in.body(), header: in.Headers, exact: h.keepsCase(call)}
	r, err := s.request(ctx)
	if err != nil {
		return "", err
	}
	w := newWeb(h.tls, maxReply)
	defer w.close()
	got, err := w.do(r)
	if err != nil {
		return "", err
	}
	return made(fetchOut{got.code, got.body, got.header, got.code, got.body, got.header}), nil
}

// body is the text if there is one, else the form.
func (in *fetchIn) body() string {
	if in.Body != "" || len(in.FormData) == 0 {
		return in.Body
	}
	form := make(url.Values, len(in.FormData))
	for name, value := range in.FormData {
		form.Set(name, value)
	}
	return form.Encode()
}
