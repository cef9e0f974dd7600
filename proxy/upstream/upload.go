package upstream

import (
	"io"
	"strconv"
	"sync/atomic"

	"github.com/c386954a/sallyport/proxy/h1"
)

// Upload sends a streamed request body while the reply is awaited or already
// on its way back. Its owner must wait for its end before it releases the
// connection.
type Upload struct {
	conn    *Conn
	body    io.Reader
	chunked bool
	allRead atomic.Bool
	done    chan struct{}

	// Valid once done is closed.
	sent             int64
	sendErr, bodyErr error
}

// Space in front of a piece of the body for its chunk size line, and behind it
// for its end.
const (
	sizeSpace = 18
	tailSpace = 2
)

// StartUpload begins to send a body on a goroutine: first, and then what body
// holds. When the body cannot be read, the connection is cut off, since the
// reply cannot come.
func (c *Conn) StartUpload(first []byte, body io.Reader, chunked bool) *Upload {
	u := &Upload{conn: c, body: body, chunked: chunked, done: make(chan struct{})}
	c.in.Enter(h1.PhaseUpload)
	go func() {
		defer close(u.done)
		u.sendErr = u.run(first)
		if u.bodyErr != nil {
			c.Abort()
		}
		c.in.Change(h1.PhaseUpload, h1.PhaseReply)
	}()
	return u
}

// AllRead reports whether the whole body has been read: what remains is being
// written.
func (u *Upload) AllRead() bool { return u.allRead.Load() }

// Ended reports whether nothing is sent any more.
func (u *Upload) Ended() bool {
	select {
	case <-u.done:
		return true
	default:
		return false
	}
}

// Wait waits for the end. It returns how many bytes of the body were sent and
// the error of reading it, if there was one.
func (u *Upload) Wait() (sent int64, bodyErr error) {
	<-u.done
	if u.sendErr != nil || u.bodyErr != nil {
		u.conn.KeepOut()
	}
	return u.sent, u.bodyErr
}

func (u *Upload) run(first []byte) error {
	p := u.conn.upstream.takeBuffer()
	defer u.conn.upstream.buffers.Put(p)
	buf := *p
	n := copy(buf[sizeSpace:], first)
	for {
		if n > 0 {
			if err := u.conn.Send(u.frame(buf, n)); err != nil {
				return err
			}
			u.sent += int64(n)
		}
		if u.allRead.Load() {
			break
		}
		var err error
		n, err = u.body.Read(buf[sizeSpace : len(buf)-tailSpace])
		if err == io.EOF {
			u.allRead.Store(true)
		} else if err != nil {
			u.bodyErr = err
			return nil
		}
	}
	if u.chunked {
		return u.conn.Send(lastChunk)
	}
	return nil
}

var lastChunk = []byte("0\r\n\r\n")

// frame frames n bytes of the body, which are in buf behind sizeSpace.
func (u *Upload) frame(buf []byte, n int) []byte {
	if !u.chunked {
		return buf[sizeSpace : sizeSpace+n]
	}
	var size [sizeSpace]byte
	line := append(strconv.AppendInt(size[:0], int64(n), 16), "\r\n"...)
	start := sizeSpace - len(line)
	copy(buf[start:], line)
	copy(buf[sizeSpace+n:], "\r\n")
	return buf[start : sizeSpace+n+tailSpace]
}
