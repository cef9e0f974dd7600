package jsvm

import (
	"net/http"

	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/internal/tyk/hostapi"
)

// batch is TykBatchRequest. A request that fails gives an empty item; one
// that is not valid makes the whole result undefined.
func (h *host) batch(call otto.FunctionCall) otto.Value {
	text, err := h.batched(&call, call.Argument(0).String())
	return h.settled(&call, "TykBatchRequest", text, err)
}

func (h *host) batched(call *otto.FunctionCall, argument string) (string, error) {
	ctx, end, err := h.begin(call)
	if err != nil {
		return "", err
	}
	defer end()
	in, err := hostapi.ParseBatch([]byte(argument))
	if err != nil {
		return "", err
	}
	exact := h.keepsCase(call)
	requests, err := hostapi.CheckBatch(in, func(s *hostapi.Sending) (*http.Request, error) { return newRequest(ctx, s, exact) })
	if err != nil {
		return "", err
	}
	w := newWeb(h.tls, maxReplies)
	defer w.close()
	return made(in.Send(func(i int) *hostapi.FetchReply {
		got, err := w.do(requests[i])
		if err != nil {
			return nil
		}
		return got
	})), nil
}
