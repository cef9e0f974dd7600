package tyk

import (
	"strconv"
	"strings"
)

// usedNames are those that are taken.
type usedNames map[string]bool

// maxName is a little less than what the configuration takes.
const maxName = 120

// take returns name, or name with a number where it is taken.
func (n usedNames) take(name string) string {
	free := name
	for i := 2; n[free]; i++ {
		free = name + "." + strconv.Itoa(i)
	}
	n[free] = true
	return free
}

// printable returns s without what a name must not have.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '-'
		}
		return r
	}, strings.ToValidUTF8(strings.TrimSpace(s), "-"))
	return cut(s, maxName)
}

// slug returns s as part of the name of a plugin or a file.
func slug(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' || r == '.':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	out := cut(strings.Trim(b.String(), "-."), maxName/3)
	if out == "" {
		return "x"
	}
	return out
}

// cut returns at most n bytes of s, whole characters only.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
