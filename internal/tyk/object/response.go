package object

import (
	"strconv"
	"unicode/utf8"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/jsontext"
)

// AppendResponse appends the object that Tyk's response hooks get as their
// first argument. Bytes of the body that are not UTF-8 show as U+FFFD.
// AddHeaders and Meta are ours.
func AppendResponse(dst []byte, x *abi.Exchange) []byte {
	dst = append(dst, `{"StatusCode":`...)
	dst = strconv.AppendInt(dst, int64(x.Reply.Status), 10)
	dst = append(dst, `,"Body":`...)
	dst = jsontext.AppendText(dst, x.Reply.Body)
	dst = append(dst, `,"Headers":`...)
	dst = appendHeader(dst, x.Reply.Header, nil)
	dst = append(dst, `,"SetHeaders":{},"DeleteHeaders":[],"AddHeaders":{},"Meta":`...)
	dst = jsontext.AppendMeta(dst, x.Meta)
	return append(dst, '}')
}

// ResponseResult is what a response hook returns.
type ResponseResult struct {
	Response ResponseObject
	Meta     map[string]string // ours: values for later plugins of the request

	// KeepHeaderCase writes header names as they are spelled.
	KeepHeaderCase bool `json:"-"`
}

// ResponseObject is the returned response object.
type ResponseObject struct {
	StatusCode    int
	Body          string
	BodyBase64    []byte // ours: wins over Body, which cannot carry every byte
	SetHeaders    map[string]string
	DeleteHeaders []string
	AddHeaders    map[string][]string // ours
}

// ParseResponse decodes what a response hook returned. Nothing is applied
// before all of it has been found valid.
func ParseResponse(raw []byte) (*ResponseResult, error) {
	r := &ResponseResult{}
	return r, parseResult(raw, r)
}

// Apply edits the reply of x as the hook has asked for.
func (r *ResponseResult) Apply(x *abi.Exchange) error {
	p := &r.Response
	h := headerEdits{p.DeleteHeaders, p.SetHeaders, p.AddHeaders, r.KeepHeaderCase}
	if err := h.edit(x, abi.OfReply); err != nil {
		return err
	}
	if err := p.applyBody(x); err != nil {
		return err
	}
	if p.StatusCode != 0 && p.StatusCode != x.Reply.Status {
		if err := x.SetStatus(p.StatusCode); err != nil {
			return err
		}
	}
	return setMeta(x, r.Meta)
}

// applyBody replaces the body. One that shows the same text as the original
// keeps the original's bytes.
func (p *ResponseObject) applyBody(x *abi.Exchange) error {
	body := bodyOf(p.Body, p.BodyBase64)
	if string(body) == string(x.Reply.Body) || shownAs(x.Reply.Body, body) {
		return nil
	}
	return x.SetBody(abi.OfReply, body)
}

// bodyOf returns the body in the form that was given.
func bodyOf(text string, raw []byte) []byte {
	if raw != nil {
		return raw
	}
	return []byte(text)
}

// shownAs reports whether text is what a script sees of original.
func shownAs(original, text []byte) bool {
	for len(original) > 0 {
		r, n := utf8.DecodeRune(original)
		shown, m := utf8.DecodeRune(text)
		if m == 0 || r != shown {
			return false
		}
		original, text = original[n:], text[m:]
	}
	return len(text) == 0
}

// VirtualResult is what a virtual endpoint returns.
type VirtualResult struct {
	Response    VirtualResponse
	SessionMeta map[string]any
	Meta        map[string]string // ours: values for later plugins of the request

	// KeepMetadata is for scripts that were not given the session: their
	// SessionMeta does not replace its metadata.
	KeepMetadata bool `json:"-"`
	// KeepHeaderCase writes header names as they are spelled.
	KeepHeaderCase bool `json:"-"`
}

// VirtualResponse is the answer of a virtual endpoint.
type VirtualResponse struct {
	Body       string
	BodyBase64 []byte // ours: wins over Body, which cannot carry every byte
	Headers    map[string]string
	AddHeaders map[string][]string // ours
	Code       int
}

// ParseVirtual decodes what a virtual endpoint returned.
func ParseVirtual(raw []byte) (*VirtualResult, error) {
	r := &VirtualResult{}
	return r, parseResult(raw, r)
}

// Apply answers the request.
func (r *VirtualResult) Apply(x *abi.Exchange) (abi.Verdict, error) {
	p := &r.Response
	h := headerEdits{set: p.Headers, add: p.AddHeaders, exact: r.KeepHeaderCase}
	v, err := answer(x, p.Code, bodyOf(p.Body, p.BodyBase64), &h)
	if err != nil {
		return v, err
	}
	if err := setMeta(x, r.Meta); err != nil {
		return v, err
	}
	if x.Session == nil || r.KeepMetadata {
		return v, nil
	}
	return v, replaceMetadata(x, r.SessionMeta)
}
