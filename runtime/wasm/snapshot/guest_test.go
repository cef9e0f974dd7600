package snapshot_test

import (
	"encoding/binary"
	"slices"
	"strconv"
	"testing"
)

// A guest is a module to take images of.
type guest struct {
	name    string
	code    []byte
	limit   uint64
	globals []string
	pages   int // of the host, filled by the template before the image
}

// Functions of the small guests, all exported under these names.
const (
	fnFill  = "fill"  // (address, value, length)
	fnStore = "store" // (address, value)
	fnLoad  = "load"  // (address) → value
	fnGrow  = "grow"  // (pages) → old size, or -1
	fnSize  = "size"  // () → pages
	fnTrap  = "trap"  // (address, value): stores, then traps
	fnTouch = "touch" // (address, stride, count, value): stores a value count times
	fnSet   = "set"   // (i32, i64, f32, f64): sets the globals
)

var smallGlobals = []string{"__sp_g0", "__sp_g1", "__sp_g2", "__sp_g3"}

const (
	i32 = 0x7f
	i64 = 0x7e
	f32 = 0x7d
	f64 = 0x7c
)

// smallGuest returns a module with a memory of pages, limited to maximum if
// that is not 0, and a mutable global of each numeric type.
func smallGuest(pages, maximum uint32) []byte {
	memory := slices.Concat([]byte{1, 0}, leb(pages))
	if maximum > 0 {
		memory = slices.Concat([]byte{1, 1}, leb(pages), leb(maximum))
	}
	type function struct {
		name            string
		params, results []byte
		locals, body    []byte
	}
	functions := []function{
		{fnFill, []byte{i32, i32, i32}, nil, nil, []byte{0x20, 0, 0x20, 1, 0x20, 2, 0xfc, 11, 0}},
		{fnStore, []byte{i32, i32}, nil, nil, []byte{0x20, 0, 0x20, 1, 0x36, 0, 0}},
		{fnLoad, []byte{i32}, []byte{i32}, nil, []byte{0x20, 0, 0x28, 0, 0}},
		{fnGrow, []byte{i32}, []byte{i32}, nil, []byte{0x20, 0, 0x40, 0}},
		{fnSize, nil, []byte{i32}, nil, []byte{0x3f, 0}},
		{fnTrap, []byte{i32, i32}, nil, nil, []byte{0x20, 0, 0x20, 1, 0x36, 0, 0, 0x00}},
		{fnTouch, []byte{i32, i32, i32, i32}, nil, nil, []byte{
			0x02, 0x40, 0x03, 0x40, // block, loop
			0x20, 2, 0x45, 0x0d, 1, // leave when count is 0
			0x20, 0, 0x20, 3, 0x36, 0, 0, // store
			0x20, 0, 0x20, 1, 0x6a, 0x21, 0, // address += stride
			0x20, 2, 0x41, 1, 0x6b, 0x21, 2, // count -= 1
			0x0c, 0, 0x0b, 0x0b,
		}},
		{fnSet, []byte{i32, i64, f32, f64}, nil, nil, []byte{
			0x20, 0, 0x24, 0, 0x20, 1, 0x24, 1, 0x20, 2, 0x24, 2, 0x20, 3, 0x24, 3,
		}},
	}
	globals := [][]byte{
		{i32, 1, 0x41, 7, 0x0b},
		{i64, 1, 0x42, 11, 0x0b},
		{f32, 1, 0x43, 0, 0, 0xc0, 0x7f, 0x0b}, // NaN
		{f64, 1, 0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x0b},
		{i32, 0, 0x41, 1, 0x0b}, // constant
	}
	var types, indexes, exports, bodies [][]byte
	for n, f := range functions {
		types = append(types, slices.Concat([]byte{0x60}, vector(f.params), vector(f.results)))
		indexes = append(indexes, leb(uint32(n)))
		exports = append(exports, export(f.name, 0, n))
		bodies = append(bodies, vector(slices.Concat([]byte{0}, f.body, []byte{0x0b})))
	}
	exports = append(exports, export("memory", 2, 0), export("constant", 3, 4))
	for n, name := range smallGlobals {
		exports = append(exports, export(name, 3, n))
	}
	return slices.Concat(
		[]byte("\x00asm\x01\x00\x00\x00"),
		section(1, list(types)), section(3, list(indexes)), section(5, memory),
		section(6, list(globals)), section(7, list(exports)), section(10, list(bodies)),
	)
}

// exportGlobals returns a module with its mutable globals exported, and the
// names. It knows only constant initial values.
func exportGlobals(tb testing.TB, code []byte) ([]byte, []string) {
	tb.Helper()
	out, names := slices.Clone(code[:8]), []string(nil)
	for rest := code[8:]; len(rest) > 0; {
		id := rest[0]
		size, n := binary.Uvarint(rest[1:])
		body := rest[1+n:][:size]
		rest = rest[1+n+int(size):]
		switch id {
		case 6:
			names = mutableGlobals(tb, body)
		case 7:
			body = addExports(body, names)
		}
		out = append(out, section(id, body)...)
	}
	return out, slices.DeleteFunc(names, func(s string) bool { return s == "" })
}

// mutableGlobals returns a name for each global, empty for constants.
func mutableGlobals(tb testing.TB, body []byte) []string {
	tb.Helper()
	count, n := binary.Uvarint(body)
	names := make([]string, count)
	at := n
	for g := range names {
		if body[at+1] == 1 {
			names[g] = "__sp_g" + strconv.Itoa(g)
		}
		at += 2
		switch body[at] {
		case 0x41, 0x42:
			_, n := binary.Uvarint(body[at+1:])
			at += 1 + n
		case 0x43:
			at += 5
		case 0x44:
			at += 9
		default:
			tb.Fatalf("global %d starts with opcode %#x", g, body[at])
		}
		at++ // end
	}
	return names
}

func addExports(body []byte, globals []string) []byte {
	count, n := binary.Uvarint(body)
	added := []byte(nil)
	for g, name := range globals {
		if name != "" {
			added = append(added, export(name, 3, g)...)
			count++
		}
	}
	return slices.Concat(leb(uint32(count)), body[n:], added)
}

func section(id byte, body []byte) []byte {
	return append([]byte{id}, vector(body)...)
}

func export(name string, kind byte, index int) []byte {
	return slices.Concat(vector([]byte(name)), []byte{kind}, leb(uint32(index)))
}

func list(items [][]byte) []byte {
	return append(leb(uint32(len(items))), slices.Concat(items...)...)
}

func vector(b []byte) []byte { return append(leb(uint32(len(b))), b...) }

func leb(n uint32) []byte { return binary.AppendUvarint(nil, uint64(n)) }
