package jsvm

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/robertkrimen/otto"
)

// batchIn is the argument of TykBatchRequest.
type batchIn struct {
	Requests []struct {
		Method  string            `json:"method"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
		URL     string            `json:"relative_url"`
	} `json:"requests"`
	OneByOne bool `json:"suppress_parallel_execution"`
}

// batchItem is one reply; the zero value stands for a request that failed.
type batchItem struct {
	URL     string      `json:"relative_url"`
	Code    int         `json:"code"`
	Headers http.Header `json:"headers"`
	Body    string      `json:"body"`
}

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
	var in batchIn
	if err := json.Unmarshal([]byte(argument), &in); err != nil {
		return "", fmt.Errorf("argument: %w", err)
	}
	requests, err := in.all(ctx, h.keepsCase(call))
	if err != nil {
		return "", err
	}
	w := newWeb(h.tls, maxReplies)
	defer w.close()
	items := w.all(requests, in.parallel())
	for i := range items {
		if items[i].Code != 0 {
			items[i].URL = in.Requests[i].URL
		}
	}
	return made(items), nil
}

// all checks every request of the batch.
func (in *batchIn) all(ctx context.Context, exact bool) ([]*http.Request, error) {
	requests := make([]*http.Request, len(in.Requests))
	for i, q := range in.Requests {
		s := sending{method: q.Method, url: q.URL, body: q.Body, header: q.Headers, exact: exact}
		r, err := s.request(ctx)
		if err != nil {
			return nil, fmt.Errorf("request %d: %w", i+1, err)
		}
		requests[i] = r
	}
	return requests, nil
}

func (in *batchIn) parallel() int {
	if in.OneByOne {
		return 1
	}
	return min(len(in.Requests), maxParallel)
}

// all sends the requests with so many at one time, and returns the replies in
// the order of the requests.
func (w *web) all(requests []*http.Request, parallel int) []batchItem {
	items := make([]batchItem, len(requests))
	next := make(chan int)
	var workers sync.WaitGroup
	for range parallel {
		workers.Go(func() {
			for i := range next {
				if got, err := w.do(requests[i]); err == nil {
					items[i] = batchItem{Code: got.code, Headers: got.header, Body: got.body}
				}
			}
		})
	}
	for i := range requests {
		next <- i
	}
	close(next)
	workers.Wait()
	return items
}
