package wasmtest

import "slices"

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
