package rewrite

// maxTableEntries is how many entries the tables of a module may have together,
// 8 bytes each. The engine takes them from the Go heap, out of sight of the
// allocator that bounds memory, and without a maximum table.grow may ask for
// 2^32 of them.
const maxTableEntries = 1 << 20

// tableType is a table's type.
type tableType struct {
	typ  valueType
	size sizeLimits
}

func (p *moduleParser) tableSection() {
	entries := uint64(0)
	for range p.count(3) {
		start := p.pos
		t := p.table()
		entries += uint64(t.size.min)
		if entries > maxTableEntries {
			p.refuse(start, "tables of more than %d entries are not supported", maxTableEntries)
		}
		if p.err != nil {
			return
		}
		p.tables = append(p.tables, t)
	}
	if len(p.tables) > 1 {
		p.features |= featReferenceTypes
	}
}

func (p *moduleParser) table() tableType {
	if p.rest() > 0 && p.b[p.pos] == 0x40 {
		p.refuse(p.pos, "typed function references (table initializer) are not supported")
	}
	return tableType{typ: p.referenceType(), size: p.limits("table")}
}

// tablePayload returns the table section with a maximum for every table.
func (p *moduleParser) tablePayload() []byte {
	out := appendU32(nil, uint32(len(p.tables)))
	for _, t := range p.tables {
		limit := max(t.size.min, uint32(maxTableEntries/len(p.tables)))
		if t.size.hasMax {
			limit = min(limit, t.size.max)
		}
		out = append(out, byte(t.typ), 1)
		out = appendU32(appendU32(out, t.size.min), limit)
	}
	return out
}
