package wire

import (
	"bytes"
	"html"
	"maps"
	"net/textproto"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/abi"
)

// TykOverrides is ReturnOverrides of a returned request: the answer a script
// gives in place of the upstream.
type TykOverrides struct {
	ResponseCode       int
	ResponseError      string
	ResponseBody       string
	ResponseBodyBase64 []byte // ours: wins over ResponseBody, which cannot carry every byte
	ResponseHeaders    map[string]string
	AddHeaders         map[string][]string // ours
	OverrideError      bool
}

// Apply answers if there is a code. A code of 400 and above gives Tyk's error
// reply around the text, unless OverrideError asks for the text as it is.
func (o *TykOverrides) Apply(x *abi.Exchange) (abi.Verdict, error) {
	if o.ResponseCode == 0 {
		return abi.Continue, nil
	}
	body := tykBody(o.ResponseBody, o.ResponseBodyBase64)
	if o.ResponseError != "" {
		body = []byte(o.ResponseError)
	}
	if o.ResponseCode >= 400 && !o.OverrideError {
		return o.answerError(x, body)
	}
	return answerTyk(x, o.ResponseCode, body, o.ResponseHeaders, o.AddHeaders)
}

// answerError answers with Tyk's error reply in the form the request's own
// content asks for.
func (o *TykOverrides) answerError(x *abi.Exchange, message []byte) (abi.Verdict, error) {
	kind, _ := x.Request.Header.Get([]byte("Content-Type"))
	mime, body := "application/json", tykErrorJSON(message)
	if m := xmlType(kind); m != "" {
		mime, body = m, tykErrorXML(message)
	}
	headers := maps.Clone(o.ResponseHeaders)
	maps.DeleteFunc(headers, func(name, _ string) bool { return strings.EqualFold(name, "Content-Type") })
	if headers == nil {
		headers = make(map[string]string, 1)
	}
	headers["Content-Type"] = mime
	return answerTyk(x, o.ResponseCode, body, headers, o.AddHeaders)
}

// answerTyk answers with status, header fields and body as they are.
func answerTyk(x *abi.Exchange, code int, body []byte, headers map[string]string, add map[string][]string) (abi.Verdict, error) {
	if strings.HasPrefix(location(headers), "tyk://") {
		return abi.Continue, &abi.Error{Kind: abi.Protocol, Err: errTykLoop}
	}
	if err := x.Answer(code, body); err != nil {
		return abi.Continue, err
	}
	return abi.Respond, editTykHeader(x, abi.OfReply, nil, headers, add)
}

func location(headers map[string]string) string {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if textproto.CanonicalMIMEHeaderKey(name) == "Location" {
			return headers[name]
		}
	}
	return ""
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
	return append(AppendText(b, message), "\n}"...)
}

func tykErrorXML(message []byte) []byte {
	return []byte("<?xml version = \"1.0\" encoding = \"UTF-8\"?>\n<error>" + html.EscapeString(string(message)) + "</error>\n")
}
