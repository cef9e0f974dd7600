package rewrite

import "slices"

// frameSlots is what every call costs beside its parameters and locals, in
// 8-byte slots of the native stack. It covers as many operands.
const frameSlots = 8

// cost returns what a call of the function costs in slots: its parameters and
// locals, and operands beyond those of ordinary code. Each may be a vector when
// the module has any.
func (p *moduleParser) cost(f *functionBody) uint32 {
	operands := uint32(p.code.stack.peak)
	if p.features&featSIMD != 0 {
		operands *= typeV128.slots()
	}
	return max(frameSlots, operands) + f.slots
}

// sequences holds the inserted code that is the same everywhere in a module.
type sequences struct {
	check []byte
	host  []byte
	bulk  []byte
	depth uint32 // index of the depth global
}

// What work that a check does not see costs: a call of a host function, which
// may copy a body or make random bytes, a hundredth of the slice; an instruction
// that works on many bytes or table entries one check for each 256 of them.
const (
	hostCallsPerSlice = 100
	bulkShift         = 8
)

// newSequences builds the counter check. The fuel is compared with <=, not ==,
// and refilled before anything can trap: a check that missed zero would run for
// 2^32 more rounds, and a call after a trap would start spent.
func (p *moduleParser) newSequences() sequences {
	fuel := uint32(len(p.globals))
	stop, depth := fuel+1, fuel+2
	if p.opt.NoCounter {
		return sequences{depth: depth}
	}
	yield := p.newYield(fuel, stop)
	check := append(addGlobal(nil, fuel, opI32Sub, 1), yield...)
	host := append(addGlobal(nil, fuel, opI32Sub, max(1, uint32(p.opt.slice()/hostCallsPerSlice))), yield...)
	return sequences{check: check, host: host, bulk: append(bulkCharge(fuel, depth+1), yield...), depth: depth}
}

// bulkCharge takes from the fuel what the number on top of the stack stands
// for, and leaves the number there. The scratch global spares a local.
func bulkCharge(fuel, scratch uint32) []byte {
	b := appendIndexed(nil, opGlobalSet, scratch)
	b = appendIndexed(b, opGlobalGet, scratch)
	b = appendIndexed(b, opGlobalGet, fuel)
	b = appendIndexed(b, opGlobalGet, scratch)
	b = append(appendI32Const(b, bulkShift), opI32ShrU, opI32Sub)
	return appendIndexed(b, opGlobalSet, fuel)
}

// newYield builds what follows each charge.
func (p *moduleParser) newYield(fuel, stop uint32) []byte {
	b := appendIndexed(nil, opGlobalGet, fuel)
	b = append(appendI32Const(b, 0), opI32LeS, opIf, typeEmpty)
	b = appendIndexed(appendI32Const(b, p.opt.slice()), opGlobalSet, fuel)
	b = append(appendI32Const(b, p.opt.yield()), opMemoryGrow, 0, opDrop)
	b = appendIndexed(b, opGlobalGet, stop)
	return append(b, opIf, typeEmpty, opUnreachable, opEnd, opEnd)
}

// addGlobal appends global = global op value.
func addGlobal(b []byte, global uint32, op byte, value uint32) []byte {
	b = appendIndexed(b, opGlobalGet, global)
	b = append(appendI32Const(b, int32(value)), op)
	return appendIndexed(b, opGlobalSet, global)
}

// instrument appends the function with its checks to the new code section.
func (p *moduleParser) instrument(f *functionBody) {
	b := append(p.code.scratch[:0], p.b[f.start:f.instrs]...)
	b = append(b, p.code.seq.check...)
	wrap := f.calls && !p.opt.NoDepth
	cost := p.cost(f)
	if wrap {
		p.code.wrapped++
		b = p.enter(b, cost, f.typ.results)
	}
	from := f.instrs
	for _, e := range p.code.edits {
		b = append(b, p.b[from:e.at]...)
		from = e.at
		switch {
		case e.kind == editLoop:
			b = append(b, p.code.seq.check...)
		case e.kind == editHost:
			b = append(b, p.code.seq.host...)
		case e.kind == editBulk:
			b = append(b, p.code.seq.bulk...)
		case !wrap:
		case e.kind == editReturn:
			b = appendIndexed(b, opBr, e.depth)
			from++
		case e.kind == editTail:
			b = addGlobal(b, p.code.seq.depth, opI32Sub, cost)
		}
	}
	b = append(b, p.b[from:p.end]...)
	if wrap {
		b = append(addGlobal(b, p.code.seq.depth, opI32Sub, cost), opEnd)
	}
	p.code.scratch = b
	p.code.out = appendBytes(p.code.out, b)
}

// enter appends the depth check and opens the block around the old body. A
// branch to the function's label now hits the block, with the same index.
func (p *moduleParser) enter(b []byte, cost uint32, results []byte) []byte {
	depth := p.code.seq.depth
	b = addGlobal(b, depth, opI32Add, cost)
	b = appendIndexed(b, opGlobalGet, depth)
	b = append(appendI32Const(b, p.opt.depthLimit()), opI32GtS)
	b = append(b, opIf, typeEmpty, opUnreachable, opEnd, opBlock)
	switch len(results) {
	case 0:
		return append(b, typeEmpty)
	case 1:
		return append(b, results[0])
	}
	return appendS64(b, int64(p.resultType(results)))
}

// resultType returns the index of the type () -> results, which is added when
// the module does not have it.
func (p *moduleParser) resultType(results []byte) int {
	if p.resultTypes == nil {
		p.resultTypes = map[string]int{}
		for i, v := range slices.Backward(p.types) { // backwards: the first one wins
			if len(v.params) == 0 {
				p.resultTypes[string(v.results)] = i
			}
		}
	}
	if t, ok := p.resultTypes[string(results)]; ok {
		return t
	}
	t := len(p.types) + len(p.code.types)
	p.code.types = append(p.code.types, funcType{results: results})
	p.resultTypes[string(results)] = t
	return t
}
