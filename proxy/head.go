package proxy

import (
	"bytes"
	"fmt"

	"github.com/c386954a/sallyport/abi"
)

// replyHead is the parsed head of a reply. Its bytes are those of the read
// buffer: they are valid until the body is read.
type replyHead struct {
	status int
	reason []byte
	fields abi.Header
	length int64 // of the body by Content-Length; -1 if there is none
	close  bool  // the connection ends with this reply

	chunked   bool
	http10    bool
	keepAlive bool
	names     bool // a Connection field names others
	date      bool
	server    bool
}

// maxInterim is how many interim replies may come before the final one.
const maxInterim = 32

// readHead reads the head of the final reply. Interim replies other than 101
// are skipped: the only one a client may wait for, 100, it has had from us.
func (c *upConn) readHead() error {
	for range maxInterim {
		raw, err := c.nextHead()
		if err != nil {
			return err
		}
		if err := c.head.parse(raw); err != nil {
			return err
		}
		if c.head.status >= 200 || c.head.status == 101 {
			return nil
		}
	}
	return fmt.Errorf("%w: too many interim replies", faultReply)
}

// nextHead reads up to the empty line that ends a head and returns it all.
func (c *upConn) nextHead() ([]byte, error) {
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
func (h *replyHead) parse(raw []byte) error {
	*h = replyHead{fields: h.fields[:0], length: -1}
	line, raw := cutLine(raw)
	if err := h.parseStatus(line); err != nil {
		return err
	}
	for {
		line, raw = cutLine(raw)
		if len(line) == 0 {
			break
		}
		name, value, ok := cutField(line)
		if !ok || !abi.ValidValue(value) {
			return fmt.Errorf("%w: header line %.80q", faultReply, line)
		}
		if err := h.field(name, value); err != nil {
			return err
		}
	}
	return h.check()
}

// parseStatus reads a status line (RFC 9112 section 4).
func (h *replyHead) parseStatus(line []byte) error {
	const version = "HTTP/1."
	if len(line) < 12 || string(line[:7]) != version || line[7] < '0' || line[7] > '9' || line[8] != ' ' {
		return fmt.Errorf("%w: status line %.80q", faultReply, line)
	}
	for _, c := range line[9:12] {
		if c < '0' || c > '9' {
			return fmt.Errorf("%w: status line %.80q", faultReply, line)
		}
		h.status = h.status*10 + int(c-'0')
	}
	if h.status < 100 || (len(line) > 12 && line[12] != ' ') {
		return fmt.Errorf("%w: status line %.80q", faultReply, line)
	}
	if len(line) > 13 {
		h.reason = line[13:]
	}
	if !abi.ValidValue(h.reason) {
		return fmt.Errorf("%w: status line %.80q", faultReply, line)
	}
	h.http10 = line[7] == '0'
	return nil
}

func (h *replyHead) field(name, value []byte) error {
	switch kindOf(name) {
	case kindLength:
		n, ok := parseLength(value)
		if !ok || (h.length >= 0 && h.length != n) {
			return fmt.Errorf("%w: content-length %.40q", faultReply, value)
		}
		h.length = n
	case kindEncoding:
		if h.chunked || !isName(value, "chunked") {
			return fmt.Errorf("%w: transfer-encoding %.40q", faultReply, value)
		}
		h.chunked = true
	case kindConnection:
		h.close = h.close || hasToken(value, tokenClose)
		h.keepAlive = h.keepAlive || hasToken(value, tokenKeepAlive)
		h.names = h.names || listsNames(value)
	case kindDate:
		h.date = true
	case kindServer:
		h.server = true
	}
	h.fields = append(h.fields, abi.Field{Name: name, Value: value})
	return nil
}

// check refuses a reply whose end two readers could see in two places.
func (h *replyHead) check() error {
	if h.chunked && (h.length >= 0 || h.http10) {
		return fmt.Errorf("%w: transfer-encoding in a reply with a length or of HTTP/1.0", faultReply)
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
	tokenUpgrade   = []byte("upgrade")
)

// cutLine returns the first line of b without its end, and what follows.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return b, nil
	}
	line, rest = b[:i], b[i+1:]
	if i > 0 && line[i-1] == '\r' {
		line = line[:i-1]
	}
	return line, rest
}

// cutField splits a field line. It accepts neither white space before the
// colon nor a line that continues another (RFC 9112 sections 5.1 and 5.2).
func cutField(line []byte) (name, value []byte, ok bool) {
	i := bytes.IndexByte(line, ':')
	if i <= 0 || !abi.ValidName(line[:i]) {
		return nil, nil, false
	}
	return line[:i], trim(line[i+1:]), true
}

// parseLength reads a Content-Length: digits only.
func parseLength(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
