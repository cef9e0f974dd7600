package sallyport

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// parse reads a frame as gateways write it, several times faster than
// encoding/json, which passes over a body three times. It reports false for
// whatever is unusual. The caller then uses encoding/json, so that one place
// decides what is an error.
func (f *frame) parse(line []byte) bool {
	if hasControl(line) || !utf8.Valid(line) {
		return false
	}
	r := &reader{b: line}
	ok := r.object(func(name string) bool {
		switch name {
		case "id":
			f.ID = new(int64)
			return r.integer(f.ID)
		case "method":
			return r.text(&f.Method)
		case "params":
			return r.object(func(name string) bool { return f.Params.member(r, name) })
		}
		return r.skip()
	})
	r.space()
	return ok && r.i == len(line)
}

// member reads one of the params.
func (p *params) member(r *reader, name string) bool {
	switch name {
	case "hook_type":
		return r.text((*string)(&p.HookType))
	case "hook_name":
		return r.text(&p.HookName)
	case "api_id":
		return r.text(&p.APIID)
	case "request_id":
		return r.text(&p.RequestID)
	case "org_id":
		return r.text(&p.OrgID)
	case "generation":
		var n int64
		ok := r.integer(&n)
		p.Generation = uint64(n)
		return ok && n >= 0
	case "deadline_ms":
		return r.integer(&p.DeadlineMS)
	case "id":
		return r.integer(&p.ID)
	case "request":
		return r.object(func(name string) bool { return p.Request.member(r, name) })
	case "response":
		p.Response = new(carried)
		return r.object(func(name string) bool { return p.Response.member(r, name) })
	case "meta":
		p.Meta = map[string]string{}
		return r.object(func(name string) bool {
			var value string
			ok := r.text(&value)
			p.Meta[name] = value
			return ok
		})
	}
	return p.rare(r, name)
}

// rare reads params that are small, or do not come with every call.
func (p *params) rare(r *reader, name string) bool {
	switch name {
	case "session":
		return r.decode(&p.Session)
	case "event":
		return r.decode(&p.Event)
	case "protocol":
		return r.decode(&p.Protocol)
	case "limits":
		return r.decode(&p.Limits)
	case "hooks":
		return r.decode(&p.Hooks)
	case "sandbox":
		return r.decode(&p.Sandbox)
	case "config_data":
		return r.decode(&p.ConfigData)
	}
	return r.skip()
}

// member reads a member of a request or a reply.
func (c *carried) member(r *reader, name string) bool {
	switch name {
	case "method":
		return r.text(&c.Method)
	case "url":
		return r.text(&c.URL)
	case "scheme":
		return r.text(&c.Scheme)
	case "host":
		return r.text(&c.Host)
	case "remote_addr":
		return r.text(&c.RemoteAddr)
	case "header_list":
		return r.array(func() bool { return r.field(&c.Message.Header) })
	case "body":
		c.Text = new(string)
		return r.text(c.Text)
	case "raw_body":
		return r.base64(&c.Raw)
	case "status_code":
		return r.int(&c.StatusCode)
	case "body_size":
		return r.int(&c.BodySize)
	case "body_truncated":
		return r.decode(&c.Truncated)
	}
	return r.skip()
}

// unescape resolves escapes; it reports false for those that are none, and for
// halves of pairs.
func unescape(text []byte) (string, bool) {
	var out strings.Builder
	out.Grow(len(text))
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 {
			out.Write(text)
			return out.String(), true
		}
		out.Write(text[:i])
		c, size := escape(text[i:])
		if size == 0 {
			return "", false
		}
		out.WriteRune(c)
		text = text[i+size:]
	}
}

// escape reads the escape at the start of text; the size of none is 0.
func escape(text []byte) (c rune, size int) {
	if len(text) < 2 {
		return 0, 0
	}
	switch text[1] {
	case '"', '\\', '/':
		return rune(text[1]), 2
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
	}
	c, ok := unicodeEscape(text)
	switch {
	case !ok:
		return 0, 0
	case !utf16.IsSurrogate(c):
		return c, 6
	}
	low, ok := unicodeEscape(text[6:])
	if c = utf16.DecodeRune(c, low); !ok || c == utf8.RuneError {
		return 0, 0
	}
	return c, 12
}

// unicodeEscape reads one escaped UTF-16 code unit: \u and four hexadecimal digits.
func unicodeEscape(text []byte) (c rune, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	for _, d := range text[2:6] {
		switch {
		case '0' <= d && d <= '9':
			d -= '0'
		case 'a' <= d && d <= 'f':
			d -= 'a' - 10
		case 'A' <= d && d <= 'F':
			d -= 'A' - 10
		default:
			return 0, false
		}
		c = c<<4 | rune(d)
	}
	return c, true
}

// hasControl reports whether text has bytes that JSON allows only between
// values, and gateways write nowhere. It looks at eight at a time.
func hasControl(text []byte) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for len(text) >= 8 {
		w := binary.LittleEndian.Uint64(text)
		if (w-ones*' ')&^w&tops != 0 {
			return true
		}
		text = text[8:]
	}
	for _, c := range text {
		if c < ' ' {
			return true
		}
	}
	return false
}
