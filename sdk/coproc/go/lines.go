package sallyport

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// errTooLong: a line was longer than a message may be. It was skipped.
var errTooLong = errors.New("message too large")

// lines reads frames: one per line, without the line's end.
type lines struct {
	r   *bufio.Reader
	max int
	big []byte // a line that exceeds the reader's buffer
}

func newLines(r io.Reader, limit int) *lines {
	return &lines{r: bufio.NewReaderSize(r, bufferSize), max: limit}
}

// next returns the next line, valid until the next call. What stands after the
// last line break is no frame: its writer died.
func (l *lines) next() ([]byte, error) {
	line, err := l.r.ReadSlice('\n')
	if err == nil {
		return bytes.TrimSpace(line), nil
	}
	l.big = l.big[:0]
	for errors.Is(err, bufio.ErrBufferFull) {
		if len(l.big) <= l.max {
			l.big = append(l.big, line...)
		}
		line, err = l.r.ReadSlice('\n')
	}
	switch {
	case err != nil:
		return nil, err
	case len(l.big)+len(line) > l.max+len("\r\n"):
		return nil, errTooLong
	}
	l.big = append(l.big, line...)
	return bytes.TrimSpace(l.big), nil
}
