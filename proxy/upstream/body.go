package upstream

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/c386954a/sallyport/proxy/h1"
)

// bodyMode says how the end of a reply's body is found (RFC 9112 section 6.3).
type bodyMode uint8

const (
	bodyDone    bodyMode = iota // nothing is left
	bodyFixed                   // left bytes are left
	bodySize                    // a chunk size line comes next
	bodyChunk                   // left bytes of a chunk are left
	bodyCRLF                    // the end of a chunk comes next
	bodyTrailer                 // the trailer section comes next
	bodyClose                   // until the connection ends
	bodyBroken
)

// bodyReader takes a body out of the bytes that have been received. It does not
// read from the connection: its caller does, and so knows when it would wait.
type bodyReader struct {
	mode    bodyMode
	left    int64
	trailer int // bytes of the trailer section seen
}

// Limits of chunked framing.
const (
	maxSizeLine = 4 << 10
	maxTrailer  = 16 << 10
)

// begin prepares for the body of a reply to a request of the given method.
func (b *bodyReader) begin(h *ReplyHead, head bool) {
	*b = bodyReader{}
	switch {
	case head || h1.Bodiless(h.Status) || h.length == 0:
	case h.chunked:
		b.mode = bodySize
	case h.length > 0:
		b.mode, b.left = bodyFixed, h.length
	default:
		b.mode = bodyClose
		h.close = true
	}
}

// BodyLeft returns how many bytes are left of the body; -1 if that is not
// known.
func (c *Conn) BodyLeft() int64 {
	switch c.body.mode {
	case bodyDone:
		return 0
	case bodyFixed:
		return c.body.left
	}
	return -1
}

// Received reports whether bytes have been received that were not read yet.
func (c *Conn) Received() bool { return c.r < c.w }

// WriteTo writes the rest of the body to w, piece by piece as it arrives. The
// bytes of the reply head are lost.
func (c *Conn) WriteTo(w io.Writer) (n int64, err error) {
	c.grow()
	for {
		data, err := c.piece()
		if err != nil || data == nil {
			return n, err
		}
		m, err := w.Write(data)
		n += int64(m)
		if err != nil {
			return n, err
		}
	}
}

// piece waits for the next bytes of the body. At its end there are none.
func (c *Conn) piece() ([]byte, error) {
	for {
		data, err := c.next()
		if err != nil || len(data) > 0 {
			return data, err
		}
		if c.body.mode == bodyDone {
			return nil, nil
		}
		if err := c.receive(); err != nil {
			return nil, err
		}
	}
}

// next returns the received bytes of the body, at most once each. When there
// are none, more must be received, unless the mode is bodyDone.
func (c *Conn) next() ([]byte, error) {
	for {
		b, got := &c.body, c.buf[c.r:c.w]
		switch b.mode {
		case bodyDone:
			return nil, nil
		case bodyBroken:
			return nil, io.ErrUnexpectedEOF
		case bodyClose:
			c.r = c.w
			return got, nil
		case bodyFixed, bodyChunk:
			return c.takeLeft(got), nil
		}
		n, err := b.frame(got)
		if err != nil {
			b.mode = bodyBroken
			return nil, err
		}
		if n == 0 {
			return nil, nil
		}
		c.r += n
	}
}

func (c *Conn) takeLeft(got []byte) []byte {
	b := &c.body
	if int64(len(got)) > b.left {
		got = got[:b.left]
	}
	c.r += len(got)
	b.left -= int64(len(got))
	if b.left == 0 {
		if b.mode == bodyFixed {
			b.mode = bodyDone
		} else {
			b.mode = bodyCRLF
		}
	}
	return got
}

// frame reads one line of chunked framing. It returns how many bytes it took;
// none means that the line is not complete.
func (b *bodyReader) frame(got []byte) (int, error) {
	end := bytes.IndexByte(got, '\n')
	if end < 0 {
		if len(got) > maxSizeLine {
			return 0, fmt.Errorf("%w: line of chunked framing too long", ErrReply)
		}
		return 0, nil
	}
	if end == 0 || got[end-1] != '\r' {
		return 0, fmt.Errorf("%w: bare line feed in chunked framing", ErrReply)
	}
	line := got[:end-1]
	switch b.mode {
	case bodySize:
		n, ok := parseChunkSize(line)
		if !ok {
			return 0, fmt.Errorf("%w: chunk size %.40q", ErrReply, line)
		}
		b.mode, b.left = bodyChunk, n
		if n == 0 {
			b.mode = bodyTrailer
		}
	case bodyCRLF:
		if len(line) > 0 {
			return 0, fmt.Errorf("%w: chunk longer than its size", ErrReply)
		}
		b.mode = bodySize
	case bodyTrailer:
		// Trailer fields are dropped, as RFC 9110 section 6.5.1 allows.
		if b.trailer += end; b.trailer > maxTrailer {
			return 0, fmt.Errorf("%w: trailer section too long", ErrReply)
		}
		if len(line) == 0 {
			b.mode = bodyDone
		}
	}
	return end + 1, nil
}

// parseChunkSize reads the size of a chunk and skips its extensions.
func parseChunkSize(line []byte) (int64, bool) {
	var n int64
	i := 0
	for ; i < len(line); i++ {
		d := strings.IndexByte("0123456789abcdef", h1.Lower(line[i]))
		if d < 0 {
			break
		}
		if i >= 15 {
			return 0, false
		}
		n = n<<4 | int64(d)
	}
	rest := h1.Trim(line[i:])
	return n, i > 0 && (len(rest) == 0 || rest[0] == ';')
}

// receive waits for more of the body. The end of the connection is the end of
// a body without length, and an error within any other.
func (c *Conn) receive() error {
	c.in.Enter(h1.PhaseBody)
	err := c.fill()
	c.in.Enter(h1.PhaseNone)
	if err == nil {
		return nil
	}
	if c.body.mode == bodyClose && errors.Is(err, io.EOF) {
		c.body.mode = bodyDone
		return nil
	}
	c.body.mode = bodyBroken
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Whole appends the body to dst if all of it has been received already; else
// it leaves everything as it was and reports false.
func (c *Conn) Whole(dst []byte) ([]byte, bool) {
	r, before, n := c.r, c.body, len(dst)
	for {
		data, err := c.next()
		if err != nil || (len(data) == 0 && c.body.mode != bodyDone) {
			c.r, c.body = r, before
			return dst[:n], false
		}
		dst = append(dst, data...)
		if c.body.mode == bodyDone {
			return dst, true
		}
	}
}

// Collect waits for the rest of the body, puts it into buf and returns all that
// is in there. limit is the most that buf may hold; 0 means no limit.
func (c *Conn) Collect(buf *h1.BodyBuffer, limit int) ([]byte, error) {
	for {
		data, err := c.piece()
		if err != nil {
			return nil, c.explain(err, ErrReply)
		}
		if data == nil {
			return buf.Bytes()
		}
		if limit > 0 && buf.Len()+len(data) > limit {
			return nil, fmt.Errorf("%w: the limit is %d bytes", errReplySize, limit)
		}
		if err := buf.Append(data); err != nil {
			return nil, err
		}
	}
}
