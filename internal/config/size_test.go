package config

import (
	"errors"
	"testing"
)

func TestParseSize(t *testing.T) {
	tests := []struct {
		in   string
		want int64
		err  error
	}{
		{"0", 0, nil},
		{"4096", 4096, nil},
		{"7B", 7, nil},
		{"1KB", 1000, nil},
		{"64KiB", 64 << 10, nil},
		{"1MB", 1e6, nil},
		{"16MiB", 16 << 20, nil},
		{"16 MiB", 16 << 20, nil},
		{"2GB", 2e9, nil},
		{"1GiB", 1 << 30, nil},
		{"8589934591GiB", 8589934591 << 30, nil},

		{"", 0, errSize},
		{"MiB", 0, errSize},
		{"16mib", 0, errSize},
		{"16M", 0, errSize},
		{"16TiB", 0, errSize},
		{"1.5MiB", 0, errSize},
		{"-1MiB", 0, errSize},
		{"+1MiB", 0, errSize},
		{"1  MiB", 0, errSize},
		{" 1MiB", 0, errSize},
		{"1MiB ", 0, errSize},
		{"0x10", 0, errSize},
		{"1_000", 0, errSize},
		{"8589934592GiB", 0, errTooMany},
		{"9223372036854775808", 0, errTooMany},
		{"99999999999999999999KB", 0, errTooMany},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, err := parseSize(tt.in)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("parseSize(%q) = %d, %v, want %d, %v", tt.in, got, err, tt.want, tt.err)
			}
		})
	}
}

func TestFormatSizeReadsBack(t *testing.T) {
	for _, n := range []int64{0, 1, 1000, 1024, 1536, 64 << 10, 1 << 20, 3 << 30} {
		s := formatSize(n)
		if got, err := parseSize(s); err != nil || got != n {
			t.Errorf("parseSize(formatSize(%d)) = %d, %v; it was %q", n, got, err, s)
		}
	}
}

func TestSizeHint(t *testing.T) {
	const example = "write a whole number and a unit: `64KiB`, `16MiB`, `1GiB`"
	tests := map[string]string{
		"16mib":   "did you mean `16MiB`?",
		"16 Mb":   "did you mean `16MB`?",
		"1gb":     "did you mean `1GB`?",
		"16M":     example,
		"1.5MiB":  example,
		"lots":    example,
		"":        example,
		"mib":     example,
		"16 apes": example,
	}
	for in, want := range tests {
		if got := sizeHint(in); got != want {
			t.Errorf("sizeHint(%q) = %q, want %q", in, got, want)
		}
	}
}
