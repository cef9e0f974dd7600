// Package output has what commands print with: JSON, numbers with their noun,
// and colours for terminals that want them.
package output

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
)

// JSON prints v as indented JSON for machines and people.
func JSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// Printer prints itself as people read it.
type Printer interface{ Print(w io.Writer) error }

// Show prints v as JSON, or as people read it.
func Show(w io.Writer, asJSON bool, v Printer) error {
	if asJSON {
		return JSON(w, v)
	}
	return v.Print(w)
}

// Plural returns a number and what it counts.
func Plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Bytes returns a size as people read it.
func Bytes(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d bytes", n)
	case n < 1<<20:
		return shortNumber(float64(n)/(1<<10)) + " KiB"
	}
	return shortNumber(float64(n)/(1<<20)) + " MiB"
}

// shortNumber returns a number with at most one decimal.
func shortNumber(f float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0")
}

// Colored reports whether w is a terminal that wants colours, which NO_COLOR
// (https://no-color.org) forbids.
func Colored(w io.Writer) bool {
	return IsTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// IsTerminal reports whether w is a terminal, or another character device.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Paint has the codes that colour text. The zero value colours nothing.
type Paint struct{ Bold, Red, Green, Dim, Plain string }

// PaintFor returns the codes for w: none unless it is [Colored].
func PaintFor(w io.Writer) Paint {
	if !Colored(w) {
		return Paint{}
	}
	return Paint{"\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[2m", "\x1b[0m"}
}

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
