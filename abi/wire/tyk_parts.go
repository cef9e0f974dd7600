package wire

import "github.com/c386954a/sallyport/abi"

// TykRequestParts are the members of Tyk's request object that differ from
// request to request, in the order of [AppendTykRequestParts].
func TykRequestParts() []string {
	return []string{"Headers", "Body", "URL", "Params", "Method", "RequestURI", "Scheme", "Meta"}
}

// AppendTykRequestParts appends a list of the members of [AppendTykRequest]
// that [TykRequestParts] names. All others are the same in every request: an
// engine that can keep an object ready need not make them each time.
func AppendTykRequestParts(dst []byte, x *abi.Exchange) []byte {
	dst = append(dst, '[')
	dst = appendTykHeader(dst, x.Request.Header, x.Request.Host)
	dst = append(dst, ',')
	dst = appendBase64(dst, x.Request.Body)
	dst = append(dst, ',')
	dst = AppendText(dst, x.Request.URI)
	dst = append(dst, ',')
	dst = appendTykLists(dst, queryOf(x.Request.URI))
	dst = append(dst, ',')
	dst = AppendText(dst, x.Request.Method)
	dst = append(dst, ',')
	dst = AppendText(dst, x.Request.URI)
	dst = append(dst, `,"`...)
	dst = append(dst, scheme(&x.Request)...)
	dst = append(dst, `",`...)
	dst = appendMeta(dst, x.Meta)
	return append(dst, ']')
}
