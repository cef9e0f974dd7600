package rewrite

// operands reads the immediates of an instruction that is copied as it is.
func (p *moduleParser) operands(f *functionBody, start int, imm immediate) {
	switch imm {
	case immNone:
	case immLabel:
		p.label()
	case immLabels:
		n := p.count(1)
		p.code.work.Targets += n
		for range n {
			p.label()
		}
		p.label()
	case immTypes:
		p.valueTypes()
	case immLocal:
		p.index("local", int(f.locals))
	case immGlobal:
		p.index("global", len(p.globals))
	case immRefFunc:
		p.funcRef(start)
	case immHeapType:
		p.referenceType()
	case immI32:
		p.signed(32)
	case immI64:
		p.signed(64)
	case immF32:
		p.bytes(4)
	case immF64:
		p.bytes(8)
	case immV128:
		p.bytes(16)
	case immLane:
		p.byte()
	case immTable, immTablePair, immElem, immElemTable:
		p.tableOperands(start, imm)
	default:
		p.memoryOperands(start, imm)
	}
}

// funcRef reads the operand of ref.func. Exporting the start function would
// declare it, so the declaration is checked before.
func (p *moduleParser) funcRef(start int) {
	fn := p.index("function", len(p.funcs))
	if p.err == nil && !p.declared[fn] {
		p.malformed(start, "function %d is not declared for ref.func", fn)
	}
}

func (p *moduleParser) tableOperands(start int, imm immediate) {
	switch imm {
	case immElem:
		p.index("element segment", p.elements)
	case immElemTable:
		p.index("element segment", p.elements)
		p.index("table", len(p.tables))
	case immTablePair:
		p.index("table", len(p.tables))
		p.index("table", len(p.tables))
	default:
		p.index("table", len(p.tables))
	}
	switch p.op {
	case opTableSet, opTableGrow, opTableFill, opTableCopy, opTableInit, opElemDrop:
		p.mutation(start)
	}
}

func (p *moduleParser) memoryOperands(start int, imm immediate) {
	switch imm {
	case immData, immDataMemory:
		if p.dataCount < 0 {
			p.malformed(start, "instruction needs a data count section")
		}
		p.index("data segment", p.dataCount)
		p.code.dataUsed = true
		if imm == immData {
			p.mutation(start)
			return
		}
		p.memoryIndex()
	case immMemory:
		p.memoryIndex()
	case immMemoryPair:
		p.memoryIndex()
		p.memoryIndex()
	case immMemarg, immMemargLane:
		p.memarg()
		if imm == immMemargLane {
			p.byte()
		}
	default:
		p.malformed(start, "unknown instruction")
	}
	if p.err == nil && p.memories == 0 {
		p.malformed(start, "instruction needs a memory")
	}
}

// memarg reads an alignment and an offset. Bit 6 of the alignment announces a
// memory index.
func (p *moduleParser) memarg() {
	p.code.work.traps += trapWork
	start := p.pos
	align := p.u32()
	switch {
	case align&(1<<6) != 0:
		p.refuse(start, "several memories are not supported")
	case align >= 32:
		p.malformed(start, "alignment of 2^%d", align)
	}
	p.u32()
}

// mutation notes an instruction whose effect no snapshot restores.
func (p *moduleParser) mutation(start int) {
	if p.err == nil {
		p.code.reasons.add(p.op, p.fn, start)
	}
}
