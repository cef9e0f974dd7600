package rewrite

import (
	"fmt"
	"unicode/utf8"
)

// cursor reads a module from front to back and never beyond end. The first
// failure sticks: later reads return zero values and stay in place, so a caller
// may read several values and look at err once, before it acts on them.
type cursor struct {
	b   []byte
	pos int
	end int
	err *ModuleError

	section string
	fn      int
	op      int
}

func newCursor(b []byte) *cursor {
	return &cursor{b: b, end: len(b), fn: -1, op: -1}
}

// malformed records that the bytes at offset break the format.
func (c *cursor) malformed(offset int, format string, args ...any) {
	c.fail(ErrMalformed, offset, format, args...)
}

// refuse records that the bytes at offset ask for something not supported.
func (c *cursor) refuse(offset int, format string, args ...any) {
	c.fail(ErrUnsupported, offset, format, args...)
}

func (c *cursor) fail(kind error, offset int, format string, args ...any) {
	if c.err != nil {
		return
	}
	c.err = &ModuleError{
		Section: c.section, Function: c.fn, Offset: offset, Opcode: c.op,
		Reason: fmt.Sprintf(format, args...), kind: kind,
	}
}

func (c *cursor) rest() int { return c.end - c.pos }

func (c *cursor) byte() byte {
	if c.err != nil || c.pos >= c.end {
		c.malformed(c.pos, "unexpected end")
		return 0
	}
	v := c.b[c.pos]
	c.pos++
	return v
}

// bytes returns the next n bytes as a view.
func (c *cursor) bytes(n int) []byte {
	if c.err != nil || n < 0 || n > c.rest() {
		c.malformed(c.pos, "%d bytes wanted, %d left", n, c.rest())
		return nil
	}
	v := c.b[c.pos : c.pos+n : c.pos+n]
	c.pos += n
	return v
}

// u32 reads an unsigned LEB128 of at most five bytes.
func (c *cursor) u32() uint32 {
	start := c.pos
	var v uint32
	for shift := 0; shift < 35; shift += 7 {
		b := c.byte()
		if shift == 28 && b > 0x0f {
			break
		}
		v |= uint32(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	c.malformed(start, "integer longer than 32 bits")
	return 0
}

// signed reads a signed LEB128 of at most width bits.
func (c *cursor) signed(width int) int64 {
	start := c.pos
	var v int64
	for shift := 0; shift < width; shift += 7 {
		b := c.byte()
		v |= int64(b&0x7f) << shift
		if b >= 0x80 {
			continue
		}
		if unused := shift + 7 - width; unused > 0 && !signExtended(b, 7-unused) {
			break
		}
		if shift+7 < 64 {
			v = v << (57 - shift) >> (57 - shift)
		}
		return v
	}
	c.malformed(start, "integer longer than %d bits", width)
	return 0
}

// signExtended reports whether the bits of a last LEB128 byte above its used
// ones all repeat the sign.
func signExtended(b byte, used int) bool {
	top := int8(b<<1) >> used
	return top == 0 || top == -1
}

// count reads the length of a vector whose elements take at least size bytes
// each, so that no hostile count can make us allocate more than the module's
// own length.
func (c *cursor) count(size int) int {
	start := c.pos
	n := c.u32()
	if uint64(n)*uint64(size) > uint64(c.rest()) {
		c.malformed(start, "%d elements announced, %d bytes left", n, c.rest())
		return 0
	}
	return int(n)
}

// index reads an index and checks it against the count of what it points to.
func (c *cursor) index(space string, count int) int {
	start := c.pos
	n := c.u32()
	if c.err == nil && uint64(n) >= uint64(count) {
		c.malformed(start, "%s index %d out of range (the module has %d)", space, n, count)
		return 0
	}
	return int(n)
}

// name reads a length-prefixed UTF-8 string.
func (c *cursor) name() string {
	start := c.pos
	b := c.bytes(c.count(1))
	if !utf8.Valid(b) {
		c.malformed(start, "name is not valid UTF-8")
		return ""
	}
	return string(b)
}
