package rewrite

// appendU32 appends v as an unsigned LEB128.
func appendU32(b []byte, v uint32) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// appendS64 appends v as a signed LEB128.
func appendS64(b []byte, v int64) []byte {
	for {
		low := byte(v & 0x7f)
		v >>= 7
		if v == 0 && low&0x40 == 0 || v == -1 && low&0x40 != 0 {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}

// appendBytes appends data with its length before it.
func appendBytes(b, data []byte) []byte {
	return append(appendU32(b, uint32(len(data))), data...)
}

// appendSection appends a whole section.
func appendSection(b []byte, id sectionID, payload []byte) []byte {
	return appendBytes(append(b, byte(id)), payload)
}

// appendI32Const appends the instruction i32.const v. The constant is signed:
// 64 takes two bytes.
func appendI32Const(b []byte, v int32) []byte {
	return appendS64(append(b, opI32Const), int64(v))
}

// appendIndexed appends an instruction with one index.
func appendIndexed(b []byte, op byte, index uint32) []byte {
	return appendU32(append(b, op), index)
}

// appendExport appends one entry of an export section.
func appendExport(b []byte, name string, kind byte, index uint32) []byte {
	b = appendBytes(b, []byte(name))
	return appendIndexed(b, kind, index)
}
