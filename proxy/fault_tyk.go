package proxy

import (
	"bytes"
	"errors"
	"html"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/chain"
)

// What the clients of an API written for Tyk are told of a plugin's fault.
var (
	tykFaultRequest  = &fault{500, "Internal Server Error"}
	tykFaultResponse = &fault{500, "Middleware error"}
	tykFaultVirtual  = &fault{500, "Error during virtual endpoint execution. Contact Administrator for more details."}
	tykFaultAuth     = &fault{403, "Key not authorised"}
)

// tykFaultOf is faultOf for such an API. Scripts and sandboxed plugins fail
// like Tyk's scripts, an external process like Tyk's coprocess.
func tykFaultOf(err error) *fault {
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
func appendTykFault(dst []byte, f *fault, request abi.Header) (body, mime []byte) {
	if mime = xmlType(request); mime != nil {
		dst = append(dst, "<?xml version = \"1.0\" encoding = \"UTF-8\"?>\n<error>"...)
		dst = append(dst, html.EscapeString(f.text)...)
		return append(dst, "</error>\n"...), mime
	}
	dst = append(dst, "{\n    \"error\": \""...)
	dst = append(dst, f.text...)
	return append(dst, "\"\n}"...), jsonType.Value
}

// xmlType returns the media type of a request if it is one that Tyk answers
// in XML, else nil.
func xmlType(h abi.Header) []byte {
	value, _ := h.Get(jsonType.Name)
	media, _, _ := bytes.Cut(value, []byte{';'})
	media = trim(media)
	for _, t := range xmlTypes {
		if abi.EqualFold(media, t) {
			return t
		}
	}
	return nil
}

var xmlTypes = [...][]byte{[]byte("application/xml"), []byte("text/xml"), []byte("application/soap+xml")}
