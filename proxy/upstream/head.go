package upstream

import (
	"bytes"
	"fmt"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/proxy/h1"
)

// ReplyHead is the parsed head of a reply. Its bytes are those of the read
// buffer: they are valid until the body is read.
type ReplyHead struct {
	Status int
	Reason []byte
	Fields abi.Header

	length    int64 // of the body by Content-Length; -1 if there is none
	chunked   bool
	http10    bool
	close     bool // the connection ends with this reply
	keepAlive bool
	named     bool // a Connection field names other fields
}

// maxInterim is how many interim replies may come before the final one.
const maxInterim = 32

// ReadHead waits for the head of the final reply. toHead says that the request
// was a HEAD, whose reply has no body. Interim replies other than 101 are
// skipped: the only one that a client may wait for, 100, is the gateway's to
// send.
func (c *Conn) ReadHead(toHead bool) error {
	c.in.Change(h1.PhaseNone, h1.PhaseReply) // an upload does so itself, at its end
	err := c.readHead()
	c.in.Enter(h1.PhaseNone)
	if err == nil {
		c.body.begin(&c.Head, toHead)
		c.last = c.last || c.Head.close
	}
	return err
}

func (c *Conn) readHead() error {
	for range maxInterim {
		raw, err := c.nextHead()
		if err != nil {
			return err
		}
		if err := c.Head.parse(raw); err != nil {
			return err
		}
		if c.Head.Status >= 200 || c.Head.Status == 101 {
			return nil
		}
	}
	return fmt.Errorf("%w: too many interim replies", ErrReply)
}

// nextHead reads up to the empty line that ends a head and returns it all.
func (c *Conn) nextHead() ([]byte, error) {
	scanned := 0
	for {
		if end := headEnd(c.buf[c.r:c.w], scanned); end > 0 {
			raw := c.buf[c.r : c.r+end]
			c.r += end
			return raw, nil
		}
		scanned = max(c.w-c.r-3, 0)
		if err := c.fill(); err != nil {
			return nil, err
		}
	}
}

// headEnd returns the length of the head at the start of b, or 0 if its end is
// not there yet. What lies before from is known not to hold it.
func headEnd(b []byte, from int) int {
	for {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return 0
		}
		from += i + 1
		switch rest := b[from:]; {
		case len(rest) > 0 && rest[0] == '\n':
			return from + 1
		case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
			return from + 2
		}
	}
}

// parse reads a complete head.
func (h *ReplyHead) parse(raw []byte) error {
	*h = ReplyHead{Fields: h.Fields[:0], length: -1}
	line, raw := h1.CutLine(raw)
	if err := h.parseStatus(line); err != nil {
		return err
	}
	for {
		line, raw = h1.CutLine(raw)
		if len(line) == 0 {
			break
		}
		name, value, ok := h1.CutField(line)
		if !ok || !abi.ValidValue(value) {
			return fmt.Errorf("%w: header line %.80q", ErrReply, line)
		}
		if err := h.field(name, value); err != nil {
			return err
		}
	}
	if h.named {
		h.Fields = h1.WithoutNamed(h.Fields)
	}
	return h.check()
}

// parseStatus reads a status line (RFC 9112 section 4). A status above 599 means
// nothing to a client (RFC 9110 section 15).
func (h *ReplyHead) parseStatus(line []byte) error {
	rest, ok := bytes.CutPrefix(line, []byte("HTTP/1."))
	ok = ok && len(rest) >= 5 && isDigit(rest[0]) && rest[1] == ' ' && (len(rest) == 5 || rest[5] == ' ')
	if !ok || rest[2] == '0' || rest[2] > '5' || !isDigit(rest[2]) || !isDigit(rest[3]) || !isDigit(rest[4]) {
		return fmt.Errorf("%w: status line %.80q", ErrReply, line)
	}
	h.http10 = rest[0] == '0'
	h.Status = int(rest[2]-'0')*100 + int(rest[3]-'0')*10 + int(rest[4]-'0')
	if h.Reason = rest[min(6, len(rest)):]; !abi.ValidValue(h.Reason) {
		return fmt.Errorf("%w: status line %.80q", ErrReply, line)
	}
	return nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (h *ReplyHead) field(name, value []byte) error {
	switch h1.KindOf(name) {
	case h1.KindLength:
		n, ok := h1.ParseLength(value)
		if !ok || (h.length >= 0 && h.length != n) {
			return fmt.Errorf("%w: content-length %.40q", ErrReply, value)
		}
		h.length = n
	case h1.KindEncoding:
		if h.chunked || !h1.IsName(value, "chunked") {
			return fmt.Errorf("%w: transfer-encoding %.40q", ErrReply, value)
		}
		h.chunked = true
	case h1.KindConnection:
		h.close = h.close || h1.HasToken(value, tokenClose)
		h.keepAlive = h.keepAlive || h1.HasToken(value, tokenKeepAlive)
		h.named = h.named || h1.NamesFields(value)
	}
	h.Fields = append(h.Fields, abi.Field{Name: name, Value: value})
	return nil
}

// check refuses a reply whose readers could disagree about its end.
func (h *ReplyHead) check() error {
	if h.chunked && (h.length >= 0 || h.http10) {
		return fmt.Errorf("%w: transfer-encoding in a reply with a length or of HTTP/1.0", ErrReply)
	}
	if h.http10 && !h.keepAlive {
		h.close = true
	}
	return nil
}

// Elements of a Connection field.
var (
	tokenClose     = []byte("close")
	tokenKeepAlive = []byte("keep-alive")
)
