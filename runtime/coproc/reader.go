package coproc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/internal/loglimit"
)

// read serves stdout until it ends. It never waits for a caller. When it
// returns no answer can come any more.
func (p *process) read() {
	defer close(p.dead)
	in := newSplitter(p.pipes.stdout, p.cfg.MaxMessage)
	for {
		line, err := in.next()
		switch {
		case errors.Is(err, errOversize):
			p.kill(err)
			return
		case err != nil:
			p.kill(errEnded)
			return
		}
		p.receive(line)
	}
}

func (p *process) receive(line []byte) {
	if len(line) == 0 || line[0] != '{' {
		p.strayLine(line)
		return
	}
	if id, ok := answerID(line); ok {
		p.answer(id, line)
		return
	}
	f, err := p.parser.Frame(line)
	switch {
	case err != nil:
		p.violation(err)
	case f.IsAnswer():
		p.answer(f.ID, line)
	case f.HasID:
		p.refuse(f.ID)
	default:
		p.notified(&f)
	}
}

// answer gives a frame to its caller, who checks it, so that work that
// grows with the frame does not delay the answers behind it.
func (p *process) answer(id uint64, line []byte) {
	switch p.table.deliver(id, line) {
	case late:
		p.stats.late.Add(1)
	case unknown:
		p.stats.unknown.Add(1)
	}
}

// answerID reads the id of an answer whose members are in the usual order,
// without looking further.
func answerID(line []byte) (id uint64, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte(`{"jsonrpc":`))
	if !ok {
		return 0, false
	}
	if rest, ok = cutToken(rest, `"2.0",`); !ok {
		return 0, false
	}
	if rest, ok = cutToken(rest, `"id":`); !ok {
		return 0, false
	}
	rest = bytes.TrimLeft(rest, " ")
	n := 0
	for n < len(rest) && n < 16 && '0' <= rest[n] && rest[n] <= '9' {
		id = id*10 + uint64(rest[n]-'0')
		n++
	}
	if n == 0 || n == 16 || rest[0] == '0' {
		return 0, false
	}
	if rest, ok = cutToken(rest[n:], ","); !ok {
		return 0, false
	}
	_, result := cutToken(rest, `"result":`)
	_, failed := cutToken(rest, `"error":`)
	return id, result || failed
}

// cutToken steps over spaces and then over token.
func cutToken(b []byte, token string) (rest []byte, ok bool) {
	b = bytes.TrimLeft(b, " ")
	if len(b) < len(token) || string(b[:len(token)]) != token {
		return b, false
	}
	return b[len(token):], true
}

// A process that exceeds one of these within a minute is ended.
const (
	maxStrayLines   = 9
	maxBrokenFrames = 2
)

// faultCount counts the faults of a minute. It is not safe for concurrent use.
type faultCount struct {
	since time.Time
	n     int
}

// exceeds counts a fault and reports whether there were more than limit of
// them in the current minute.
func (c *faultCount) exceeds(limit int, now time.Time) bool {
	if now.Sub(c.since) >= time.Minute {
		c.since, c.n = now, 0
	}
	c.n++
	return c.n > limit
}

// strayLine counts and logs a line of stdout that is no frame.
func (p *process) strayLine(line []byte) {
	p.stats.noise.Add(1)
	p.log.Warn().Bytes("line", line[:min(len(line), 256)]).
		Msg("plugin process wrote to stdout what is no message: print goes to stdout, use the SDK or stderr")
	if p.strayLines.exceeds(maxStrayLines, time.Now()) {
		p.kill(errors.New("process writes to stdout what is no message"))
	}
}

// violation counts a frame that is not JSON-RPC. The third in a minute ends
// the process.
func (p *process) violation(cause error) {
	p.stats.violations.Add(1)
	p.log.Warn().Err(cause).Msg("plugin process sent a broken message")
	p.mu.Lock()
	exceeded := p.brokenFrames.exceeds(maxBrokenFrames, time.Now())
	p.mu.Unlock()
	if exceeded {
		p.kill(fmt.Errorf("process sends broken messages: %w", cause))
	}
}

// refuse answers a request with an error: in this version of the protocol a
// process sends none.
func (p *process) refuse(id uint64) {
	b := append([]byte(`{"jsonrpc":"2.0","id":`), strconv.FormatUint(id, 10)...)
	b = append(b, `,"error":{"code":-32601,"message":"method not found"}}`+"\n"...)
	_ = p.out.put(b, 1)
}

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
// last line without an end is dropped, because the message is incomplete. The
// error is errOversize or that of the reader.
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
	s.compact()
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

// compact moves the unread part to the front, of a larger buffer if this one
// is full; after a large message it returns to a small one.
func (s *splitter) compact() {
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

const (
	maxLine  = 8 << 10 // of a line of stderr; longer ones are cut
	maxTail  = 4 << 10 // of stderr kept for the report of a death
	maxLines = 200     // logged per second
)

// stderr copies the stderr of the process to the log.
type stderr struct {
	log   zerolog.Logger
	limit *loglimit.Limiter

	// mu protects the fields below.
	mu   sync.Mutex
	last []byte
}

func newStderr(log zerolog.Logger) *stderr {
	return &stderr{log: log, limit: loglimit.New(maxLines, time.Second)}
}

// copy logs r line by line until it ends.
func (s *stderr) copy(r io.Reader) {
	buf := make([]byte, 0, maxLine)
	cut := false // the line has been logged, up to its limit
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		buf, cut = s.lines(buf, cut)
		if err != nil {
			if len(buf) > 0 && !cut {
				s.line(buf)
			}
			return
		}
	}
}

// lines logs the whole lines in buf and keeps the rest.
func (s *stderr) lines(buf []byte, cut bool) ([]byte, bool) {
	rest := buf
	for {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			break
		}
		if !cut {
			s.line(rest[:i])
		}
		cut, rest = false, rest[i+1:]
	}
	if len(rest) == cap(buf) {
		if !cut {
			s.line(rest)
		}
		return buf[:0], true
	}
	return buf[:copy(buf[:cap(buf)], rest)], cut
}

func (s *stderr) line(b []byte) {
	b = bytes.TrimSuffix(b, []byte("\r"))
	s.remember(b)
	ok, dropped := s.limit.Allow(time.Now())
	if dropped > 0 {
		s.log.Warn().Int("lines", dropped).Msg("plugin process wrote too much to stderr: lines suppressed")
	}
	if ok {
		s.log.Info().Bytes("line", b).Msg("plugin process stderr")
	}
}

func (s *stderr) remember(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = append(append(s.last, b...), '\n')
	if over := len(s.last) - maxTail; over > 0 {
		s.last = append(s.last[:0], s.last[over:]...)
	}
}

// tail returns the last lines.
func (s *stderr) tail() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(bytes.TrimSpace(s.last))
}
