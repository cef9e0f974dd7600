package proxy

import "bytes"

// cleanPath returns the path that an upstream will understand: escapes
// resolved, empty and dot segments removed. Routes are looked up by it, so
// that "/%61dmin" or "/x/..//admin" cannot reach an upstream past the API
// that guards "/admin"; the bytes sent stay those received. An escaped slash
// stays escaped, for it separates nothing. buf is used when path is not clean
// already.
func cleanPath(path, buf []byte) []byte {
	if isClean(path) {
		return path
	}
	out := buf[:0]
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c == '%' && i+2 < len(path) {
			if v, ok := unhex(path[i+1], path[i+2]); ok && v != '/' {
				c = v
				i += 2
			}
		}
		if c == '/' {
			out = endSegment(out)
		}
		out = append(out, c)
		if c == '/' && len(out) > 1 && out[len(out)-2] == '/' {
			out = out[:len(out)-1]
		}
	}
	return endSegment(out)
}

// endSegment resolves the last segment of out if it is a dot segment. What is
// left ends with a slash where one was removed.
func endSegment(out []byte) []byte {
	slash := bytes.LastIndexByte(out, '/')
	switch string(out[slash+1:]) {
	case ".":
		return out[:slash+1]
	case "..":
		if slash <= 0 {
			return out[:slash+1]
		}
		return out[:bytes.LastIndexByte(out[:slash], '/')+1]
	}
	return out
}

// isClean reports whether path has no escape, no empty segment and no segment
// that starts with a dot.
func isClean(path []byte) bool {
	for i, c := range path {
		if c == '%' {
			return false
		}
		if c == '/' && i+1 < len(path) && (path[i+1] == '/' || path[i+1] == '.') {
			return false
		}
	}
	return true
}

func unhex(a, b byte) (byte, bool) {
	hi, lo := hexDigit(a), hexDigit(b)
	return hi<<4 | lo, hi < 16 && lo < 16
}

// hexDigit returns the value of a hexadecimal digit, or 255.
func hexDigit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}
