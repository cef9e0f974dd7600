package coproc

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/rs/zerolog"
)

func TestStderrCutsLongLines(t *testing.T) {
	for _, oneByte := range []bool{false, true} {
		var log bytes.Buffer
		s := newStderr(zerolog.New(&log))
		in := strings.NewReader("first\r\n" + strings.Repeat("x", 3*maxLine) + "\nnext\nlast")
		if oneByte {
			s.copy(iotest.OneByteReader(in))
		} else {
			s.copy(in)
		}
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != 4 || !strings.Contains(lines[0], `"first"`) || strings.Count(lines[1], "x") > maxLine ||
			!strings.Contains(lines[2], `"next"`) || !strings.Contains(lines[3], `"last"`) {
			t.Fatalf("one byte at a time: %v; %d lines: %.200s", oneByte, len(lines), log.String())
		}
		if tail := s.tail(); len(tail) > maxTail || !strings.HasSuffix(tail, "next\nlast") {
			t.Fatalf("tail = %q", tail)
		}
	}
}
