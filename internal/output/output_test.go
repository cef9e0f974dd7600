package output_test

import (
	"strings"
	"testing"

	"github.com/c386954a/sallyport/internal/output"
)

func TestSizesAreShort(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 1023: "1023 bytes", 1024: "1 KiB", 1536: "1.5 KiB", 64 << 10: "64 KiB", 5 << 20 / 2: "2.5 MiB", 3 << 30: "3072 MiB"} {
		if got := output.Bytes(n); got != want {
			t.Errorf("output.Bytes(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestATailCountsEverythingAndKeepsTheEnd(t *testing.T) {
	var tail output.Tail
	if tail.String() != "" || tail.Below() != "" {
		t.Errorf("an empty tail is %q and %q", tail.String(), tail.Below())
	}
	for range 3 {
		if n, err := tail.Write([]byte(strings.Repeat("x", 3000))); n != 3000 || err != nil {
			t.Errorf("Write() = %d, %v", n, err)
		}
	}
	_, _ = tail.Write([]byte("the end\n"))
	if got := tail.String(); len(got) >= 5000 || !strings.HasSuffix(got, "xthe end") || tail.Below() != "\n"+got {
		t.Errorf("%d bytes are kept: %q", len(got), got)
	}
	if tail.Written() != 9008 {
		t.Errorf("Written() = %d, want 9008", tail.Written())
	}
}
