package config

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

var (
	errSize    = errors.New("not a size")
	errTooMany = errors.New("more than a size can hold")
)

// units of sizes, largest first: 1 KB is 1000 bytes, 1 KiB is 1024.
var units = []struct {
	name  string
	bytes int64
}{
	{"GiB", 1 << 30},
	{"GB", 1e9},
	{"MiB", 1 << 20},
	{"MB", 1e6},
	{"KiB", 1 << 10},
	{"KB", 1e3},
	{"B", 1},
}

// parseSize returns the bytes a size stands for: a whole number and a unit,
// with or without a space between, or a plain number of bytes.
func parseSize(s string) (int64, error) {
	digits := strings.TrimRight(s, "BGKMi")
	unit, ok := unitOf(s[len(digits):])
	if !ok {
		return 0, errSize
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(digits, " "), 10, 63)
	if errors.Is(err, strconv.ErrRange) {
		return 0, errTooMany
	}
	if err != nil {
		return 0, errSize
	}
	if int64(n) > math.MaxInt64/unit {
		return 0, errTooMany
	}
	return int64(n) * unit, nil
}

// unitOf returns the bytes of a unit; no unit is one byte.
func unitOf(name string) (int64, bool) {
	for _, u := range units {
		if u.name == name {
			return u.bytes, true
		}
	}
	return 1, name == ""
}

// formatSize returns n in the largest binary unit that divides it.
func formatSize(n int64) string {
	for _, u := range units {
		if n > 0 && u.bytes&(u.bytes-1) == 0 && u.bytes > 1 && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

// sizeHint returns what to write instead of s, which is not a size.
func sizeHint(s string) string {
	digits := strings.TrimRight(strings.ToLower(s), "bgkmi ")
	for _, u := range units {
		if strings.TrimSpace(strings.ToLower(s)[len(digits):]) == strings.ToLower(u.name) {
			if _, err := parseSize(digits + u.name); err == nil {
				return "did you mean `" + digits + u.name + "`?"
			}
		}
	}
	return "write a whole number and a unit: `64KiB`, `16MiB`, `1GiB`"
}
