package rpc

import (
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/jsontext"
)

// errBody is returned for a body above the handler's max_body.
var errBody = abi.Errorf(abi.Limit, "body exceeds the max_body that the handler declared")

// AppendDispatch appends the params of a dispatch request: what the handler
// declared to need of x, and no more. left is the time until the deadline.
// The error is of kind Limit: the body is larger than the handler takes.
func (h *HandlerSpec) AppendDispatch(dst []byte, x *abi.Exchange, left time.Duration) ([]byte, error) {
	dst = append(dst, `{"hook_type":"`...)
	dst = append(dst, x.Hook.String()...)
	dst = append(dst, `","hook_name":`...)
	dst = jsontext.AppendText(dst, h.Name)
	dst = append(dst, `,"api_id":`...)
	dst = jsontext.AppendText(dst, x.API.ID)
	dst = append(dst, `,"generation":`...)
	dst = strconv.AppendUint(dst, x.API.Generation, 10)
	dst = append(dst, `,"request_id":`...)
	dst = jsontext.AppendText(dst, x.RequestID)
	dst = append(dst, `,"deadline_ms":`...)
	dst = strconv.AppendInt(dst, max(left.Milliseconds(), 1), 10)
	if x.Hook == abi.Event {
		return append(appendEvent(dst, &x.Notice), '}'), nil
	}
	dst, err := h.appendRequest(dst, x)
	if err != nil {
		return dst, err
	}
	if x.Hook > abi.Auth && x.Session != nil {
		dst = append(dst, `,"session":`...)
		dst = appendSession(dst, x.Session)
	}
	if len(x.Meta) > 0 {
		dst = append(dst, `,"meta":`...)
		dst = jsontext.AppendMeta(dst, x.Meta)
	}
	if x.Hook == abi.Response {
		if dst, err = h.appendResponse(dst, x); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

func (h *HandlerSpec) appendRequest(dst []byte, x *abi.Exchange) ([]byte, error) {
	r := &x.Request
	dst = append(dst, `,"request":{"method":`...)
	dst = jsontext.AppendText(dst, r.Method)
	dst = append(dst, `,"url":`...)
	dst = appendURL(dst, r.URI)
	dst = append(dst, `,"scheme":"`...)
	dst = append(dst, r.Scheme()...)
	dst = append(dst, `","host":`...)
	dst = jsontext.AppendText(dst, r.Host)
	dst = append(dst, `,"remote_addr":`...)
	dst = jsontext.AppendText(dst, r.RemoteAddr)
	dst = h.appendHeader(dst, r.Header)
	var err error
	if x.Hook != abi.Response || r.Body != nil {
		dst, err = h.appendBody(dst, r.Body)
	}
	return append(dst, '}'), err
}

func (h *HandlerSpec) appendResponse(dst []byte, x *abi.Exchange) ([]byte, error) {
	dst = append(dst, `,"response":{"status_code":`...)
	dst = strconv.AppendInt(dst, int64(x.Reply.Status), 10)
	dst = h.appendHeader(dst, x.Reply.Header)
	dst, err := h.appendBody(dst, x.Reply.Body)
	return append(dst, '}'), err
}

func (h *HandlerSpec) appendHeader(dst []byte, header abi.Header) []byte {
	dst = append(dst, `,"header_list":[`...)
	first := true
	for i := range header {
		f := &header[i]
		if !h.Sends(f.Name) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = appendField(dst, f)
	}
	return append(dst, ']')
}

// appendField appends [name, value], or [name, null, base64] for a value that
// JSON text cannot hold.
func appendField(dst []byte, f *abi.Field) []byte {
	dst = append(dst, '[')
	dst = jsontext.AppendText(dst, f.Name)
	if utf8.Valid(f.Value) {
		dst = append(dst, ',')
		dst = jsontext.AppendText(dst, f.Value)
		return append(dst, ']')
	}
	dst = append(dst, `,null,`...)
	dst = jsontext.AppendBase64(dst, f.Value)
	return append(dst, ']')
}

// appendBody appends the members for a body in the form the handler asked for.
func (h *HandlerSpec) appendBody(dst, body []byte) ([]byte, error) {
	if h.Body == BodyNone {
		return dst, nil
	}
	size, truncated := len(body), false
	if h.MaxBody > 0 && size > h.MaxBody {
		if !h.Truncate {
			return dst, errBody
		}
		body, truncated = body[:h.MaxBody], true
	}
	if h.Body == BodyText && utf8.Valid(body) {
		dst = append(dst, `,"body":`...)
		dst = jsontext.AppendText(dst, body)
	} else {
		dst = append(dst, `,"raw_body":`...)
		dst = jsontext.AppendBase64(dst, body)
	}
	dst = append(dst, `,"body_size":`...)
	dst = strconv.AppendInt(dst, int64(size), 10)
	if truncated {
		dst = append(dst, `,"body_truncated":true`...)
	}
	return dst, nil
}

// truncates reports whether body was not sent whole, so that it must not be
// written either.
func (h *HandlerSpec) truncates(body []byte) bool { return h.MaxBody > 0 && len(body) > h.MaxBody }

// appendURL appends path and query; bytes that are not ASCII, which a request
// line should not have but may, are percent-encoded if they are not UTF-8.
func appendURL(dst, uri []byte) []byte {
	if utf8.Valid(uri) {
		return jsontext.AppendText(dst, uri)
	}
	safe := make([]byte, 0, 2*len(uri))
	for _, c := range uri {
		if c < utf8.RuneSelf {
			safe = append(safe, c)
			continue
		}
		safe = append(safe, '%', upperHex[c>>4], upperHex[c&0xf])
	}
	return jsontext.AppendText(dst, safe)
}

const upperHex = "0123456789ABCDEF"

func appendEvent(dst []byte, n *abi.Notice) []byte {
	dst = append(dst, `,"event":{"name":`...)
	dst = jsontext.AppendText(dst, n.Name)
	if len(n.Data) > 0 && json.Valid(n.Data) {
		dst = append(dst, `,"data":`...)
		dst = jsontext.AppendCompact(dst, n.Data)
	}
	return append(dst, '}')
}
