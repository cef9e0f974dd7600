// Package dialect says what differs for an API that was written for Tyk: what
// plugins may answer, what clients and subscribers of events are told, and how
// the target for the upstream is put together.
package dialect

import (
	"bytes"
	"encoding/base64"
	"net"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/object"
)

// New returns the dialect.
//
// A virtual plugin comes before the post hooks, which then do not run. The
// response hooks see every answer of a plugin except those from pre, auth and
// the rate limit, and those that are errors.
func New() *abi.Dialect {
	return &abi.Dialect{
		Name:           "tyk",
		Order:          []abi.Hook{abi.Pre, abi.Auth, abi.PostKeyAuth, abi.RateLimit, abi.Virtual, abi.Post},
		Shown:          abi.SetOf(abi.PostKeyAuth, abi.Virtual, abi.Post),
		MaxStatus:      999, // scripts use codes of their own
		Fault:          faultOf,
		AppendError:    object.AppendError,
		FinalAnswers:   true,
		ParseRedirect:  object.ParseRedirect,
		RedirectReply:  object.RedirectReply,
		EventName:      eventName,
		EventData:      eventData,
		AppendPath:     appendPath,
		Refusals:       refusals(),
		LengthRequired: true,
	}
}

// faultOf returns what the client is told of a plugin's fault. Scripts and
// sandboxed plugins fail like Tyk's scripts, an external process like Tyk's
// coprocess.
func faultOf(model string, h abi.Hook, _ error) abi.Refusal {
	switch process := model == "coproc"; {
	case h == abi.Virtual:
		return abi.Refusal{Status: 500, Text: "Error during virtual endpoint execution. Contact Administrator for more details."}
	case process && h == abi.Auth:
		return abi.Refusal{Status: 403, Text: "Key not authorised"}
	case process, h == abi.Response:
		return abi.Refusal{Status: 500, Text: "Middleware error"}
	}
	return abi.Refusal{Status: 500, Text: "Internal Server Error"}
}

// appendPath puts exactly one slash between the paths, and none where nothing
// follows.
func appendPath(dst, base, path []byte) []byte {
	dst = append(dst, base...)
	path = bytes.TrimLeft(path, "/")
	if len(path) > 0 || len(base) == 0 {
		dst = append(dst, '/')
	}
	return append(dst, path...)
}

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

// refusals returns what the native steps answer, as Tyk does. Texts hold
// nothing that JSON or XML would have to escape.
func refusals() map[string]abi.Refusal {
	return map[string]abi.Refusal{
		"key_missing":     {Status: 401, Text: "Authorization field missing"},
		"key_unknown":     {Status: 403, Text: "Access to this API has been disallowed"},
		"key_inactive":    {Status: 403, Text: "Key is inactive, please renew"},
		"key_expired":     {Status: 401, Text: "Key has expired, please renew"},
		"api_forbidden":   {Status: 403, Text: "Access to this API has been disallowed"},
		"url_forbidden":   {Status: 403, Text: "Access to this resource has been disallowed"},
		"rate_exceeded":   {Status: 429, Text: "Rate limit exceeded"},
		"quota_exceeded":  {Status: 403, Text: "Quota exceeded"},
		"path_forbidden":  {Status: 403, Text: "Requested endpoint is forbidden"},
		"body_large":      {Status: 400, Text: "Request is too large"},
		"body_unstated":   {Status: 411, Text: "Content length is required for this request"},
		"version_missing": {Status: 403, Text: "Version information not found"},
		"version_unknown": {Status: 403, Text: "This API version does not seem to exist"},
		"version_expired": {Status: 403, Text: "Api Version has expired, please check documentation or contact administrator"},
	}
}
