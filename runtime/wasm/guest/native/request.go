package native

import "github.com/c386954a/sallyport/abi"

// The parts of request_get and request_set.
const (
	partMethod = iota
	partURI
	partHost
	partRemoteAddr
	partProto
	partScheme
	partRequestID
)

// requestGet (part, buf, cap) reads a part of the request line.
func requestGet(c *Call, f hostFrame) int64 {
	if f.u32(0) == partScheme {
		return scheme(c.x, f)
	}
	part, ok := requestPart(c.x, f.u32(0))
	if !ok {
		return int64(CodeInvalid)
	}
	return f.give(1, part)
}

func requestPart(x *abi.Exchange, part uint32) (b []byte, ok bool) {
	switch part {
	case partMethod:
		return x.Request.Method, true
	case partURI:
		return x.Request.URI, true
	case partHost:
		return x.Request.Host, true
	case partRemoteAddr:
		return x.Request.RemoteAddr, true
	case partProto:
		return x.Request.Proto, true
	case partRequestID:
		return x.RequestID, true
	}
	return nil, false
}

func scheme(x *abi.Exchange, f hostFrame) int64 {
	name := "http"
	if x.Request.TLS {
		name = "https"
	}
	buffer, code := f.reserve(1, len(name))
	copy(buffer, name)
	return code
}

// requestSet (part, value, value_len) edits the request line.
func requestSet(c *Call, f hostFrame) int64 {
	value, ok := f.bytes(1)
	if !ok {
		return int64(CodeFault)
	}
	switch f.u32(0) {
	case partMethod:
		return c.edited(c.x.SetMethod(value))
	case partURI:
		return c.edited(c.x.SetURI(value))
	case partHost:
		return c.edited(c.x.SetHost(value))
	case partRemoteAddr, partProto, partScheme, partRequestID:
		return int64(CodeReadOnly)
	}
	return int64(CodeInvalid)
}

// noticeGet (part, buf, cap) reads what happened: 0 its name, 1 its data.
func noticeGet(c *Call, f hostFrame) int64 {
	switch f.u32(0) {
	case 0:
		return f.give(1, c.x.Notice.Name)
	case 1:
		return f.give(1, c.x.Notice.Data)
	}
	return int64(CodeInvalid)
}
