package coproc

import (
	"bytes"
	"io"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/c386954a/sallyport/internal/loglimit"
)

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
