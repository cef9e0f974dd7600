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
