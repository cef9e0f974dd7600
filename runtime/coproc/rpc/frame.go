package rpc

import (
	"bytes"
	"errors"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxID is the largest id of a JSON-RPC request: above it, languages whose
// numbers are doubles cannot send it back.
const MaxID = 1<<53 - 1

// Errors of [Parser.Frame].
var (
	ErrFrame = errors.New("not a JSON-RPC 2.0 object")
	ErrID    = errors.New("id is not an integer between 0 and 2^53-1")
)

// Frame is one JSON-RPC 2.0 object, taken apart. Its slices point into the
// bytes it was parsed from and hold checked JSON.
type Frame struct {
	Method []byte // of requests and notifications, unescaped
	ID     uint64
	HasID  bool
	Params []byte
	Result []byte // of an answer: exactly one of Result and Error is set
	Error  []byte
}

// IsAnswer reports whether the frame answers a request.
func (f *Frame) IsAnswer() bool { return f.Method == nil }

// Frame checks b and takes it apart. Unknown members are ignored.
func (p *Parser) Frame(b []byte) (Frame, error) {
	if err := p.Check(b); err != nil {
		return Frame{}, err
	}
	m, ok := membersOf(b[skipSpace(b, 0):])
	if !ok {
		return Frame{}, ErrFrame
	}
	return parseFrame(m)
}

func parseFrame(m members) (f Frame, err error) {
	version := false
	for name, value, ok := m.next(); ok; name, value, ok = m.next() {
		switch string(name) {
		case "jsonrpc":
			version = string(value) == `"2.0"`
		case "id":
			f.ID, err = parseID(value)
			f.HasID = true
		case "method":
			if f.Method, ok = textOf(value); !ok {
				return f, ErrFrame
			}
		case "params":
			f.Params = value
		case "result":
			f.Result = value
		case "error":
			f.Error = value
		}
		if err != nil {
			return f, err
		}
	}
	if !version || !f.shaped() {
		return f, ErrFrame
	}
	return f, nil
}

// shaped reports whether the members fit together (JSON-RPC sections 4, 5).
func (f *Frame) shaped() bool {
	if f.Method != nil {
		return f.Result == nil && f.Error == nil
	}
	return f.HasID && (f.Result == nil) != (f.Error == nil)
}

func parseID(value []byte) (uint64, error) {
	n, ok := intOf(value)
	if !ok || n < 0 || n > MaxID {
		return 0, ErrID
	}
	return uint64(n), nil
}

// ErrorObject is the error object of an answer.
type ErrorObject struct {
	Code    int
	Message []byte
	Data    []byte // checked JSON; nil if there is none
}

// ParseFault reads the error of a Frame.
func ParseFault(raw []byte) (ErrorObject, error) {
	m, ok := membersOf(raw)
	if !ok {
		return ErrorObject{}, ErrFrame
	}
	var f ErrorObject
	coded := false
	for name, value, ok := m.next(); ok; name, value, ok = m.next() {
		switch string(name) {
		case "code":
			n, isInt := intOf(value)
			f.Code, coded = int(n), isInt
		case "message":
			f.Message, _ = textOf(value)
		case "data":
			f.Data = value
		}
	}
	if !coded {
		return ErrorObject{}, ErrFrame
	}
	return f, nil
}

// Log is the params of a log notification.
type Log struct {
	Level, Msg, RequestID []byte
	Attrs                 []byte // a checked JSON object; nil if there is none
}

// ParseLog reads the params of a log notification.
func ParseLog(params []byte) (Log, error) {
	m, ok := membersOf(params)
	if !ok {
		return Log{}, ErrFrame
	}
	var l Log
	for name, value, ok := m.next(); ok; name, value, ok = m.next() {
		switch string(name) {
		case "level":
			l.Level, _ = textOf(value)
		case "msg":
			l.Msg, _ = textOf(value)
		case "request_id":
			l.RequestID, _ = textOf(value)
		case "attrs":
			if kindOf(value) == '{' {
				l.Attrs = value
			}
		}
	}
	return l, nil
}

// unquote returns the text of a checked JSON string, given without its
// quotes. It copies only if there is an escape sequence.
func unquote(raw []byte) []byte {
	i := bytes.IndexByte(raw, '\\')
	if i < 0 {
		return raw
	}
	dst := append(make([]byte, 0, len(raw)), raw[:i]...)
	for i < len(raw) {
		if raw[i] != '\\' {
			dst = append(dst, raw[i])
			i++
			continue
		}
		r, n := escaped(raw[i:])
		dst = utf8.AppendRune(dst, r)
		i += max(n, 1)
	}
	return dst
}

// escaped decodes the escape sequence, or surrogate pair, at the start of b
// and returns its length: 0 if it is not valid. An unpaired surrogate yields
// a negative rune, which utf8.AppendRune writes as U+FFFD.
func escaped(b []byte) (r rune, n int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		return escapedUnit(b)
	}
	return 0, 0
}

func escapedUnit(b []byte) (r rune, n int) {
	hi, ok := hexUnit(b)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(hi) {
		return hi, 6
	}
	lo, ok := hexUnit(b[6:])
	if r := utf16.DecodeRune(hi, lo); ok && r != utf8.RuneError {
		return r, 12
	}
	return -1, 6
}

// hexUnit reads one escaped UTF-16 code unit: \u and four hexadecimal digits.
func hexUnit(b []byte) (r rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
