package syntax

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// groups returns the first line with too many opening brackets.
func groups(text string) (int, string) {
	count, start := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '(':
			if count++; count > maxGroups {
				return start, longPattern
			}
		case '\n':
			count, start = 0, i+1
		}
	}
	return -1, ""
}

// blank skips white space and ends of lines.
func (n *nesting) blank() bool {
	r, size := rune(n.text[n.at]), 1
	if r >= utf8.RuneSelf {
		r, size = utf8.DecodeRuneInString(n.text[n.at:])
	}
	if !isBlank(r) {
		return false
	}
	n.line = n.line || endsLine(r)
	n.at += size
	return true
}

// isBlank reports whether otto's lexer skips r.
func isBlank(r rune) bool {
	return r == ' ' || r >= '\t' && r <= '\r' || r >= utf8.RuneSelf && (r == '\ufeff' || unicode.IsSpace(r))
}

func endsLine(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' }

// blankHere reports whether white space beyond ASCII begins here.
func (n *nesting) blankHere() bool {
	if n.text[n.at] < utf8.RuneSelf {
		return false
	}
	r, _ := utf8.DecodeRuneInString(n.text[n.at:])
	return isBlank(r)
}

// comment skips a comment.
func (n *nesting) comment() bool {
	rest := n.text[n.at:]
	switch {
	case strings.HasPrefix(rest, "//"):
		if i := strings.IndexFunc(rest, endsLine); i >= 0 {
			n.at += i
			return true
		}
	case strings.HasPrefix(rest, "/*"):
		if i := strings.Index(rest[2:], "*/"); i >= 0 {
			n.at += 2 + i + 2
			return true
		}
	default:
		return false
	}
	n.at = len(n.text)
	return true
}

// quoted skips a string or a regular expression, which end with their line.
func (n *nesting) quoted(end byte) {
	class := false
	for n.at++; n.at < len(n.text); n.at++ {
		switch c := n.text[n.at]; {
		case c == '\\':
			n.at++
			if strings.HasPrefix(n.text[min(n.at, len(n.text)):], "\r\n") {
				n.at++
			}
		case c == '\n' || c == '\r' || c >= utf8.RuneSelf && n.lineEnds():
			return
		case end == '/' && c == '[':
			class = true
		case end == '/' && c == ']':
			class = false
		case c == end && !class:
			n.at++
			return
		}
	}
	n.at = min(n.at, len(n.text))
}

// lineEnds reports whether a line ends here by a character beyond ASCII.
func (n *nesting) lineEnds() bool {
	r, _ := utf8.DecodeRuneInString(n.text[n.at:])
	return endsLine(r)
}
