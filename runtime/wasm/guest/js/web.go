package js

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/hostapi"
	"github.com/c386954a/sallyport/runtime/wasm/guest"
	"github.com/c386954a/sallyport/runtime/wasm/guest/native"
	"github.com/c386954a/sallyport/runtime/wasm/outbound"
)

const (
	maxRedirects = 10
	maxBatch     = 256      // requests of a batch
	maxReplies   = 32 << 20 // bytes of bodies, of a batch together
)

var (
	errNoHTTP = fmt.Errorf("not granted, and this line under the plugin would grant it: %s",
		native.GrantLine([]string{"http"}))
	errRedirects = errors.New("stopped after 10 redirects")
	errAbsolute  = errors.New("not an absolute URL")
	errBatchSize = fmt.Errorf("a batch has at most %d requests", maxBatch)
	errReplies   = errors.New("the replies are too large together")
)

// received is what a server answered.
type received struct {
	code   int
	header map[string][]string
	body   []byte
}

func (r *received) reply() *hostapi.FetchReply {
	return &hostapi.FetchReply{Code: r.code, Header: r.header, Body: string(r.body)}
}

// newRequest checks s. Fields that say to whom a message goes and where it ends
// have no effect, as in Tyk.
func newRequest(s *hostapi.Sending) (*outbound.HTTPRequest, error) {
	u, err := url.ParseRequestURI(s.URL)
	if err != nil {
		return nil, err
	}
	if !u.IsAbs() {
		return nil, fmt.Errorf("%q: %w", s.URL, errAbsolute)
	}
	u.Fragment, u.RawFragment = "", ""
	q := &outbound.HTTPRequest{Method: []byte(s.Method), URL: []byte(u.String()), Body: []byte(s.Body)}
	if len(q.Method) == 0 {
		q.Method = []byte(http.MethodGet)
	}
	if !abi.ValidName(q.Method) { // which is a token, too
		return nil, fmt.Errorf("%q is not an HTTP method", s.Method)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Header)) {
		if !outbound.Framing(http.CanonicalHeaderKey(name)) {
			q.Header = append(q.Header, abi.Field{Name: []byte(name), Value: []byte(s.Header[name])})
		}
	}
	return q, nil
}

// send sends a request, follows redirects, each of which must be granted, and
// unpacks the reply.
func send(ctx context.Context, client native.HTTP, q *outbound.HTTPRequest) (*received, error) {
	unpack := q.Header.Index([]byte("Accept-Encoding"), 0) < 0 && q.Header.Index([]byte("Range"), 0) < 0
	if unpack {
		q.Header = append(q.Header, abi.Field{Name: []byte("Accept-Encoding"), Value: []byte("gzip")})
	}
	for range maxRedirects + 1 {
		reply, err := client.Do(ctx, q)
		if err != nil {
			return nil, err
		}
		again, err := follow(q, reply)
		if err != nil {
			return nil, err
		}
		if !again {
			return receive(reply, unpack)
		}
	}
	return nil, errRedirects
}

// follow makes q the request that a redirect asks for, and reports false if
// the reply is not a redirect.
func follow(q *outbound.HTTPRequest, reply *outbound.HTTPResponse) (again bool, err error) {
	location, ok := reply.Header.Get([]byte("Location"))
	if !ok {
		return false, nil
	}
	switch reply.Status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
		if m := string(q.Method); m != http.MethodGet && m != http.MethodHead {
			q.Method, q.Body = []byte(http.MethodGet), nil
			q.Header = without(q.Header, "Content-Type")
		}
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return false, nil
	}
	from, err := url.Parse(string(q.URL))
	if err != nil {
		return false, err
	}
	to, err := from.Parse(string(location))
	if err != nil {
		return false, err
	}
	if to.Host != from.Host {
		q.Header = without(q.Header, "Authorization", "Cookie", "Www-Authenticate")
	}
	to.Fragment, to.RawFragment = "", ""
	q.URL = []byte(to.String())
	return true, nil
}

// without returns h without the fields of these names.
func without(h abi.Header, names ...string) abi.Header {
	return slices.DeleteFunc(slices.Clone(h), func(f abi.Field) bool {
		return slices.Contains(names, http.CanonicalHeaderKey(string(f.Name)))
	})
}

func receive(reply *outbound.HTTPResponse, unpack bool) (*received, error) {
	r := &received{code: reply.Status, header: make(map[string][]string, len(reply.Header)), body: reply.Body}
	for _, f := range reply.Header {
		r.header[string(f.Name)] = append(r.header[string(f.Name)], string(f.Value))
	}
	if !unpack || !strings.EqualFold(http.Header(r.header).Get("Content-Encoding"), "gzip") {
		return r, nil
	}
	delete(r.header, "Content-Encoding")
	delete(r.header, "Content-Length")
	z, err := gzip.NewReader(bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	r.body, err = io.ReadAll(io.LimitReader(z, outbound.MaxBody+1))
	if err == nil && len(r.body) > outbound.MaxBody {
		err = outbound.ErrLimit
	}
	return r, err
}

// waiting returns a context that ends with the call of the hook.
func (c *hostCall) waiting() (context.Context, context.CancelFunc) {
	return guest.Waiting(c.machine.ctx, c.deadline, c.x)
}

// settled ends a host function that reports faults by undefined; the reason is
// in the log.
func (c *hostCall) settled(name string, result any, err error) {
	c.waited()
	if err != nil {
		c.complain(name, err)
		return
	}
	text, err := json.Marshal(result)
	if err != nil {
		c.complain(name, err)
		return
	}
	c.returns(text)
}

// fetch is TykMakeHttpRequest. Its result is undefined if anything fails.
func (c *hostCall) fetch() {
	out, err := c.fetched(c.bytes(0))
	c.settled("TykMakeHttpRequest", out, err)
}

func (c *hostCall) fetched(argument []byte) (any, error) {
	client := c.program.config.HTTP
	if client == nil {
		return nil, errNoHTTP
	}
	in, err := hostapi.ParseFetch(argument)
	if err != nil {
		return nil, err
	}
	q, err := newRequest(in)
	if err != nil {
		return nil, err
	}
	ctx, cancel := c.waiting()
	defer cancel()
	got, err := send(ctx, client, q)
	if err != nil {
		return nil, err
	}
	return hostapi.NewFetched(got.reply()), nil
}

// batch is TykBatchRequest. A request that fails gives an empty item; one
// that is not valid makes the whole result undefined.
func (c *hostCall) batch() {
	items, err := c.batched(c.bytes(0))
	c.settled("TykBatchRequest", items, err)
}

func (c *hostCall) batched(argument []byte) ([]hostapi.BatchItem, error) {
	client := c.program.config.HTTP
	if client == nil {
		return nil, errNoHTTP
	}
	in, err := hostapi.ParseBatch(argument)
	if err != nil {
		return nil, err
	}
	if len(in.Requests) > maxBatch {
		return nil, errBatchSize
	}
	requests, err := hostapi.CheckBatch(in, newRequest)
	if err != nil {
		return nil, err
	}
	ctx, cancel := c.waiting()
	defer cancel()
	items, whole := sendAll(ctx, client, in, requests)
	if !whole {
		return nil, errReplies
	}
	return items, nil
}

// sendAll sends the requests of a batch. It reports false if the bodies of the
// replies are too large together; those beyond the limit are missing.
func sendAll(ctx context.Context, client native.HTTP, in *hostapi.Batch, requests []*outbound.HTTPRequest,
) (items []hostapi.BatchItem, whole bool) {
	var size atomic.Int64
	items = in.Send(func(i int) *hostapi.FetchReply {
		if size.Load() > maxReplies {
			return nil
		}
		got, err := send(ctx, client, requests[i])
		if err != nil || size.Add(int64(len(got.body))) > maxReplies {
			return nil
		}
		return got.reply()
	})
	return items, size.Load() <= maxReplies
}
