package coproc

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// linesOf reads all lines of r.
func linesOf(r io.Reader, limit int) (lines []string, err error) {
	s := newSplitter(r, limit)
	for {
		line, err := s.next()
		if err != nil {
			return lines, err
		}
		lines = append(lines, string(line))
	}
}

func TestSplitterCutsAtEveryByte(t *testing.T) {
	long := strings.Repeat("x", 3*readBuffer)
	in := "a\nbc\r\n\n" + long + "\nlost"
	for _, r := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in)), iotest.DataErrReader(strings.NewReader(in))} {
		lines, err := linesOf(r, len(long))
		if !errors.Is(err, io.EOF) || strings.Join(lines, "|") != "a|bc||"+long {
			t.Fatalf("%d lines, %v", len(lines), err)
		}
	}
}

func TestSplitterBoundsLines(t *testing.T) {
	for _, test := range []struct {
		in string
		ok bool
	}{
		{strings.Repeat("x", 10) + "\n", true},
		{strings.Repeat("x", 10) + "\r\n", true},
		{strings.Repeat("x", 11) + "\n", false},
		{strings.Repeat("x", 1000), false},
	} {
		_, err := linesOf(strings.NewReader(test.in), 10)
		if errors.Is(err, errOversize) == test.ok {
			t.Errorf("next() = %v for %d bytes", err, len(test.in))
		}
	}
}

func TestSplitterReturnsToSmallBuffer(t *testing.T) {
	s := newSplitter(io.MultiReader(strings.NewReader(strings.Repeat("x", 2*keepBuffer)+"\n"), strings.NewReader("a\n")), 4*keepBuffer)
	for range 2 {
		if _, err := s.next(); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.buf) > keepBuffer {
		t.Fatalf("buffer of %d bytes kept", len(s.buf))
	}
}

// FuzzSplitter compares the splitter, fed in pieces, with a plain split.
func FuzzSplitter(f *testing.F) {
	f.Add([]byte("a\nb\r\n\nc"), uint8(3))
	f.Add([]byte(strings.Repeat("x", 70)+"\n"), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, size uint8) {
		const limit = 64
		var want []string
		lines := bytes.Split(b, []byte("\n"))
		for _, line := range lines[:len(lines)-1] {
			line = bytes.TrimSuffix(line, []byte("\r"))
			if len(line) > limit {
				break
			}
			want = append(want, string(line))
		}
		got, _ := linesOf(&pieces{b, int(size%16) + 1}, limit)
		if strings.Join(got, "\n") != strings.Join(want, "\n") || len(got) != len(want) {
			t.Fatalf("lines = %q, want %q", got, want)
		}
	})
}

// pieces reads a few bytes at a time.
type pieces struct {
	b    []byte
	size int
}

func (p *pieces) Read(dst []byte) (int, error) {
	if len(p.b) == 0 {
		return 0, io.EOF
	}
	n := copy(dst, p.b[:min(p.size, len(p.b))])
	p.b = p.b[n:]
	return n, nil
}

func FuzzAnswerID(f *testing.F) {
	for _, s := range []string{
		`{"jsonrpc":"2.0","id":7,"result":{}}`, `{"jsonrpc": "2.0", "id": 7, "error": {}}`,
		`{"jsonrpc":"2.0","id":7,"method":"x"}`, `{"jsonrpc":"2.0","id":07,"result":1}`, `{"jsonrpc":"2.0","id":7.5,"result":1}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		fast, ok := answerID(b)
		if !ok {
			return
		}
		var p process
		frame, err := p.parser.Frame(b)
		if err == nil && (frame.ID != fast || !frame.IsAnswer()) {
			t.Fatalf("answerID(%s) = %d, frame has %d", b, fast, frame.ID)
		}
	})
}
