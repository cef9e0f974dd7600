package coproc

import (
	"errors"
	"os"
	"sync"
	"syscall"
	"time"
)

var (
	errFull   = errors.New("outgoing buffer is full")
	errClosed = errors.New("stdin of the process is closed")
	errStall  = errors.New("process does not read its stdin")
)

// flushRounds is how often a caller writes for others before it hands over to
// the background.
const flushRounds = 8

// frameWriter sends frames to the process. Callers append to a shared buffer, and
// the first of them writes for all, without ever waiting for the pipe: what
// does not fit goes to a goroutine in the background, which goes on at the
// exact byte. put may be called by many goroutines.
type frameWriter struct {
	f       *os.File
	raw     syscall.RawConn
	limit   int           // of pending
	stall   time.Duration // without progress for so long, the process does not read
	broken  func(error)   // told why nothing can be written any more
	handed  chan []byte   // capacity 1: rest of a write, to the background
	quit    chan struct{}
	stopped chan struct{}
	once    sync.Once // of close

	try func(fd uintptr) bool // attempt, bound once so that a write allocates nothing
	// tried is used by attempt and by whoever flushes.
	tried struct {
		rest []byte
		err  error
	}

	// mu protects the fields below.
	mu       sync.Mutex
	pending  []byte
	spare    []byte
	flushing bool // somebody writes, or the background has the rest
	closed   bool
}

func newWriter(f *os.File, limit int, stall time.Duration, broken func(error)) (*frameWriter, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	w := &frameWriter{
		f: f, raw: raw, limit: limit, stall: stall, broken: broken,
		handed: make(chan []byte, 1), quit: make(chan struct{}), stopped: make(chan struct{}),
	}
	w.try = w.attempt
	go w.background()
	return w, nil
}

// put sends one frame, or returns errFull if more than share of the buffer
// would be taken, or errClosed. It copies the frame.
func (w *frameWriter) put(frame []byte, share int) error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return errClosed
	}
	if len(w.pending)+len(frame) > w.limit/share {
		w.mu.Unlock()
		return errFull
	}
	w.pending = append(w.pending, frame...)
	if w.flushing {
		w.mu.Unlock()
		return nil
	}
	w.flushing = true
	w.flush()
	return nil
}

// flush writes pending until nothing is left, the pipe is full or others keep
// adding. It is called with mu held and flushing set, and unlocks.
func (w *frameWriter) flush() {
	for range flushRounds {
		b := w.pending
		if len(b) == 0 || w.closed {
			w.flushing = false
			w.mu.Unlock()
			return
		}
		w.pending = w.spare[:0]
		w.mu.Unlock()
		rest, err := w.write(b)
		if err != nil {
			w.fail(err)
			return
		}
		if len(rest) > 0 {
			w.handed <- rest
			return
		}
		w.mu.Lock()
		w.keep(b)
	}
	w.mu.Unlock()
	w.handed <- nil
}

// keep keeps a written buffer for the next round unless it is oversized.
func (w *frameWriter) keep(b []byte) {
	w.spare = nil
	if cap(b) <= keepBuffer {
		w.spare = b[:0]
	}
}

// write writes what the pipe takes at once and returns the rest.
func (w *frameWriter) write(b []byte) (rest []byte, err error) {
	w.tried.rest, w.tried.err = b, nil
	if err := w.raw.Write(w.try); err != nil {
		return nil, err
	}
	rest, w.tried.rest = w.tried.rest, nil
	return rest, w.tried.err
}

// background finishes what callers could not write.
func (w *frameWriter) background() {
	defer close(w.stopped)
	for {
		select {
		case <-w.quit:
			return
		case rest := <-w.handed:
			if !w.finish(rest) {
				return
			}
		}
	}
}

// finish writes rest and all that has come since, waiting for the pipe.
func (w *frameWriter) finish(rest []byte) bool {
	for {
		if err := w.writeAll(rest); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				err = errStall
			}
			w.fail(err)
			return false
		}
		w.mu.Lock()
		if len(w.pending) == 0 {
			w.flushing = false
			w.mu.Unlock()
			return true
		}
		rest, w.pending = w.pending, nil
		w.mu.Unlock()
	}
}

func (w *frameWriter) writeAll(b []byte) error {
	for len(b) > 0 {
		if err := w.f.SetWriteDeadline(time.Now().Add(w.stall)); err != nil {
			return err
		}
		n, err := w.f.Write(b)
		b = b[n:]
		if err != nil && (n == 0 || !errors.Is(err, os.ErrDeadlineExceeded)) {
			return err
		}
	}
	return w.f.SetWriteDeadline(time.Time{})
}

// fail drops what is pending, and reports why unless we closed the pipe.
func (w *frameWriter) fail(cause error) {
	w.mu.Lock()
	wasClosed := w.closed
	w.closed, w.pending, w.spare, w.flushing = true, nil, nil, false
	w.mu.Unlock()
	if !wasClosed {
		w.broken(cause)
	}
}

// close ends the stream for the process and waits for the background. Only
// the first call does something.
func (w *frameWriter) close() {
	w.once.Do(func() {
		w.mu.Lock()
		w.closed = true
		w.mu.Unlock()
		close(w.quit)
		_ = w.f.Close()
		<-w.stopped
	})
}
