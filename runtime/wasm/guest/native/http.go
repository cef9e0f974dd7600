package native

import (
	"context"
	"errors"
	"math"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm/guest"
	"github.com/c386954a/sallyport/runtime/wasm/outbound"
)

// HTTP sends the requests of the guests of one plugin, and only to where the
// plugin was granted to; *[outbound.HTTPClient] is the one.
type HTTP interface {
	// Do is [outbound.HTTPClient.Do].
	Do(ctx context.Context, q *outbound.HTTPRequest) (*outbound.HTTPResponse, error)
	// Close is called once, after the last Do.
	Close()
}

// httpRequest (method, method_len, url, url_len, header, header_len, body,
// body_len) sends a request and waits for the whole response. It returns the
// status.
func httpRequest(ctx context.Context, c *Call, f hostFrame) int64 {
	c.response = nil
	q, code := c.outboundRequest(f)
	if code != 0 {
		return code
	}
	if code := c.checkDeadline(); code != 0 {
		return code
	}
	ctx, cancel := guest.Waiting(ctx, c.deadline, c.x)
	defer cancel()
	response, err := c.host.http.Do(ctx, q)
	if err != nil {
		return c.notSent(err)
	}
	c.response = response
	return int64(response.Status)
}

// outboundRequest reads the arguments of a request.
func (c *Call) outboundRequest(f hostFrame) (*outbound.HTTPRequest, int64) {
	var parts [4][]byte
	for i := range parts {
		b, ok := f.bytes(2 * i)
		if !ok {
			return nil, int64(CodeFault)
		}
		parts[i] = b
	}
	if len(parts[2]) > abi.MaxEditBytes {
		return nil, c.refuse(CodeLimit, abi.ErrTooMany)
	}
	header, ok := readPairs(c.pairs[:0], parts[2])
	if !ok {
		return nil, int64(CodeInvalid)
	}
	c.pairs = header
	if len(header) > abi.MaxFields {
		return nil, c.refuse(CodeLimit, abi.ErrTooMany)
	}
	return &outbound.HTTPRequest{Method: parts[0], URL: parts[1], Header: header, Body: parts[3]}, 0
}

// notSent returns the code of a request without a response.
func (c *Call) notSent(err error) int64 {
	switch {
	case errors.Is(err, outbound.ErrDenied):
		return c.refuse(CodeDenied, &abi.Error{Kind: abi.Protocol, Err: err})
	case errors.Is(err, outbound.ErrInvalid):
		return c.refuse(CodeInvalid, &abi.Error{Kind: abi.Protocol, Err: err})
	case errors.Is(err, outbound.ErrLimit):
		return c.refuse(CodeLimit, &abi.Error{Kind: abi.Limit, Err: err})
	}
	return c.unavailable(err)
}

// httpResponseHeader (name, name_len, buf, cap) reads the first value of a
// field of the response.
func httpResponseHeader(c *Call, f hostFrame) int64 {
	name, ok := f.bytes(0)
	switch {
	case !ok:
		return int64(CodeFault)
	case c.response == nil:
		return int64(CodeNotFound)
	}
	value, ok := c.response.Header.Get(name)
	if !ok {
		return int64(CodeNotFound)
	}
	return f.give(2, value)
}

// httpResponseHeaderAll (buf, cap) lists name, value, name, value, ….
func httpResponseHeaderAll(c *Call, f hostFrame) int64 {
	if c.response == nil {
		return int64(CodeNotFound)
	}
	return f.givePairs(0, c.response.Header)
}

// httpResponseBodySize () returns the length of the body of the response.
func httpResponseBodySize(c *Call, _ hostFrame) int64 {
	switch {
	case c.response == nil:
		return int64(CodeNotFound)
	case len(c.response.Body) > math.MaxInt32:
		return int64(CodeLimit)
	}
	return int64(len(c.response.Body))
}

// httpResponseBodyRead (offset, buf, cap) copies as much as there is from
// offset on.
func httpResponseBodyRead(c *Call, f hostFrame) int64 {
	buffer, ok := f.bytes(1)
	switch {
	case !ok:
		return int64(CodeFault)
	case c.response == nil:
		return int64(CodeNotFound)
	}
	offset := min(uint64(f.u32(0)), uint64(len(c.response.Body)))
	return int64(copy(buffer, c.response.Body[offset:]))
}
