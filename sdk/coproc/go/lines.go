package sallyport

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// errTooLong says that a line was skipped because it exceeds the size of a message.
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

// next returns the next line, valid until the next call. Bytes after the last
// line break are not a frame, because their writer stopped in the middle.
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
