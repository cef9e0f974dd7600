package jsvm

import (
	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/internal/tyk/hostapi"
)

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
	in, err := hostapi.ParseFetch([]byte(argument))
	if err != nil {
		return "", err
	}
	r, err := newRequest(ctx, in, h.keepsCase(call))
	if err != nil {
		return "", err
	}
	w := newWeb(h.tls, maxReply)
	defer w.close()
	got, err := w.do(r)
	if err != nil {
		return "", err
	}
	return made(hostapi.NewFetched(got)), nil
}
