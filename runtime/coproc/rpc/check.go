package rpc

import (
	"errors"
	"hash/maphash"
	"slices"
	"unicode/utf8"
)

// Bounds of a JSON text that a process may send.
const (
	// MaxDepth is the deepest nesting of objects and arrays.
	MaxDepth = 32
	// MaxMembers is the most members of one object. It bounds the search for
	// duplicate names, which is quadratic.
	MaxMembers = 1024
)

// Errors of [Parser.Check].
var (
	ErrSyntax    = errors.New("not valid JSON")
	ErrDepth     = errors.New("JSON nested too deeply")
	ErrDuplicate = errors.New("duplicate name in a JSON object")
	ErrMembers   = errors.New("too many members in a JSON object")
	ErrUTF8      = errors.New("not valid UTF-8")
)

// nameSeed makes the hashes of object names unpredictable for a peer that
// would like to provoke a collision.
var nameSeed = maphash.MakeSeed()

// Parser checks and takes apart what a process sends. It keeps its working
// memory between calls, so that they do not allocate. The zero value is ready
// to use; a Parser is not safe for concurrent use.
type Parser struct {
	names []uint64
}

// Check reports whether b is exactly one JSON value (RFC 8259) within our
// bounds: valid UTF-8, no unpaired surrogate, no name twice in one object,
// nesting up to MaxDepth, and nothing but white space around it.
func (p *Parser) Check(b []byte) error {
	if !utf8.Valid(b) {
		return ErrUTF8
	}
	c := checker{b: b, names: p.names[:0]}
	c.space()
	err := c.value(0)
	p.names = c.names
	if err != nil {
		return err
	}
	c.space()
	if c.i != len(b) {
		return ErrSyntax
	}
	return nil
}

// checker walks a JSON text. names is a stack with the hashed names of all
// open objects.
type checker struct {
	b     []byte
	i     int
	names []uint64
}

func (c *checker) space() { c.i = skipSpace(c.b, c.i) }

// peek returns the byte at the cursor, 0 at the end.
func (c *checker) peek() byte {
	if c.i < len(c.b) {
		return c.b[c.i]
	}
	return 0
}

// take steps over one expected byte.
func (c *checker) take(want byte) bool {
	if c.peek() != want {
		return false
	}
	c.i++
	return true
}

func (c *checker) value(depth int) error {
	switch c.peek() {
	case '{':
		return c.object(depth + 1)
	case '[':
		return c.array(depth + 1)
	case '"':
		_, err := c.text()
		return err
	case 't':
		return c.word("true")
	case 'f':
		return c.word("false")
	case 'n':
		return c.word("null")
	}
	return c.number()
}

func (c *checker) object(depth int) error {
	if depth > MaxDepth {
		return ErrDepth
	}
	c.i++
	base := len(c.names)
	c.space()
	for first := true; !c.take('}'); first = false {
		if !first && !c.take(',') {
			return ErrSyntax
		}
		c.space()
		if err := c.member(base, depth); err != nil {
			return err
		}
		c.space()
	}
	c.names = c.names[:base]
	return nil
}

func (c *checker) member(base, depth int) error {
	name, err := c.text()
	if err != nil {
		return err
	}
	if err := c.remember(base, unquote(name)); err != nil {
		return err
	}
	c.space()
	if !c.take(':') {
		return ErrSyntax
	}
	c.space()
	return c.value(depth)
}

// remember notes a name of the object whose names start at base.
func (c *checker) remember(base int, name []byte) error {
	h := maphash.Bytes(nameSeed, name)
	if slices.Contains(c.names[base:], h) {
		return ErrDuplicate
	}
	if len(c.names)-base >= MaxMembers {
		return ErrMembers
	}
	c.names = append(c.names, h)
	return nil
}

func (c *checker) array(depth int) error {
	if depth > MaxDepth {
		return ErrDepth
	}
	c.i++
	c.space()
	for first := true; !c.take(']'); first = false {
		if !first && !c.take(',') {
			return ErrSyntax
		}
		c.space()
		if err := c.value(depth); err != nil {
			return err
		}
		c.space()
	}
	return nil
}

func (c *checker) word(w string) error {
	if len(c.b)-c.i < len(w) || string(c.b[c.i:c.i+len(w)]) != w {
		return ErrSyntax
	}
	c.i += len(w)
	return nil
}

// number follows the grammar of RFC 8259 section 6.
func (c *checker) number() error {
	c.take('-')
	switch {
	case c.take('0'):
	case !c.digits():
		return ErrSyntax
	}
	if c.take('.') && !c.digits() {
		return ErrSyntax
	}
	if c.peek()|0x20 != 'e' {
		return nil
	}
	c.i++
	if !c.take('+') {
		c.take('-')
	}
	if !c.digits() {
		return ErrSyntax
	}
	return nil
}

// digits steps over digits and reports whether there was one.
func (c *checker) digits() bool {
	start := c.i
	for c.i < len(c.b) && '0' <= c.b[c.i] && c.b[c.i] <= '9' {
		c.i++
	}
	return c.i > start
}

// text steps over a string and returns what is between its quotes.
func (c *checker) text() ([]byte, error) {
	if !c.take('"') {
		return nil, ErrSyntax
	}
	start := c.i
	for c.i < len(c.b) {
		switch b := c.b[c.i]; {
		case b == '"':
			c.i++
			return c.b[start : c.i-1], nil
		case b < ' ':
			return nil, ErrSyntax
		case b == '\\':
			if !c.escape() {
				return nil, ErrSyntax
			}
		default:
			c.i++
		}
	}
	return nil, ErrSyntax
}

// escape steps over one escape sequence, or over two that form a surrogate
// pair.
func (c *checker) escape() bool {
	r, n := escaped(c.b[c.i:])
	c.i += n
	return n > 0 && r >= 0
}
