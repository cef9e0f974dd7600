package object

import (
	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/jsontext"
)

// RequestParts are the members of Tyk's request object that differ from
// request to request, in the order of [AppendRequestParts].
func RequestParts() []string {
	return []string{"Headers", "Body", "URL", "Params", "Method", "RequestURI", "Scheme", "Meta"}
}

// AppendRequestParts appends a list of the members of [AppendRequest]
// that [RequestParts] names. All others are the same in every request: an
// engine that can keep an object ready need not make them each time.
func AppendRequestParts(dst []byte, x *abi.Exchange) []byte {
	dst = append(dst, '[')
	dst = appendHeader(dst, x.Request.Header, x.Request.Host)
	dst = append(dst, ',')
	dst = jsontext.AppendBase64(dst, x.Request.Body)
	dst = append(dst, ',')
	dst = jsontext.AppendText(dst, x.Request.URI)
	dst = append(dst, ',')
	dst = appendLists(dst, queryOf(x.Request.URI))
	dst = append(dst, ',')
	dst = jsontext.AppendText(dst, x.Request.Method)
	dst = append(dst, ',')
	dst = jsontext.AppendText(dst, x.Request.URI)
	dst = append(dst, `,"`...)
	dst = append(dst, x.Request.Scheme()...)
	dst = append(dst, `",`...)
	dst = jsontext.AppendMeta(dst, x.Meta)
	return append(dst, ']')
}
