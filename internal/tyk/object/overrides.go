package object

import (
	"bytes"
	"html"
	"net/http"
	"strings"

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
	body := tykBody(o.ResponseBody, o.ResponseBodyBase64)
	if o.ResponseError != "" {
		body = []byte(o.ResponseError)
	}
	if o.ResponseCode >= 400 && !o.OverrideError {
		return o.answerError(x, body, exact)
	}
	return answerTyk(x, o.ResponseCode, body, &tykHeader{set: o.ResponseHeaders, add: o.AddHeaders, exact: exact})
}

// answerError answers with Tyk's error reply, which no response hook sees.
func (o *Overrides) answerError(x *abi.Exchange, message []byte, exact bool) (abi.Verdict, error) {
	mime, body := ErrorReply(x, message)
	if err := x.Reject(o.ResponseCode, body); err != nil {
		return abi.Continue, err
	}
	h := tykHeader{set: o.ResponseHeaders, add: o.AddHeaders, exact: exact}
	if err := h.edit(x, abi.OfReply); err != nil {
		return abi.Continue, err
	}
	return abi.Respond, x.SetHeader(abi.OfReply, ContentType, []byte(mime))
}

// ContentType is never written.
var ContentType = []byte("Content-Type")

// answerTyk answers with status, header fields and body as they are, or goes
// where the answer redirects to.
func answerTyk(x *abi.Exchange, code int, body []byte, h *tykHeader) (abi.Verdict, error) {
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
	if !abi.IsRedirect(location) {
		return nil
	}
	location, _, _ = bytes.Cut(location, []byte{'#'})
	return x.Redirect([]byte(percent(string(location))))
}

// ErrorReply returns Tyk's error reply in the form that the request's own
// content asks for.
func ErrorReply(x *abi.Exchange, message []byte) (mime string, body []byte) {
	kind, _ := x.Request.Header.Get(ContentType)
	if m := xmlType(kind); m != "" {
		return m, tykErrorXML(message)
	}
	return "application/json", tykErrorJSON(message)
}

// xmlType returns the media type if it is one for which Tyk answers in XML.
func xmlType(contentType []byte) string {
	media, _, _ := bytes.Cut(contentType, []byte{';'})
	switch m := strings.ToLower(string(bytes.TrimSpace(media))); m {
	case "application/xml", "text/xml", "application/soap+xml":
		return m
	}
	return ""
}

func tykErrorJSON(message []byte) []byte {
	b := append(make([]byte, 0, len(message)+24), "{\n    \"error\": "...)
	return append(jsontext.AppendText(b, message), "\n}"...)
}

func tykErrorXML(message []byte) []byte {
	return []byte("<?xml version = \"1.0\" encoding = \"UTF-8\"?>\n<error>" + html.EscapeString(string(message)) + "</error>\n")
}
