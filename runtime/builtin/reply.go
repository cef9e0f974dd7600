package builtin

import "github.com/c386954a/sallyport/abi"

// Names and values of header fields. They are never written to.
var (
	contentType     = []byte("Content-Type")
	jsonType        = []byte("application/json")
	wwwAuthenticate = []byte("WWW-Authenticate")
	bearer          = []byte("Bearer")
	retryAfter      = []byte("Retry-After")
)

// reject answers {"error": "…", "request_id": "…"}, the form of all of the
// gateway's own errors. It does not allocate.
func reject(x *abi.Exchange, status int, text string) (abi.Verdict, error) {
	var scratch [256]byte
	body := append(scratch[:0], `{"error":"`...)
	body = append(body, text...)
	body = append(body, `","request_id":"`...)
	for _, c := range x.RequestID {
		if c < ' ' || c == '"' || c == '\\' {
			continue // ids hold none of these; a foreign one must not break the JSON
		}
		body = append(body, c)
	}
	body = append(body, `"}`...)
	if err := x.Answer(status, body); err != nil {
		return abi.Respond, err
	}
	return abi.Respond, x.SetHeader(abi.OfReply, contentType, jsonType)
}
