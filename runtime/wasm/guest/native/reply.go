package native

import "github.com/c386954a/sallyport/abi"

// replyStatus () returns the status of the reply, 0 as long as there is none.
func replyStatus(c *Call, _ hostFrame) int64 { return int64(c.x.Reply.Status) }

// replySetStatus (status) sets it.
func replySetStatus(c *Call, f hostFrame) int64 {
	return c.edited(c.x.SetStatus(statusOf(f)))
}

// replyAnswer (status, body, len) replaces the whole reply.
func replyAnswer(c *Call, f hostFrame) int64 {
	data, ok := f.bytes(1)
	if !ok {
		return int64(CodeFault)
	}
	if !c.affords(len(data)) {
		return c.edited(abi.ErrBodySize)
	}
	c.written += len(data)
	return c.edited(c.x.Answer(statusOf(f), data))
}

// statusOf returns argument 0 as a status; what does not fit into an int of
// any platform becomes 0, which is not valid.
func statusOf(f hostFrame) int {
	if n := f.u32(0); n < 1000 {
		return int(n)
	}
	return 0
}
