package output

import (
	"strings"
	"sync"
)

// Tail counts what is written to it and keeps the end, for messages about a
// program that has failed. It is safe for concurrent use.
type Tail struct {
	mu      sync.Mutex // protects all below
	written int64
	text    []byte
}

const maxTail = 4 << 10

// Write never fails.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.written += int64(len(p))
	t.text = append(t.text, p[max(0, len(p)-maxTail):]...)
	t.text = append(t.text[:0], t.text[max(0, len(t.text)-maxTail):]...)
	return len(p), nil
}

// Written returns how many bytes have been written.
func (t *Tail) Written() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.written
}

// String returns the end without spaces round it.
func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.text))
}

// Below returns the end below a line break, or nothing if there is none.
func (t *Tail) Below() string {
	if text := t.String(); text != "" {
		return "\n" + text
	}
	return ""
}
