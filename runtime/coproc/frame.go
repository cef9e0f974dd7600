package coproc

import (
	"bytes"
	"errors"
	"io"
)

const (
	readBuffer = 64 << 10
	// keepBuffer is the largest buffer kept between messages.
	keepBuffer = 1 << 20
)

var errOversize = errors.New("message exceeds the agreed size")

// splitter cuts a stream into lines of bounded length.
type splitter struct {
	r     io.Reader
	limit int // longest line, its end aside

	buf        []byte
	start, end int // unread part of buf
	seen       int // bytes of the unread part known to hold no newline
}

func newSplitter(r io.Reader, limit int) *splitter {
	return &splitter{r: r, limit: limit, buf: make([]byte, readBuffer)}
}

// next returns the next line without its end, valid until the next call. A
// last line without end is lost: half a message is none. The error is
// errOversize or that of the reader.
func (s *splitter) next() ([]byte, error) {
	for {
		if i := bytes.IndexByte(s.buf[s.start+s.seen:s.end], '\n'); i >= 0 {
			return s.cut(s.start + s.seen + i)
		}
		s.seen = s.end - s.start
		if s.seen > s.limit+1 { // one more for a carriage return
			return nil, errOversize
		}
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
}

// cut takes the line that ends at the newline buf[i].
func (s *splitter) cut(i int) ([]byte, error) {
	line := bytes.TrimSuffix(s.buf[s.start:i], []byte("\r"))
	s.start, s.seen = i+1, 0
	if len(line) > s.limit {
		return nil, errOversize
	}
	return line, nil
}

func (s *splitter) fill() error {
	s.makeRoom()
	n, err := s.r.Read(s.buf[s.end:])
	s.end += n
	if n > 0 {
		return nil // an error comes again
	}
	if err == nil {
		return io.ErrNoProgress
	}
	return err
}

// makeRoom moves the unread part to the front, of a larger buffer if this one
// is full; after a large message it returns to a small one.
func (s *splitter) makeRoom() {
	unread := s.buf[s.start:s.end]
	switch {
	case len(unread) == 0 && len(s.buf) > keepBuffer:
		s.buf = make([]byte, readBuffer)
	case len(unread) == len(s.buf):
		grown := make([]byte, 2*len(s.buf))
		copy(grown, unread)
		s.buf = grown
	case s.start > 0:
		copy(s.buf, unread)
	}
	s.start, s.end = 0, len(unread)
}
