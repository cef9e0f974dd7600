package rewrite

// Bits of an element segment's leading number.
const (
	elemNotActive = 1 << 0
	elemExplicit  = 1 << 1 // active: a table index follows; else: declarative
	elemExprs     = 1 << 2 // expressions instead of function indexes
)

func (p *moduleParser) elementSection() {
	p.elements = p.count(1)
	for range p.elements {
		p.element()
		if p.err != nil {
			return
		}
	}
}

func (p *moduleParser) element() {
	start := p.pos
	flags := p.u32()
	if flags > elemNotActive|elemExplicit|elemExprs {
		p.malformed(start, "unknown element segment form %d", flags)
		return
	}
	if flags != 0 {
		p.features |= featBulkMemory
	}
	if flags&elemNotActive == 0 {
		p.elementOffset(flags)
	}
	if flags&(elemNotActive|elemExplicit) != 0 {
		p.elementType(flags)
	}
	for range p.count(1) {
		if flags&elemExprs != 0 {
			p.constExpr()
		} else {
			p.declare()
		}
		if p.err != nil {
			return
		}
	}
}

func (p *moduleParser) elementOffset(flags uint32) {
	start := p.pos
	if flags&elemExplicit != 0 {
		p.index("table", len(p.tables))
	} else if len(p.tables) == 0 {
		p.malformed(start, "active element segment without a table")
	}
	p.constExpr()
}

func (p *moduleParser) elementType(flags uint32) {
	start := p.pos
	if flags&elemExprs != 0 {
		p.referenceType()
		return
	}
	if kind := p.byte(); kind != 0 {
		p.malformed(start, "unknown element kind %#x", kind)
	}
}
