package rewrite

// Opcodes the rewriter looks at or emits. A prefixed opcode is held as one
// number: prefix<<prefixShift | sub-opcode.
const (
	opUnreachable  = 0x00
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opReturnCall   = 0x12
	opReturnCallIn = 0x13
	opDrop         = 0x1a
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opTableGet     = 0x25
	opTableSet     = 0x26
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opI32GtS       = 0x4a
	opI32LeS       = 0x4c
	opI32Add       = 0x6a
	opI32Sub       = 0x6b
	opI32ShrU      = 0x76
	opI32DivS      = 0x6d
	opI32DivU      = 0x6e
	opI32RemS      = 0x6f
	opI32RemU      = 0x70
	opI64DivS      = 0x7f
	opI64DivU      = 0x80
	opI64RemS      = 0x81
	opI64RemU      = 0x82
	opI32TruncF32S = 0xa8
	opI32TruncF32U = 0xa9
	opI32TruncF64S = 0xaa
	opI32TruncF64U = 0xab
	opI64TruncF32S = 0xae
	opI64TruncF32U = 0xaf
	opI64TruncF64S = 0xb0
	opI64TruncF64U = 0xb1
	opRefNull      = 0xd0
	opRefFunc      = 0xd2
	opPrefixMisc   = 0xfc
	opPrefixVector = 0xfd

	prefixShift = 24
	subMask     = 1<<prefixShift - 1

	opMemoryInit = opPrefixMisc<<prefixShift | 0x08
	opDataDrop   = opPrefixMisc<<prefixShift | 0x09
	opMemoryCopy = opPrefixMisc<<prefixShift | 0x0a
	opMemoryFill = opPrefixMisc<<prefixShift | 0x0b
	opTableInit  = opPrefixMisc<<prefixShift | 0x0c
	opElemDrop   = opPrefixMisc<<prefixShift | 0x0d
	opTableCopy  = opPrefixMisc<<prefixShift | 0x0e
	opTableGrow  = opPrefixMisc<<prefixShift | 0x0f
	opTableFill  = opPrefixMisc<<prefixShift | 0x11
	opV128Const  = opPrefixVector<<prefixShift | 0x0c
)

// immediate names what follows an opcode in the byte stream.
type immediate uint8

const (
	immUnknown      immediate = iota // not an instruction we know: refused
	immNone                          // nothing
	immBlock                         // block type
	immElse                          // nothing, but the open block must be an if
	immEnd                           // nothing, closes a block
	immLabel                         // label
	immLabels                        // vector of labels and one more
	immReturn                        // nothing
	immCall                          // function
	immCallIndirect                  // type, table
	immTypes                         // vector of value types
	immLocal                         // local
	immGlobal                        // global
	immTable                         // table
	immMemarg                        // alignment, offset
	immMemory                        // memory
	immMemoryPair                    // memory, memory
	immI32                           // signed LEB128 of 32 bits
	immI64                           // signed LEB128 of 64 bits
	immF32                           // 4 bytes
	immF64                           // 8 bytes
	immHeapType                      // reference type
	immRefFunc                       // declared function
	immDataMemory                    // data segment, memory
	immData                          // data segment
	immElemTable                     // element segment, table
	immElem                          // element segment
	immTablePair                     // table, table
	immLane                          // lane
	immMemargLane                    // alignment, offset, lane
	immV128                          // 16 bytes
)

// plainImmediate returns what follows an opcode of one byte.
func plainImmediate(op byte) immediate {
	switch {
	case op >= 0x28 && op <= 0x3e:
		return immMemarg
	case op >= 0x45 && op <= 0xc4:
		return immNone
	case op >= 0x20 && op <= 0x22:
		return immLocal
	}
	switch op {
	case opUnreachable, 0x01, opDrop, 0x1b, 0xd1:
		return immNone
	case opBlock, opLoop, opIf:
		return immBlock
	case opElse:
		return immElse
	case opEnd:
		return immEnd
	case opBr, opBrIf:
		return immLabel
	case opBrTable:
		return immLabels
	case opReturn:
		return immReturn
	case 0x10, opReturnCall:
		return immCall
	case 0x11, opReturnCallIn:
		return immCallIndirect
	case 0x1c:
		return immTypes
	case opGlobalGet, opGlobalSet:
		return immGlobal
	case 0x25, opTableSet:
		return immTable
	case 0x3f, opMemoryGrow:
		return immMemory
	case opI32Const:
		return immI32
	case opI64Const:
		return immI64
	case opF32Const:
		return immF32
	case opF64Const:
		return immF64
	case opRefNull:
		return immHeapType
	case opRefFunc:
		return immRefFunc
	}
	return immUnknown
}

// isBulk reports whether an instruction works on as many bytes or entries as
// the number on top of the stack says.
func isBulk(op int) bool {
	switch op {
	case opMemoryInit, opMemoryCopy, opMemoryFill, opTableInit, opTableCopy, opTableFill:
		return true
	}
	return false
}

// miscImmediate returns what follows a sub-opcode of prefix 0xfc.
func miscImmediate(sub uint32) immediate {
	switch {
	case sub <= 0x07: // saturating float to integer
		return immNone
	case sub >= 0x0f && sub <= 0x11: // table.grow, table.size, table.fill
		return immTable
	}
	switch sub {
	case 0x08: // memory.init
		return immDataMemory
	case 0x09: // data.drop
		return immData
	case 0x0a: // memory.copy
		return immMemoryPair
	case 0x0b: // memory.fill
		return immMemory
	case 0x0c: // table.init
		return immElemTable
	case 0x0d: // elem.drop
		return immElem
	case 0x0e: // table.copy
		return immTablePair
	}
	return immUnknown
}

// vectorImmediate returns what follows a sub-opcode of prefix 0xfd.
func vectorImmediate(sub uint32) immediate {
	switch {
	case sub <= 0x0b, sub == 0x5c, sub == 0x5d: // loads and v128.store
		return immMemarg
	case sub == 0x0c, sub == 0x0d: // v128.const, i8x16.shuffle
		return immV128
	case sub >= 0x15 && sub <= 0x22: // extract_lane, replace_lane
		return immLane
	case sub >= 0x54 && sub <= 0x5b: // load_lane, store_lane
		return immMemargLane
	case sub > 0xff || vectorHole(sub):
		return immUnknown
	}
	return immNone
}

// vectorHole reports whether Wasm 2.0 leaves a number below 0x100 unassigned.
func vectorHole(sub uint32) bool {
	switch sub {
	case 0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb,
		0xc2, 0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4, 0xe2, 0xee:
		return true
	}
	return false
}

// proposal names the WebAssembly proposal an unknown opcode belongs to, or
// returns the empty string.
func proposal(op int) string {
	if op > 0xff {
		if op>>prefixShift == opPrefixVector && op&subMask >= 0x100 {
			return "relaxed SIMD"
		}
		return ""
	}
	switch op {
	case 0x06, 0x07, 0x09, 0x18, 0x19:
		return "legacy exception handling"
	case 0x08, 0x0a, 0x1f:
		return "exception handling"
	case 0x14, 0x15, 0xd4, 0xd5, 0xd6:
		return "typed function references"
	case 0xd3, 0xfb:
		return "garbage collection"
	case 0xfe:
		return "threads (atomics)"
	}
	return ""
}
