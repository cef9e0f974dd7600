package h1

import (
	"bytes"
	"strconv"

	"github.com/c386954a/sallyport/abi"
)

// CutLine returns the first line of b without its end, and what follows.
func CutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return b, nil
	}
	line, rest = b[:i], b[i+1:]
	if i > 0 && line[i-1] == '\r' {
		line = line[:i-1]
	}
	return line, rest
}

// CutField splits a field line. It accepts neither white space before the
// colon nor a line that continues another (RFC 9112 sections 5.1 and 5.2).
func CutField(line []byte) (name, value []byte, ok bool) {
	i := bytes.IndexByte(line, ':')
	if i <= 0 || !abi.ValidName(line[:i]) {
		return nil, nil, false
	}
	return line[:i], Trim(line[i+1:]), true
}

// ParseLength reads a Content-Length, which must consist of digits only.
func ParseLength(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// AppendLine appends a line that consists of start and value.
func AppendLine(dst []byte, start string, value []byte) []byte {
	dst = append(dst, start...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}

// AppendField appends a field line.
func AppendField(dst, name, value []byte) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}

// AppendLength appends a Content-Length line.
func AppendLength(dst []byte, n int64) []byte {
	dst = append(dst, "Content-Length: "...)
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, "\r\n"...)
}

// Bodiless reports whether a reply of this status never has a body.
func Bodiless(status int) bool { return status < 200 || status == 204 || status == 304 }
