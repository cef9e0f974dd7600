package rewrite

import "strings"

// valueType is the byte that encodes a type of WebAssembly 2.0.
type valueType byte

const (
	typeI32       valueType = 0x7f
	typeI64       valueType = 0x7e
	typeF32       valueType = 0x7d
	typeF64       valueType = 0x7c
	typeV128      valueType = 0x7b
	typeFuncref   valueType = 0x70
	typeExternref valueType = 0x6f

	typeFunction = 0x60
	typeEmpty    = 0x40
)

// String returns the type's name in the text format.
func (t valueType) String() string {
	switch t {
	case typeI32:
		return "i32"
	case typeI64:
		return "i64"
	case typeF32:
		return "f32"
	case typeF64:
		return "f64"
	case typeV128:
		return "v128"
	case typeFuncref:
		return "funcref"
	case typeExternref:
		return "externref"
	}
	return "unknown"
}

func (t valueType) known() bool   { return t >= typeV128 && t <= typeI32 || t.reference() }
func (t valueType) numeric() bool { return t >= typeF64 && t <= typeI32 }
func (t valueType) reference() bool {
	return t == typeFuncref || t == typeExternref
}

// slots returns how many 8-byte slots of a native frame a value takes.
func (t valueType) slots() uint32 {
	if t == typeV128 {
		return 2
	}
	return 1
}

// feature returns the feature that brought the type.
func (t valueType) feature() feature {
	switch t {
	case typeV128:
		return featSIMD
	case typeExternref:
		return featReferenceTypes
	}
	return 0
}

// funcType is a function's signature. The slices are views of the module.
type funcType struct {
	params  []byte
	results []byte
}

// String returns the signature as "(i32, i64) -> (i32)".
func (t funcType) String() string {
	return "(" + typeList(t.params) + ") -> (" + typeList(t.results) + ")"
}

func typeList(types []byte) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = valueType(t).String()
	}
	return strings.Join(names, ", ")
}

// globalType is the type of a global.
type globalType struct {
	value   valueType
	mutable bool
}

// String returns the type as "i32" or "mut i32".
func (t globalType) String() string {
	if t.mutable {
		return "mut " + t.value.String()
	}
	return t.value.String()
}

// valueType reads one value type and notes its feature.
func (p *moduleParser) valueType() valueType {
	start := p.pos
	t := valueType(p.byte())
	if p.err == nil && !t.known() {
		p.badType(start, byte(t))
	}
	p.features |= t.feature()
	return t
}

// badType refuses types of later proposals by name.
func (p *moduleParser) badType(offset int, t byte) {
	switch {
	case t == 0x69:
		p.refuse(offset, "exception handling (exnref) is not supported")
	case t == 0x63 || t == 0x64:
		p.refuse(offset, "typed function references are not supported")
	case t >= 0x65 && t <= 0x74:
		p.refuse(offset, "garbage collection (type %#x) is not supported", t)
	default:
		p.malformed(offset, "unknown value type %#x", t)
	}
}

// valueTypes reads a vector of value types as a view.
func (p *moduleParser) valueTypes() []byte {
	n := p.count(1)
	start := p.pos
	for range n {
		p.valueType()
	}
	return p.b[start:p.pos:p.pos]
}

// referenceType reads funcref or externref.
func (p *moduleParser) referenceType() valueType {
	start := p.pos
	t := p.valueType()
	if p.err == nil && !t.reference() {
		p.malformed(start, "%v is not a reference type", t)
	}
	return t
}

// globalType reads the type of a global.
func (p *moduleParser) globalType() globalType {
	t := globalType{value: p.valueType()}
	start := p.pos
	switch p.byte() {
	case 0:
	case 1:
		t.mutable = true
	default:
		p.malformed(start, "mutability is neither 0 nor 1")
	}
	return t
}

// sizeLimits are the bounds of a table or a memory.
type sizeLimits struct {
	min    uint32
	max    uint32
	hasMax bool
}

// sizeLimits reads the bounds of a table or a memory, the only places where the
// flags of the threads and the 64-bit proposals appear.
func (p *moduleParser) limits(what string) sizeLimits {
	start := p.pos
	flags := p.byte()
	switch {
	case flags&^0x07 != 0:
		p.malformed(start, "unknown limits flags %#x", flags)
	case flags&0x04 != 0:
		p.refuse(start, "64-bit %s is not supported", what)
	case flags&0x02 != 0:
		p.refuse(start, "shared %s is not supported", what)
	}
	l := sizeLimits{min: p.u32(), hasMax: flags&0x01 != 0}
	if !l.hasMax {
		return l
	}
	l.max = p.u32()
	if p.err == nil && l.min > l.max {
		p.malformed(start, "%s minimum %d is above its maximum %d", what, l.min, l.max)
	}
	return l
}
