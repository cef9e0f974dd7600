package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// conn is one connection that carries one request at a time.
type conn struct {
	net.Conn
	r *bufio.Reader
}

func newConn(c net.Conn) *conn { return &conn{c, bufio.NewReaderSize(c, 16<<10)} }

// exchange sends a request and reads the reply, of which it returns the
// status.
func (c *conn) exchange(request []byte) (status int, err error) {
	if _, err := c.Write(request); err != nil {
		return 0, err
	}
	return c.reply()
}

var (
	errReply  = errors.New("the reply is not HTTP/1.1")
	errLength = errors.New("the reply has no Content-Length")
)

// reply reads one reply with a Content-Length and drops its body.
func (c *conn) reply() (status int, err error) {
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, lost(err)
	}
	if status, err = statusOf(line); err != nil {
		return 0, err
	}
	length := -1
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return 0, lost(err)
		}
		if len(line) <= 2 {
			break
		}
		if n, ok := contentLength(line); ok {
			length = n
		}
	}
	if length < 0 {
		return 0, errLength
	}
	_, err = c.r.Discard(length)
	return status, err
}

// lost makes the end of a connection an error where a reply is due.
func lost(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// statusOf reads "HTTP/1.1 200 OK".
func statusOf(line []byte) (int, error) {
	const before = len("HTTP/1.1 ")
	if len(line) < before+3 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return 0, errReply
	}
	status := 0
	for _, c := range line[before : before+3] {
		if c < '0' || c > '9' {
			return 0, errReply
		}
		status = 10*status + int(c-'0')
	}
	return status, nil
}

const lengthField = "content-length:"

// contentLength reads a header field if it is that one.
func contentLength(line []byte) (int, bool) {
	if len(line) < len(lengthField) || !bytes.EqualFold(line[:len(lengthField)], []byte(lengthField)) {
		return 0, false
	}
	n := 0
	for _, c := range bytes.TrimSpace(line[len(lengthField):]) {
		if c < '0' || c > '9' || n > 1<<30 {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}

// LoadRequest is what is sent, as it goes over the wire, and the status that the
// answer must have.
type LoadRequest struct {
	Raw    []byte
	Status int // 0 takes any
}

// send makes one exchange and checks its status.
func (c *conn) send(r *LoadRequest) error {
	status, err := c.exchange(r.Raw)
	if err != nil {
		return err
	}
	if r.Status != 0 && status != r.Status {
		return fmt.Errorf("status %d, want %d", status, r.Status)
	}
	return nil
}

// expire makes what waits on the connection give up at t; the zero time is
// never.
func (c *conn) expire(t time.Time) { _ = c.SetDeadline(t) }
