//go:build wasip1

package main

// span is a part of a text.
type span struct{ from, to int }

// none reports whether there is no such part: a text in JSON begins after a
// quote.
func (s span) none() bool { return s.from == 0 }

// member finds the text of a member of a JSON object, not of one inside it.
func member(json []byte, name string) span {
	depth := 0
	for i := 0; i < len(json); i++ {
		switch json[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			from := i + 1
			i = textEnd(json, from)
			if depth != 1 || string(json[from:i]) != name {
				continue
			}
			colon := skipSpace(json, i+1)
			if colon == len(json) || json[colon] != ':' {
				continue // the text was a value
			}
			value := skipSpace(json, colon+1)
			if value == len(json) || json[value] != '"' {
				return span{}
			}
			return span{value + 1, textEnd(json, value+1)}
		}
	}
	return span{}
}

// textEnd returns where the text that begins before i ends: at its quote.
func textEnd(json []byte, i int) int {
	for i < len(json) && json[i] != '"' {
		if json[i] == '\\' {
			i++
		}
		i++
	}
	return min(i, len(json))
}

func skipSpace(json []byte, i int) int {
	for i < len(json) && (json[i] == ' ' || json[i] == '\n' || json[i] == '\r' || json[i] == '\t') {
		i++
	}
	return i
}
