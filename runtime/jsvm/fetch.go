package jsvm

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

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
	w := newSender(h.tls, maxReply)
	defer w.close()
	got, err := w.do(r)
	if err != nil {
		return "", err
	}
	return made(hostapi.NewFetched(got)), nil
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
	in, err := hostapi.ParseBatch([]byte(argument))
	if err != nil {
		return "", err
	}
	exact := h.keepsCase(call)
	requests, err := hostapi.CheckBatch(in, func(s *hostapi.Sending) (*http.Request, error) { return newRequest(ctx, s, exact) })
	if err != nil {
		return "", err
	}
	w := newSender(h.tls, maxReplies)
	defer w.close()
	return made(in.Send(func(i int) *hostapi.FetchReply {
		got, err := w.do(requests[i])
		if err != nil {
			return nil
		}
		return got
	})), nil
}

const (
	// maxReply is the most bytes of the body of one reply that a script gets.
	maxReply = 8 << 20
	// maxReplies is the same for all replies of a batch together.
	maxReplies = 32 << 20
	// maxReplyHeader is the most bytes of the header section of a reply.
	maxReplyHeader = 1 << 20
	tlsSessions    = 64
)

var errReplyTooLarge = errors.New("the reply is too large")

// sender sends the requests of one host call. It has connections of its own, so
// that none is left when the call ends.
type sender struct {
	client http.Client
	left   atomic.Int64 // bytes of bodies that may still be read
}

func newSender(c *tls.Config, most int64) *sender {
	w := &sender{client: http.Client{Transport: &http.Transport{
		TLSClientConfig: c, Protocols: http1(), DisableKeepAlives: true, MaxResponseHeaderBytes: maxReplyHeader,
	}}}
	w.left.Store(most)
	return w
}

func http1() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	return p
}

// newTLS completes a configuration. Every call has a new connection, so TLS
// sessions are resumed where a server allows it.
func newTLS(c *tls.Config) *tls.Config {
	if c == nil {
		c = &tls.Config{}
	}
	c = c.Clone()
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	if c.ClientSessionCache == nil {
		c.ClientSessionCache = tls.NewLRUClientSessionCache(tlsSessions)
	}
	return c
}

// close ends connections that are still being made.
func (w *sender) close() { w.client.CloseIdleConnections() }

// newRequest checks s and returns it in the form of net/http. A Host among its
// fields has no effect, as in Tyk. If exact is set, the names of fields keep
// their spelling.
func newRequest(ctx context.Context, s *hostapi.Sending, exact bool) (*http.Request, error) {
	u, err := url.ParseRequestURI(s.URL)
	if err != nil {
		return nil, err
	}
	if !u.IsAbs() {
		return nil, fmt.Errorf("%q is not an absolute URL", s.URL)
	}
	r, err := http.NewRequestWithContext(ctx, s.Method, u.String(), strings.NewReader(s.Body))
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(s.Header)) {
		setHeader(r.Header, name, s.Header[name], exact)
	}
	return r, nil
}

// setHeader sets a field. net/http writes the fields that frame the message by
// itself, and knows them by their canonical names only.
func setHeader(h http.Header, name, value string, exact bool) {
	switch key := textproto.CanonicalMIMEHeaderKey(name); key {
	case "Host", "Content-Length", "Transfer-Encoding", "Trailer", "Connection":
		h.Set(key, value)
		return
	}
	if exact {
		h[name] = []string{value}
		return
	}
	h.Set(name, value)
}

// do sends a request and reads the whole reply. It returns when the context
// of r ends.
func (w *sender) do(r *http.Request) (*hostapi.FetchReply, error) {
	reply, err := w.client.Do(r)
	if err != nil {
		return nil, err
	}
	if err := hostapi.CheckReply(reply); err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(io.LimitReader(reply.Body, maxReply+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxReply || w.left.Add(-int64(len(body))) < 0 {
		return nil, errReplyTooLarge
	}
	return &hostapi.FetchReply{Code: reply.StatusCode, Header: reply.Header, Body: string(body)}, nil
}

// made returns the text of a JSON value for a script.
func made(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "" // strings, numbers and maps of strings always encode
	}
	return string(b)
}
