package rewrite

// constant is a constant expression as far as the rewriter needs to know it.
type constant struct {
	op    int
	value uint32 // of i32.const
}

// constExpr reads a constant expression: one instruction and end. The engine
// checks its type; indexes are checked here.
func (p *moduleParser) constExpr() constant {
	start := p.pos
	c := constant{op: int(p.byte())}
	if c.op == opPrefixVector {
		c.op = c.op<<prefixShift | int(p.u32()&subMask)
	}
	p.op = c.op
	switch c.op {
	case opI32Const:
		c.value = uint32(p.signed(32))
	case opI64Const:
		p.signed(64)
	case opF32Const:
		p.bytes(4)
	case opF64Const:
		p.bytes(8)
	case opV128Const:
		p.features |= featSIMD
		p.bytes(16)
	case opGlobalGet:
		p.index("global", len(p.globals))
	case opRefNull:
		p.features |= featReferenceTypes
		p.referenceType()
	case opRefFunc:
		p.declare()
	default:
		p.malformed(start, "instruction is not constant")
	}
	end := p.pos
	if p.byte() != opEnd {
		p.refuse(end, "constant expressions of several instructions are not supported")
	}
	p.op = -1
	return c
}

// declare reads the index of a function that ref.func may name from now on.
func (p *moduleParser) declare() {
	fn := p.index("function", len(p.funcs))
	if p.err == nil {
		p.declared[fn] = true
	}
}
