package outbound

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/abi"
)

// HTTPRequest is one request of a plugin. Nothing of it is kept once [HTTPClient.Do]
// has returned.
type HTTPRequest struct {
	Method []byte
	URL    []byte // absolute
	Header abi.Header
	Body   []byte
}

// HTTPResponse is what a server answered. It belongs to the caller.
type HTTPResponse struct {
	Status int
	// Header is sorted by name; fields of one name are in order. Names are
	// spelled canonically, as in Content-Type.
	Header abi.Header
	Body   []byte
}

// maxURL is the most bytes of a URL.
const maxURL = 8 << 10

// Do sends a request and reads the whole response. It returns when ctx ends,
// with the error of ctx. Other errors wrap [ErrInvalid], [ErrDenied],
// [ErrLimit], [ErrResponse] or that of the network.
func (c *HTTPClient) Do(ctx context.Context, q *HTTPRequest) (*HTTPResponse, error) {
	response, err := c.do(ctx, q)
	switch {
	case err == nil:
		return response, nil
	case ctx.Err() != nil: // every other error is a consequence
		return nil, fmt.Errorf("outbound: %w", ctx.Err())
	}
	return nil, fmt.Errorf("outbound: %w", err)
}

func (c *HTTPClient) do(ctx context.Context, q *HTTPRequest) (*HTTPResponse, error) {
	r, err := c.request(ctx, q)
	if err != nil {
		return nil, err
	}
	answer, err := c.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if err := checkStatus(answer.StatusCode); err != nil {
		return nil, err
	}
	body, err := c.body(answer)
	if err != nil {
		return nil, err
	}
	return &HTTPResponse{Status: answer.StatusCode, Header: fields(answer.Header), Body: body}, nil
}

// checkStatus refuses what is no final status of HTTP (RFC 9110, section 15).
// After a 101 the transport hands the connection over as the body, and reading
// it no longer ends with the context (golang/go#30876), so it is not read.
func checkStatus(status int) error {
	if status < 200 || status > 599 {
		return fmt.Errorf("%w: status %d", ErrResponse, status)
	}
	return nil
}

// request checks a request and copies it: the transport may still read it
// after the plugin was told that it failed.
func (c *HTTPClient) request(ctx context.Context, q *HTTPRequest) (*http.Request, error) {
	u, err := c.target(q.URL)
	if err != nil {
		return nil, err
	}
	if int64(len(q.Body)) > c.maxBody {
		return nil, ErrLimit
	}
	method := string(q.Method)
	if !abi.ValidName(q.Method) || method == http.MethodConnect || method == http.MethodTrace {
		return nil, fmt.Errorf("%w: method %q", ErrInvalid, method)
	}
	header, err := headerOf(q.Header)
	if err != nil {
		return nil, err
	}
	r := &http.Request{
		Method: method, URL: u, Host: u.Host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	if len(q.Body) > 0 {
		setBody(r, bytes.Clone(q.Body))
	}
	return r.WithContext(ctx), nil
}

// setBody gives the request a body that can be sent again, should a kept
// connection turn out to be closed.
func setBody(r *http.Request, body []byte) {
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	r.Body, _ = r.GetBody()
	r.ContentLength = int64(len(body))
}

// target parses a URL and checks that it was granted.
func (c *HTTPClient) target(raw []byte) (*url.URL, error) {
	if len(raw) > maxURL {
		return nil, fmt.Errorf("%w: the URL is longer than %d bytes", ErrInvalid, maxURL)
	}
	for _, b := range raw {
		if b <= ' ' || b >= 0x7f || b == '#' {
			return nil, fmt.Errorf("%w: the URL has a character that must be encoded, or a fragment", ErrInvalid)
		}
	}
	u, err := url.Parse(string(raw))
	if err != nil {
		return nil, fmt.Errorf("%w: not a URL", ErrInvalid) // the URL may hold a secret
	}
	to, err := placeOf(u)
	if err != nil {
		return nil, fmt.Errorf("%w: the URL: %w", ErrInvalid, err)
	}
	for i := range c.patterns {
		if c.patterns[i].allows(to) {
			return u, nil
		}
	}
	return nil, fmt.Errorf("%w: %s://%s:%d%s", ErrDenied, to.scheme, to.host, to.port, to.path)
}

// userAgent is sent unless the plugin has one.
const userAgent = "Sallyport"

// headerOf copies header fields, except those that say where a message ends and
// to whom it goes: the client writes them.
func headerOf(h abi.Header) (http.Header, error) {
	header := http.Header{"User-Agent": {userAgent}}
	if h.Index([]byte("user-agent"), 0) >= 0 {
		header = http.Header{}
	}
	for _, f := range h {
		name := http.CanonicalHeaderKey(string(f.Name))
		if !abi.ValidName(f.Name) || !abi.ValidValue(f.Value) || Framing(name) {
			return nil, fmt.Errorf("%w: header field %q", ErrInvalid, name)
		}
		header[name] = append(header[name], string(f.Value))
	}
	return header, nil
}

// Framing reports whether the header field of that canonical name belongs to
// the connection. A request that has one is refused.
func Framing(name string) bool {
	switch name {
	case "Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Te", "Trailer", "Upgrade", "Expect":
		return true
	}
	return strings.HasPrefix(name, "Proxy-")
}

// body reads the body of a response, up to the limit.
func (c *HTTPClient) body(answer *http.Response) ([]byte, error) {
	if answer.ContentLength > c.maxBody {
		return nil, ErrLimit
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, c.maxBody+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > c.maxBody {
		return nil, ErrLimit
	}
	return body, nil
}

// fields lists header fields.
func fields(header http.Header) abi.Header {
	h := make(abi.Header, 0, len(header))
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			h = append(h, abi.Field{Name: []byte(name), Value: []byte(value)})
		}
	}
	return h
}
