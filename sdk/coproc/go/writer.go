package sallyport

import (
	"io"
	"runtime"
	"sync"
)

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
