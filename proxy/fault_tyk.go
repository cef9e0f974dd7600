package proxy

import (
	"bytes"
	"errors"
	"html"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/chain"
	"github.com/c386954a/sallyport/proxy/h1"
)

// What the clients of an API written for Tyk are told of a plugin's fault.
var (
	tykFaultRequest  = &h1.StatusError{Status: 500, Text: "Internal Server Error"}
	tykFaultResponse = &h1.StatusError{Status: 500, Text: "Middleware error"}
	tykFaultVirtual  = &h1.StatusError{
		Status: 500,
		Text:   "Error during virtual endpoint execution. Contact Administrator for more details.",
	}
	tykFaultAuth = &h1.StatusError{Status: 403, Text: "Key not authorised"}
)

// tykFaultOf is faultOf for such an API. Scripts and sandboxed plugins fail
// like Tyk's scripts, an external process like Tyk's coprocess.
func tykFaultOf(err error) *h1.StatusError {
	f, ok := errors.AsType[*chain.Fault](err)
	if !ok {
		if _, plugin := errors.AsType[*abi.Error](err); plugin {
			return tykFaultRequest
		}
		return faultOf(err)
	}
	switch coproc := f.Step.Model == "coproc"; {
	case f.Hook == abi.Virtual:
		return tykFaultVirtual
	case coproc && f.Hook == abi.Auth:
		return tykFaultAuth
	case coproc, f.Hook == abi.Response:
		return tykFaultResponse
	}
	return tykFaultRequest
}

// appendTykFault appends the body of an error reply in Tyk's form, which
// follows the Content-Type of the request, and returns its own.
func appendTykFault(dst []byte, f *h1.StatusError, request abi.Header) (body, mime []byte) {
	if mime = xmlType(request); mime != nil {
		dst = append(dst, "<?xml version = \"1.0\" encoding = \"UTF-8\"?>\n<error>"...)
		dst = append(dst, html.EscapeString(f.Text)...)
		return append(dst, "</error>\n"...), mime
	}
	dst = append(dst, "{\n    \"error\": \""...)
	dst = append(dst, f.Text...)
	return append(dst, "\"\n}"...), jsonType.Value
}

// xmlType returns the media type of a request if it is one that Tyk answers
// in XML, else nil.
func xmlType(h abi.Header) []byte {
	value, _ := h.Get(jsonType.Name)
	media, _, _ := bytes.Cut(value, []byte{';'})
	media = h1.Trim(media)
	for _, t := range xmlTypes {
		if abi.EqualFold(media, t) {
			return t
		}
	}
	return nil
}

var xmlTypes = [...][]byte{[]byte("application/xml"), []byte("text/xml"), []byte("application/soap+xml")}
