package abitest

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/c386954a/sallyport/abi"
)

// message is one HTTP message as scenarios spell it.
type message struct {
	start  string // request line or status line
	header abi.Header
	body   []byte
}

// parseMessage reads a start line, header lines, and after an empty line the
// body up to the last newline.
func parseMessage(text []byte) (message, error) {
	head, body, _ := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(strings.TrimSuffix(string(head), "\n"), "\n")
	m := message{start: lines[0], body: bytes.TrimSuffix(body, []byte("\n"))}
	for _, line := range lines[1:] {
		f, err := parseField(line)
		if err != nil {
			return m, err
		}
		m.header = append(m.header, f)
	}
	return m, nil
}

// parseField reads "Name: value"; \xHH in the value stands for one byte.
func parseField(line string) (abi.Field, error) {
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		return abi.Field{}, fmt.Errorf("header line %q has no colon", line)
	}
	var raw []byte
	value = strings.TrimPrefix(value, " ")
	for len(value) > 0 {
		if rest, ok := strings.CutPrefix(value, `\x`); ok && len(rest) >= 2 {
			b, err := hex.DecodeString(rest[:2])
			if err != nil {
				return abi.Field{}, fmt.Errorf("header line %q: %w", line, err)
			}
			raw, value = append(raw, b...), rest[2:]
			continue
		}
		raw, value = append(raw, value[0]), value[1:]
	}
	return abi.Field{Name: []byte(name), Value: raw}, nil
}

// String returns the message in a form that is easy to compare by eye.
func (m message) String() string {
	var b strings.Builder
	b.WriteString(m.start + "\n")
	for _, f := range m.header {
		b.WriteString(strings.TrimSuffix(string(f.Name)+": "+visible(f.Value), " ") + "\n")
	}
	if len(m.body) > 0 {
		b.WriteString("\n" + visibleBody(m.body) + "\n")
	}
	return b.String()
}

// visible spells out bytes that are not text.
func visible(value []byte) string {
	var b strings.Builder
	for len(value) > 0 {
		r, n := utf8.DecodeRune(value)
		if r < ' ' || r == 0x7f || (r == utf8.RuneError && n == 1) {
			fmt.Fprintf(&b, `\x%02x`, value[0])
		} else {
			b.Write(value[:n])
		}
		value = value[n:]
	}
	return b.String()
}

// visibleBody returns short text as it is and everything else as hex.
func visibleBody(body []byte) string {
	text := utf8.Valid(body) && len(body) <= 4096
	for _, b := range body {
		text = text && (b >= ' ' || b == '\n' || b == '\t') && b != 0x7f
	}
	if text {
		return string(body)
	}
	return "(hex) " + formatHex(body)
}

// formatHex writes bytes as lines of hex; longer runs of one byte become one
// word HH*N.
func formatHex(body []byte) string {
	var b strings.Builder
	width := 0
	for len(body) > 0 {
		run := 1
		for run < len(body) && body[run] == body[0] {
			run++
		}
		if width == 32 || (run >= 8 && b.Len() > 0) {
			b.WriteByte('\n')
			width = 0
		}
		if run >= 8 {
			fmt.Fprintf(&b, "%02x*%d", body[0], run)
			body, width = body[run:], 32
			continue
		}
		fmt.Fprintf(&b, "%02x", body[0])
		body, width = body[1:], width+1
	}
	return b.String()
}

// parseHex reads words of hex; the word HH*N stands for N times the byte HH.
func parseHex(text []byte) ([]byte, error) {
	var out []byte
	for _, word := range strings.Fields(string(text)) {
		digits, count, repeated := strings.Cut(word, "*")
		b, err := hex.DecodeString(digits)
		if err != nil {
			return nil, err
		}
		n := 1
		if repeated {
			if n, err = strconv.Atoi(count); err != nil {
				return nil, err
			}
		}
		out = append(out, bytes.Repeat(b, n)...)
	}
	return out, nil
}
