package native

import (
	"crypto/rand"
	"time"

	"github.com/rs/zerolog"
)

// maxRandom is the most random bytes of one call.
const maxRandom = 64 << 10

// logLine (level, text, len) logs a line.
func logLine(c *Call, f hostFrame) int64 {
	text, ok := f.bytes(1)
	if !ok {
		return int64(CodeFault)
	}
	level := f.u32(0)
	if level > uint32(zerolog.ErrorLevel) {
		return int64(CodeInvalid)
	}
	c.host.log.Print(zerolog.Level(level), c.requestID(), text)
	return 0
}

func (c *Call) requestID() []byte {
	if c.x == nil {
		return nil
	}
	return c.x.RequestID
}

// clock (id) returns nanoseconds: 0 since the Unix epoch, 1 of a clock that
// never steps.
func clock(c *Call, f hostFrame) int64 {
	switch f.u32(0) {
	case 0:
		return time.Now().UnixNano()
	case 1:
		return int64(time.Since(c.host.start))
	}
	return int64(CodeInvalid)
}

// timeLeft () returns the nanoseconds until the deadline of the hook, 0 if it
// has passed.
func timeLeft(c *Call, _ hostFrame) int64 {
	return max(0, int64(time.Until(c.deadline)))
}

// random (buf, len) fills a buffer from the system's secure source.
func random(_ *Call, f hostFrame) int64 {
	buffer, ok := f.bytes(0)
	switch {
	case !ok:
		return int64(CodeFault)
	case len(buffer) > maxRandom:
		return int64(CodeLimit)
	}
	_, _ = rand.Read(buffer) // never fails: crypto/rand ends the process instead
	return 0
}
