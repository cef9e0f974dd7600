// Package wasmtest makes guests for tests: small binaries instruction by
// instruction, and whole Go programs. What attacks the gateway on purpose is
// made with it, too, so that it does not import the testing package.
package wasmtest

import "slices"

// Module is a WebAssembly binary in the making. All functions are without
// parameters and return an i32.
type Module struct {
	pages     uint32 // of memory; its maximum is not limited
	noMemory  bool
	types     [][]byte
	imports   [][]byte
	functions []uint32 // types
	bodies    [][]byte
	exports   [][]byte
	data      [][]byte
}

// Value types.
const (
	I32 byte = 0x7f
	I64 byte = 0x7e
)

// New returns a module with an exported memory of the given pages.
func New(pages uint32) *Module { return &Module{pages: pages} }

// WithoutMemory takes the memory out of the module.
func (m *Module) WithoutMemory() *Module {
	m.noMemory = true
	return m
}

// Import adds an imported function with n i32 parameters and a result and
// returns its index. All imports come before the first Func.
func (m *Module) Import(module, name string, n int, result byte) uint32 {
	return m.ImportOf(module, name, slices.Repeat([]byte{I32}, n), result)
}

// ImportOf is [Module.Import] with parameters of any type; result 0 is none.
func (m *Module) ImportOf(module, name string, params []byte, result byte) uint32 {
	m.imports = append(m.imports, slices.Concat(
		text(module), text(name), []byte{0}, u32(m.typeOf(params, result)),
	))
	return uint32(len(m.imports) - 1)
}

// Count returns the number of functions so far, imports included: the index
// of the next.
func (m *Module) Count() uint32 { return uint32(len(m.imports) + len(m.functions)) }

// Func adds a function () -> i32, exports it if it has a name, and returns
// its index.
func (m *Module) Func(export string, code ...[]byte) uint32 {
	return m.function(export, m.typeOf(nil, I32), code)
}

// Proc adds a function () -> () in the same way.
func (m *Module) Proc(export string, code ...[]byte) uint32 {
	return m.function(export, m.typeOf(nil, 0), code)
}

func (m *Module) function(export string, typ uint32, code [][]byte) uint32 {
	index := m.Count()
	m.functions = append(m.functions, typ)
	locals := []byte{0}
	body := slices.Concat(locals, slices.Concat(code...), []byte{0x0b})
	m.bodies = append(m.bodies, slices.Concat(u32(uint32(len(body))), body))
	if export != "" {
		m.exports = append(m.exports, slices.Concat(text(export), []byte{0}, u32(index)))
	}
	return index
}

// Data puts bytes into the memory at an offset.
func (m *Module) Data(offset uint32, b string) *Module {
	m.data = append(m.data, slices.Concat([]byte{0}, Const(int32(offset)), []byte{0x0b}, text(b)))
	return m
}

// Bytes returns the binary.
func (m *Module) Bytes() []byte {
	b := []byte("\x00asm\x01\x00\x00\x00")
	exports := m.exports
	var types, memory [][]byte
	for _, t := range m.functions {
		types = append(types, u32(t))
	}
	if !m.noMemory {
		memory = [][]byte{slices.Concat([]byte{0}, u32(m.pages))}
		exports = append(exports, slices.Concat(text("memory"), []byte{2, 0}))
	}
	for _, s := range []struct {
		id    byte
		items [][]byte
	}{
		{1, m.types},
		{2, m.imports},
		{3, types},
		{5, memory},
		{7, exports},
		{10, m.bodies},
		{11, m.data},
	} {
		b = append(b, section(s.id, s.items)...)
	}
	return b
}

// typeOf returns the index of a function type; result 0 is none.
func (m *Module) typeOf(params []byte, result byte) uint32 {
	results := []byte{0}
	if result != 0 {
		results = []byte{1, result}
	}
	t := slices.Concat([]byte{0x60}, u32(uint32(len(params))), params, results)
	i := slices.IndexFunc(m.types, func(u []byte) bool { return slices.Equal(t, u) })
	if i < 0 {
		i = len(m.types)
		m.types = append(m.types, t)
	}
	return uint32(i)
}

func section(id byte, items [][]byte) []byte {
	if len(items) == 0 {
		return nil
	}
	content := slices.Concat(u32(uint32(len(items))), slices.Concat(items...))
	return slices.Concat([]byte{id}, u32(uint32(len(content))), content)
}

func text(s string) []byte { return append(u32(uint32(len(s))), s...) }

// u32 encodes an unsigned LEB128 number.
func u32(n uint32) []byte {
	var b []byte
	for n >= 0x80 {
		b = append(b, byte(n)|0x80)
		n >>= 7
	}
	return append(b, byte(n))
}

// Const pushes a number.
func Const(n int32) []byte {
	b := []byte{0x41}
	for {
		low := byte(n) & 0x7f
		n >>= 7
		if (n == 0 && low&0x40 == 0) || (n == -1 && low&0x40 != 0) {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}

// Call calls a function with constant arguments and leaves its result.
func Call(index uint32, args ...int32) []byte {
	var b []byte
	for _, n := range args {
		b = append(b, Const(n)...)
	}
	return slices.Concat(b, []byte{0x10}, u32(index))
}

// Drop removes the value on top of the stack.
func Drop() []byte { return []byte{0x1a} }

// Store writes the i32 that code leaves to an address.
func Store(address int32, code []byte) []byte {
	return slices.Concat(Const(address), code, []byte{0x36, 2, 0})
}

// Load pushes the i32 at an address.
func Load(address int32) []byte {
	return slices.Concat(Const(address), []byte{0x28, 2, 0})
}

// Add adds the two numbers on top of the stack.
func Add() []byte { return []byte{0x6a} }

// And replaces the two numbers on top of the stack by their common bits.
func And() []byte { return []byte{0x71} }

// Unreachable traps.
func Unreachable() []byte { return []byte{0x00} }

// Loop repeats code for ever; the code leaves the stack as it is.
func Loop(code ...[]byte) []byte {
	return slices.Concat([]byte{0x03, 0x40}, slices.Concat(code...), []byte{0x0c, 0, 0x0b, 0x00})
}

// If runs code if the number on top of the stack is not zero.
func If(code ...[]byte) []byte {
	return slices.Concat([]byte{0x04, 0x40}, slices.Concat(code...), []byte{0x0b})
}

// Grow grows the memory by pages and leaves its old size, or -1.
func Grow(pages int32) []byte {
	return slices.Concat(Const(pages), []byte{0x40, 0})
}

// Less0 replaces a number by whether it is below zero.
func Less0() []byte { return slices.Concat(Const(0), []byte{0x48}) }

// Return ends the function with the number that code leaves.
func Return(code []byte) []byte { return append(slices.Clone(code), 0x0f) }

// Not replaces a number by whether it is zero.
func Not() []byte { return []byte{0x45} }

// Fill sets length bytes from address on to one, in one instruction; each
// argument is code that leaves a number.
func Fill(address, length []byte) []byte {
	return slices.Concat(address, Const(1), length, []byte{0xfc, 0x0b, 0})
}

// Size leaves the size of the memory in bytes.
func Size() []byte {
	return slices.Concat([]byte{0x3f, 0}, Const(16), []byte{0x74})
}

// Subtract subtracts the number on top of the stack from the one below it.
func Subtract() []byte { return []byte{0x6b} }

// While repeats nothing for as long as condition leaves a number that is not
// zero.
func While(condition []byte) []byte {
	return slices.Concat([]byte{0x03, 0x40}, condition, []byte{0x0d, 0, 0x0b})
}

// Const64 pushes an i64 from 0 to 63.
func Const64(n byte) []byte { return []byte{0x42, n & 0x3f} }

// Times64 multiplies the i32 that code leaves by a number and leaves an i64.
func Times64(code []byte, n int32) []byte {
	const extend, multiply = 0xac, 0x7e
	return slices.Concat(code, []byte{extend}, Const(n), []byte{extend, multiply})
}

// Less64 leaves whether one i64 is less than another.
func Less64(one, other []byte) []byte { return slices.Concat(one, other, []byte{0x53}) }
