package sallyport

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"sync"
)

// reader reads JSON that is UTF-8. Its methods report whether the next value
// was what they read.
type reader struct {
	b []byte
	i int
}

func (r *reader) space() {
	for r.i < len(r.b) && r.b[r.i] == ' ' {
		r.i++
	}
}

// take takes one byte, if it is next.
func (r *reader) take(c byte) bool {
	r.space()
	if r.i < len(r.b) && r.b[r.i] == c {
		r.i++
		return true
	}
	return false
}

func (r *reader) object(member func(name string) bool) bool {
	if !r.take('{') {
		return false
	}
	if r.take('}') {
		return true
	}
	for {
		var name string
		if r.space(); !r.text(&name) || !r.take(':') || !member(name) {
			return false
		}
		if r.take('}') {
			return true
		}
		if !r.take(',') {
			return false
		}
	}
}

func (r *reader) array(element func() bool) bool {
	if !r.take('[') {
		return false
	}
	if r.take(']') {
		return true
	}
	for {
		if !element() {
			return false
		}
		if r.take(']') {
			return true
		}
		if !r.take(',') {
			return false
		}
	}
}

// field reads [name, value] or [name, null, base64].
func (r *reader) field(into *[]Field) bool {
	var f Field
	if !r.take('[') || !r.text(&f.Name) || !r.take(',') {
		return false
	}
	if r.space(); bytes.HasPrefix(r.b[r.i:], []byte("null")) {
		r.i += len("null")
		var raw []byte
		if !r.take(',') || !r.base64(&raw) {
			return false
		}
		f.Value = string(raw)
	} else if !r.text(&f.Value) {
		return false
	}
	*into = append(*into, f)
	return r.take(']')
}

// quoted returns what stands between quotes, and whether it has escapes.
func (r *reader) quoted() (inside []byte, escaped, ok bool) {
	if !r.take('"') {
		return nil, false, false
	}
	start := r.i
	for {
		end := bytes.IndexByte(r.b[r.i:], '"')
		if end < 0 {
			return nil, false, false
		}
		slashes := bytes.IndexByte(r.b[r.i:r.i+end], '\\')
		if slashes < 0 {
			inside = r.b[start : r.i+end]
			r.i += end + 1
			return inside, escaped, true
		}
		escaped = true
		if r.i += slashes + 2; r.i > len(r.b) {
			return nil, false, false
		}
	}
}

func (r *reader) text(into *string) bool {
	inside, escaped, ok := r.quoted()
	if ok && escaped {
		*into, ok = unescape(inside)
		return ok
	}
	*into = string(inside)
	return ok
}

func (r *reader) base64(into *[]byte) bool {
	inside, escaped, ok := r.quoted()
	if !ok || escaped {
		return false
	}
	b, err := base64.StdEncoding.AppendDecode(make([]byte, 0, base64.StdEncoding.DecodedLen(len(inside))), inside)
	*into = b
	return err == nil
}

// integer reads a whole number of up to 18 digits.
func (r *reader) integer(into *int64) bool {
	negative := r.take('-')
	start := r.i
	if !negative {
		r.space()
		start = r.i
	}
	var n int64
	for r.i < len(r.b) && '0' <= r.b[r.i] && r.b[r.i] <= '9' {
		n = n*10 + int64(r.b[r.i]-'0')
		if r.i++; r.i-start > 18 {
			return false
		}
	}
	if negative {
		n = -n
	}
	*into = n
	digits := r.b[start:r.i]
	return len(digits) > 0 && (digits[0] != '0' || len(digits) == 1)
}

func (r *reader) int(into *int) bool {
	var n int64
	ok := r.integer(&n)
	*into = int(n)
	return ok
}

// decode reads any value by reflection.
func (r *reader) decode(into any) bool {
	raw, ok := r.value()
	return ok && json.Unmarshal(raw, into) == nil
}

func (r *reader) skip() bool {
	raw, ok := r.value()
	return ok && json.Valid(raw)
}

// value returns what reaches to the comma or bracket behind the next value. It
// may not be valid.
func (r *reader) value() ([]byte, bool) {
	r.space()
	start, depth := r.i, 0
	for r.i < len(r.b) {
		switch r.b[r.i] {
		case '"':
			if _, _, ok := r.quoted(); !ok {
				return nil, false
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return r.b[start:r.i], true
			}
			depth--
		case ',':
			if depth == 0 {
				return r.b[start:r.i], true
			}
		}
		r.i++
	}
	return r.b[start:r.i], depth == 0
}

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

// writer sends lines, all that are queued with one write. After an error it
// drops them: the gateway is gone, and stdin is about to end.
type writer struct {
	w    io.Writer
	wake chan struct{} // holds one: there is something to send
	done chan struct{} // closed when run has returned

	// mu protects the fields below.
	mu     sync.Mutex
	buf    []byte
	closed bool
}

func newWriter(w io.Writer) *writer {
	o := &writer{w: w, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go o.run()
	return o
}

func (o *writer) put(line []byte) {
	o.mu.Lock()
	if !o.closed {
		o.buf = append(o.buf, line...)
	}
	o.mu.Unlock()
	o.signal()
}

func (o *writer) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// close waits until everything is sent.
func (o *writer) close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.signal()
	<-o.done
}

func (o *writer) run() {
	defer close(o.done)
	var spare []byte
	var failed error
	for range o.wake {
		runtime.Gosched() // calls that are nearly ready share the write
		o.mu.Lock()
		out, closed := o.buf, o.closed
		o.buf = spare[:0]
		o.mu.Unlock()
		if len(out) > 0 && failed == nil {
			_, failed = o.w.Write(out)
		}
		if spare = out; cap(spare) > 16*bufferSize {
			spare = nil
		}
		if closed {
			return
		}
	}
}
