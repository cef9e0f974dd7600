package object

import (
	"bytes"
	"html"
	"net/http"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/jsontext"
)

// Overrides is ReturnOverrides of a returned request: the answer a script
// gives in place of the upstream.
type Overrides struct {
	ResponseCode       int
	ResponseError      string
	ResponseBody       string
	ResponseBodyBase64 []byte // ours: wins over ResponseBody, which cannot carry every byte
	ResponseHeaders    map[string]string
	AddHeaders         map[string][]string // ours
	OverrideError      bool
}

// Apply answers if there is a code. A code of 400 and above gives Tyk's error
// reply around the text, unless OverrideError asks for the text as it is. A
// redirect to a tyk:// URL sends the request there instead.
func (o *Overrides) Apply(x *abi.Exchange) (abi.Verdict, error) { return o.apply(x, false) }

// apply is Apply; exact keeps the spelling of header names.
func (o *Overrides) apply(x *abi.Exchange, exact bool) (abi.Verdict, error) {
	if o.ResponseCode == 0 {
		return abi.Continue, nil
	}
	body := bodyOf(o.ResponseBody, o.ResponseBodyBase64)
	if o.ResponseError != "" {
		body = []byte(o.ResponseError)
	}
	if o.ResponseCode >= 400 && !o.OverrideError {
		return o.answerError(x, body, exact)
	}
	return answer(x, o.ResponseCode, body, &headerEdits{set: o.ResponseHeaders, add: o.AddHeaders, exact: exact})
}

// answerError answers with Tyk's error reply, which no response hook sees.
func (o *Overrides) answerError(x *abi.Exchange, message []byte, exact bool) (abi.Verdict, error) {
	body, mime := AppendError(nil, &x.Request, string(message))
	if err := x.Reject(o.ResponseCode, body); err != nil {
		return abi.Continue, err
	}
	h := headerEdits{set: o.ResponseHeaders, add: o.AddHeaders, exact: exact}
	if err := h.edit(x, abi.OfReply); err != nil {
		return abi.Continue, err
	}
	return abi.Respond, x.SetHeader(abi.OfReply, ContentType, mime)
}

// ContentType is never written.
var ContentType = []byte("Content-Type")

// answer answers with status, header fields and body as they are, or goes
// where the answer redirects to.
func answer(x *abi.Exchange, code int, body []byte, h *headerEdits) (abi.Verdict, error) {
	if err := x.Answer(code, body); err != nil {
		return abi.Continue, err
	}
	if err := h.edit(x, abi.OfReply); err != nil {
		return abi.Continue, err
	}
	return abi.Respond, RedirectReply(x)
}

// RedirectReply turns an answer that redirects the client to a tyk:// URL,
// where it cannot go, into a redirect of the request.
func RedirectReply(x *abi.Exchange) error {
	moved := x.Reply.Status == http.StatusMovedPermanently || x.Reply.Status == http.StatusFound
	if !moved || !x.Hook.BeforeReply() {
		return nil
	}
	location, _ := x.Reply.Header.Get([]byte("Location"))
	location, _, _ = bytes.Cut(location, []byte{'#'})
	r, ok, err := ParseRedirect([]byte(percent(string(location))))
	if !ok || err != nil {
		return err
	}
	return x.Redirect(r)
}

// AppendError appends Tyk's error reply in the form that the request's own
// content asks for, and returns it with its media type. It does not allocate if
// dst has room and the message nothing to escape.
func AppendError(dst []byte, r *abi.Request, message string) (body, mime []byte) {
	kind, _ := r.Header.Get(ContentType)
	if mime = xmlType(kind); mime != nil {
		dst = append(dst, "<?xml version = \"1.0\" encoding = \"UTF-8\"?>\n<error>"...)
		dst = append(dst, html.EscapeString(message)...)
		return append(dst, "</error>\n"...), mime
	}
	dst = jsontext.AppendText(append(dst, "{\n    \"error\": "...), message)
	return append(dst, "\n}"...), jsonType
}

// xmlType returns the media type if it is one for which Tyk answers in XML.
func xmlType(contentType []byte) []byte {
	media, _, _ := bytes.Cut(contentType, []byte{';'})
	media = bytes.TrimSpace(media)
	for _, t := range xmlTypes {
		if abi.EqualFold(media, t) {
			return t
		}
	}
	return nil
}

// The media types of error replies are never written to.
var (
	jsonType = []byte("application/json")
	xmlTypes = [...][]byte{[]byte("application/xml"), []byte("text/xml"), []byte("application/soap+xml")}
)
