package native

import (
	"math"

	"github.com/c386954a/sallyport/abi"
)

// The functions that need a body. Importing one of them is how a guest
// declares the need.
const (
	requestBodySize   = "request_body_size"
	requestBodyRead   = "request_body_read"
	requestBodySplice = "request_body_splice"
	replyBodySize     = "reply_body_size"
	replyBodyRead     = "reply_body_read"
	replyBodySplice   = "reply_body_splice"
)

// Limits of what one call may write into bodies, so that a guest that sets a
// body in a loop cannot fill the arena of the exchange: writtenFactor times
// the body limit, or maxWritten where there is none.
const (
	writtenFactor = 8
	maxWritten    = 64 << 20
)

// bodyFunctions is the set of body functions for one message.
type bodyFunctions abi.Message

const (
	requestBody = bodyFunctions(abi.OfRequest)
	replyBody   = bodyFunctions(abi.OfReply)
)

// size () returns the length of the body.
func (b bodyFunctions) size(c *Call, _ hostFrame) int64 {
	content, ok := b.content(c.x)
	switch {
	case !ok:
		return int64(CodeStreamed)
	case len(content) > math.MaxInt32:
		return int64(CodeLimit)
	}
	return int64(len(content))
}

// read (offset, buf, cap) copies as much as there is from offset on.
func (b bodyFunctions) read(c *Call, f hostFrame) int64 {
	buffer, ok := f.bytes(1)
	if !ok {
		return int64(CodeFault)
	}
	content, ok := b.content(c.x)
	if !ok {
		return int64(CodeStreamed)
	}
	offset := min(uint64(f.u32(0)), uint64(len(content)))
	return int64(copy(buffer, content[offset:]))
}

// set (data, len) replaces the body.
func (b bodyFunctions) set(c *Call, f hostFrame) int64 {
	data, ok := f.bytes(0)
	if !ok {
		return int64(CodeFault)
	}
	return b.write(c, data)
}

// splice (offset, count, data, len) replaces count bytes at offset. Both are
// cut to the length of the body, so that a large offset appends.
func (b bodyFunctions) splice(c *Call, f hostFrame) int64 {
	data, ok := f.bytes(2)
	if !ok {
		return int64(CodeFault)
	}
	content, ok := b.content(c.x)
	if !ok {
		return int64(CodeStreamed)
	}
	size := uint64(len(content))
	from := min(uint64(f.u32(0)), size)
	to := min(from+uint64(f.u32(1)), size)
	if !c.affords(len(content) + len(data)) {
		return c.edited(abi.ErrBodySize)
	}
	c.scratch = append(c.scratch[:0], content[:from]...)
	c.scratch = append(c.scratch, data...)
	c.scratch = append(c.scratch, content[to:]...)
	return b.write(c, c.scratch)
}

// write replaces the body and counts its bytes.
func (b bodyFunctions) write(c *Call, data []byte) int64 {
	if !c.affords(len(data)) {
		return c.edited(abi.ErrBodySize)
	}
	if err := c.x.SetBody(abi.Message(b), data); err != nil {
		return c.edited(err)
	}
	c.written += len(data)
	return 0
}

// content returns the body; ok is false if there is one that was not
// buffered.
func (b bodyFunctions) content(x *abi.Exchange) (content []byte, ok bool) {
	streamed := x.Request.Streamed
	if abi.Message(b) == abi.OfReply {
		streamed = x.Reply.Streamed
	}
	return x.Body(abi.Message(b)), !streamed
}

// affords reports whether the call may write n more bytes of bodies.
func (c *Call) affords(n int) bool {
	limit := maxWritten
	if c.x.BodyLimit > 0 {
		limit = min(limit, writtenFactor*c.x.BodyLimit)
	}
	return n <= limit-c.written
}
