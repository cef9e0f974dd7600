package hostapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
)

// maxParallel is how many requests of a batch are under way at one time.
const maxParallel = 16

// Sending is a request of a script, as it has written it: nothing is checked.
type Sending struct {
	Method, URL, Body string
	Header            map[string]string
}

// FetchReply is what a server has answered to one.
type FetchReply struct {
	Code   int
	Header map[string][]string
	Body   string
}

// CheckReply refuses a reply of net/http whose status is not a final one of HTTP
// (RFC 9110, section 15), and closes its body. It has to be called before the
// body is read: after a 101 the body is the connection itself, and reading it
// does not end with the context (golang/go#30876).
func CheckReply(r *http.Response) error {
	if r.StatusCode >= 200 && r.StatusCode <= 599 {
		return nil
	}
	return errors.Join(fmt.Errorf("%w: status %d", errReply, r.StatusCode), r.Body.Close())
}

var errReply = errors.New("not a final response of HTTP")

// fetch is the argument of TykMakeHttpRequest.
type fetch struct {
	Method, Body     string
	Headers          map[string]string
	Domain, Resource string
	FormData         map[string]string
}

// ParseFetch reads the argument of TykMakeHttpRequest.
func ParseFetch(argument []byte) (*Sending, error) {
	var in fetch
	if err := json.Unmarshal(argument, &in); err != nil {
		return nil, fmt.Errorf("argument: %w", err)
	}
	return &Sending{Method: in.Method, URL: in.Domain + in.Resource, Body: in.body(), Header: in.Headers}, nil
}

// body is the text if there is one, else the form.
func (in *fetch) body() string {
	if in.Body != "" || len(in.FormData) == 0 {
		return in.Body
	}
	form := make(url.Values, len(in.FormData))
	for name, value := range in.FormData {
		form.Set(name, value)
	}
	return form.Encode()
}

// Fetched is the result of TykMakeHttpRequest, to be encoded as JSON. Scripts
// use both spellings.
type Fetched struct {
	Code      int
	Body      string
	Headers   map[string][]string
	CodeLow   int                 `json:"code"`
	BodyLow   string              `json:"body"`
	HeaderLow map[string][]string `json:"headers"`
}

// NewFetched makes a result of a reply.
func NewFetched(r *FetchReply) Fetched {
	return Fetched{r.Code, r.Body, r.Header, r.Code, r.Body, r.Header}
}

// Batch is the argument of TykBatchRequest.
type Batch struct {
	Requests []struct {
		Method  string            `json:"method"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
		URL     string            `json:"relative_url"`
	} `json:"requests"`
	OneByOne bool `json:"suppress_parallel_execution"`
}

// BatchItem is one reply; the zero value stands for a request that failed.
type BatchItem struct {
	URL     string              `json:"relative_url"`
	Code    int                 `json:"code"`
	Headers map[string][]string `json:"headers"`
	Body    string              `json:"body"`
}

// ParseBatch reads the argument of TykBatchRequest.
func ParseBatch(argument []byte) (*Batch, error) {
	b := new(Batch)
	if err := json.Unmarshal(argument, b); err != nil {
		return nil, fmt.Errorf("argument: %w", err)
	}
	return b, nil
}

// CheckBatch makes a request of everything in a batch. One that is not valid
// makes the whole batch invalid.
func CheckBatch[R any](b *Batch, check func(*Sending) (R, error)) ([]R, error) {
	requests := make([]R, len(b.Requests))
	for i, q := range b.Requests {
		r, err := check(&Sending{Method: q.Method, URL: q.URL, Body: q.Body, Header: q.Headers})
		if err != nil {
			return nil, fmt.Errorf("request %d: %w", i+1, err)
		}
		requests[i] = r
	}
	return requests, nil
}

// Send calls send for every request of the batch, several at one time unless
// the script wants them one by one, and returns the replies in the order of
// the requests. A request for which send returns nil leaves an empty item. It
// returns when every call has.
func (b *Batch) Send(send func(i int) *FetchReply) []BatchItem {
	items := make([]BatchItem, len(b.Requests))
	next := make(chan int)
	var workers sync.WaitGroup
	for range b.parallel() {
		workers.Go(func() {
			for i := range next {
				if r := send(i); r != nil {
					items[i] = BatchItem{Code: r.Code, Headers: r.Header, Body: r.Body}
				}
			}
		})
	}
	for i := range items {
		next <- i
	}
	close(next)
	workers.Wait()
	for i := range items {
		if items[i].Code != 0 {
			items[i].URL = b.Requests[i].URL
		}
	}
	return items
}

func (b *Batch) parallel() int {
	if b.OneByOne {
		return 1
	}
	return min(len(b.Requests), maxParallel)
}
