package plugintool

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/internal/output"
)

func TestWordsAreQuotedForAShellOnlyIfNeeded(t *testing.T) {
	for word, want := range map[string]string{
		"-O2": "-O2", "a/b.c": "a/b.c", "A=1": "A=1", "": "''", "-ldflags=-s -w": "'-ldflags=-s -w'", "it's": `'it'\''s'`, "$HOME": "'$HOME'",
	} {
		if got := quoteWord(word); got != want {
			t.Errorf("quoteWord(%q) = %s, want %s", word, got, want)
		}
	}
}

func TestSizesAreShort(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 1023: "1023 bytes", 1024: "1 KiB", 1536: "1.5 KiB", 64 << 10: "64 KiB", 5 << 20 / 2: "2.5 MiB", 3 << 30: "3072 MiB"} {
		if got := output.Bytes(n); got != want {
			t.Errorf("output.Bytes(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestModuleThatCannotBeRestoredSaysWhy(t *testing.T) {
	limit := int64(32 << 20)
	m := &moduleReport{
		Memory:  memoryReport{MinBytes: 1 << 20, MaxBytes: &limit},
		Reasons: []string{"table.set in function 3 (offset 0x40)", "mutable global 2 is of type funcref"},
	}
	var b bytes.Buffer
	m.print(&rows{out: &b})
	for _, want := range []string{
		"memory      1 MiB to begin with, at most 32 MiB\n",
		"restorable  no: every request gets a new instance\n            table.set in function 3 (offset 0x40)\n            mutable global 2 is of type funcref\n",
		"imports     none\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, b.String())
		}
	}
}

func TestLongRowsAreWrappedBesideTheirLabel(t *testing.T) {
	var b bytes.Buffer
	row := &rows{out: &b}
	row.row("imports", "%s", strings.Repeat("word ", 40))
	for line := range strings.Lines(b.String()) {
		if len(line) > labelWidth+textWidth+1 {
			t.Errorf("a line has %d characters", len(line))
		}
	}
	if n := strings.Count(b.String(), "word"); n != 40 {
		t.Errorf("%d words printed, want 40", n)
	}
}

func TestLogLinesShowWhatAnAuthorWantsToSee(t *testing.T) {
	for _, tt := range []struct{ name, event, want string }{
		{"output", `{"level":"info","plugin":"p","line":"hello","message":"plugin output"}`, "      log: hello\n"},
		{"warning", `{"level":"warn","error":"too many","message":"dropped"}`, "      warn: dropped: too many\n"},
		{
			"fault", `{"level":"warn","kind":"trap","error":"pre: unreachable\nwasm stack trace:\n\t.$1(i32) i32\n","message":"plugin fault"}`,
			"      fault trap: pre: unreachable\n",
		},
		{
			"fault with names", `{"level":"warn","kind":"trap","error":"pre: unreachable\nwasm stack trace:\n\t.hello(i32) i32\n\t.$2()","message":"plugin fault"}`,
			"      fault trap: pre: unreachable\n        wasm stack trace:\n        .hello(i32) i32\n",
		},
		{"no event", "garbage\n", "      log: garbage\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			parseLogLine([]byte(tt.event)).print(&b, output.Paint{})
			if diff := cmp.Diff(tt.want, b.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
