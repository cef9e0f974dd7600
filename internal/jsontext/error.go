package jsontext

// AppendError appends the body of an error reply in the gateway's own form,
// whoever makes it: the proxy, a native step or an answer of a process.
func AppendError[T []byte | string](dst []byte, text T, requestID []byte) []byte {
	dst = append(dst, `{"error":`...)
	dst = AppendText(dst, text)
	dst = append(dst, `,"request_id":`...)
	dst = AppendText(dst, requestID)
	return append(dst, '}')
}
