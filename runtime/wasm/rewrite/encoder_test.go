package rewrite_test

import "slices"

// Value types and instructions by their names in the text format.
const (
	i32, i64, f32, f64, v128  = 0x7f, 0x7e, 0x7d, 0x7c, 0x7b
	funcref, externref        = 0x70, 0x6f
	unreachable, nop          = 0x00, 0x01
	block, loop, ifOp, elseOp = 0x02, 0x03, 0x04, 0x05
	end, br, brIf, brTable    = 0x0b, 0x0c, 0x0d, 0x0e
	ret, call, callIndirect   = 0x0f, 0x10, 0x11
	returnCall                = 0x12
	returnCallIndirect        = 0x13
	drop                      = 0x1a
	localGet, localSet        = 0x20, 0x21
	localTee                  = 0x22
	globalGet, globalSet      = 0x23, 0x24
	tableGet, tableSet        = 0x25, 0x26
	i32Load, i32Store         = 0x28, 0x36
	i32Load8U, i32Store8      = 0x2d, 0x3a
	memorySize, memoryGrow    = 0x3f, 0x40
	i32Const, i64Const        = 0x41, 0x42
	i32Eqz, i32LtS, i32GeS    = 0x45, 0x48, 0x4e
	i32LtU                    = 0x49
	i32Add, i32Sub            = 0x6a, 0x6b
	refNull, refFunc          = 0xd0, 0xd2
	misc                      = 0xfc
	empty                     = 0x40
)

// encoder builds a module section by section. The zero value is an empty
// module; what is set to nil is left out.
type encoder struct {
	types, imports, funcs, tables, memories, globals, exports, elems, code, data [][]byte

	start     []byte
	dataCount []byte
	names     []byte // payload of the name section
	extra     []byte // whole sections, put in front
}

func u32(v int) []byte {
	var b []byte
	for ; v >= 0x80; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}

func s32(v int) []byte {
	var b []byte
	for ; v < -64 || v > 63; v >>= 7 {
		b = append(b, byte(v)&0x7f|0x80)
	}
	return append(b, byte(v)&0x7f)
}

func sized(b []byte) []byte { return append(u32(len(b)), b...) }

// cat joins opcodes (ints) and encoded parts.
func cat(parts ...any) []byte {
	var b []byte
	for _, part := range parts {
		switch v := part.(type) {
		case int:
			b = append(b, byte(v))
		case []byte:
			b = append(b, v...)
		}
	}
	return b
}

func konst(v int) []byte { return cat(i32Const, s32(v)) }

// typ returns the index of a signature.
func (e *encoder) typ(params, results []byte) int {
	t := cat(0x60, sized(params), sized(results))
	for i, known := range e.types {
		if slices.Equal(known, t) {
			return i
		}
	}
	e.types = append(e.types, t)
	return len(e.types) - 1
}

// importFunc adds an imported function; it comes before all others.
func (e *encoder) importFunc(module, name string, params, results []byte) {
	e.imports = append(e.imports, cat(sized([]byte(module)), sized([]byte(name)), 0, u32(e.typ(params, results))))
}

// fn adds a function; locals are declared one by one. A name exports it.
func (e *encoder) fn(name string, params, results, locals []byte, body ...any) int {
	index := len(e.imports) + len(e.funcs)
	e.funcs = append(e.funcs, u32(e.typ(params, results)))
	decl := u32(len(locals))
	for _, l := range locals {
		decl = append(decl, 1, l)
	}
	e.code = append(e.code, sized(cat(decl, cat(body...), end)))
	if name != "" {
		e.export(name, 0, index)
	}
	return index
}

func (e *encoder) export(name string, kind, index int) {
	e.exports = append(e.exports, cat(sized([]byte(name)), kind, u32(index)))
}

func (e *encoder) memory(minimum int) { e.memories = append(e.memories, cat(0, u32(minimum))) }

func (e *encoder) memoryMax(minimum, maximum int) {
	e.memories = append(e.memories, cat(1, u32(minimum), u32(maximum)))
}

func (e *encoder) global(typ, mutable int, init []byte) int {
	e.globals = append(e.globals, cat(typ, mutable, init, end))
	return len(e.globals) - 1
}

func (e *encoder) segment(offset int, bytes string) {
	e.data = append(e.data, cat(0, konst(offset), end, sized([]byte(bytes))))
}

func (e *encoder) build() []byte {
	out := []byte("\x00asm\x01\x00\x00\x00")
	out = append(out, e.extra...)
	section := func(id int, payload []byte) {
		if payload != nil {
			out = append(out, cat(id, sized(payload))...)
		}
	}
	vector := func(id int, items [][]byte) {
		if items != nil {
			section(id, append(u32(len(items)), slices.Concat(items...)...))
		}
	}
	vector(1, e.types)
	vector(2, e.imports)
	vector(3, e.funcs)
	vector(4, e.tables)
	vector(5, e.memories)
	vector(6, e.globals)
	vector(7, e.exports)
	section(8, e.start)
	vector(9, e.elems)
	section(12, e.dataCount)
	vector(10, e.code)
	vector(11, e.data)
	if e.names != nil {
		section(0, cat(sized([]byte("name")), e.names))
	}
	return out
}
