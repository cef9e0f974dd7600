package dialect

import (
	"bytes"
	"encoding/base64"
	"net"

	"github.com/c386954a/sallyport/abi"
)

// eventName returns the name of an event. Scripts that turn a request away in
// auth do so without one.
func eventName(h abi.Hook, given string) string {
	if given == "" && h == abi.RateLimit {
		return abi.RatelimitExceeded
	}
	return given
}

// eventMeta is the payload of an event about a key as event handlers know it.
type eventMeta struct {
	Message            string
	OriginatingRequest string // base64
	Path               string
	Origin             string
	Key                string
	Reason             string `json:",omitempty"`
}

func eventData(x *abi.Exchange) any {
	cause := x.Cause()
	path, _, _ := bytes.Cut(x.Request.URI, []byte{'?'})
	m := &eventMeta{
		Message: cause.Message, Reason: cause.Reason, Path: string(path),
		Origin: hostOf(string(x.Request.RemoteAddr)), Key: string(cause.Key),
		OriginatingRequest: base64.StdEncoding.EncodeToString(textOf(&x.Request)),
	}
	if cause.Key == nil && x.Session != nil {
		m.Key = x.Session.KeyID
	}
	return m
}

// hostOf returns an address without its port.
func hostOf(addr string) string {
	if host, _, err := net.SplitHostPort(addr); err == nil {
		return host
	}
	return addr
}

// maxRequestText is the most an event tells of a request: many may wait.
const maxRequestText = 64 << 10

// textOf returns a request as it looks on the wire (RFC 9112 section 2.1),
// with as much of its body as is buffered and fits.
func textOf(r *abi.Request) []byte {
	b := append([]byte(nil), r.Method...)
	b = append(append(b, ' '), r.URI...)
	b = append(append(append(b, " HTTP/1.1\r\nHost: "...), r.Host...), "\r\n"...)
	for _, f := range r.Header {
		b = append(append(append(append(b, f.Name...), ": "...), f.Value...), "\r\n"...)
	}
	b = append(b, "\r\n"...)
	b = append(b, r.Body[:min(len(r.Body), maxRequestText)]...)
	return b[:min(len(b), maxRequestText)]
}
