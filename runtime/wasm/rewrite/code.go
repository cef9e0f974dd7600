package rewrite

import "slices"

// maxLocals is the limit of the JavaScript API on locals of one function. The
// engine allocates for each of them, whatever the size of the module.
const maxLocals = 50_000

// codeSection collects the instrumented code section.
type codeSection struct {
	bodies   int
	out      []byte // instrumented bodies
	types    []funcType
	dataUsed bool // an instruction names a data segment
	reasons  reasons

	hostRefs bool // a reference to an imported function may be in a table
	seq      sequences
	wrapped  int
	loops    int
	scratch  []byte
	edits    []edit
	stack    operandStack
	work     functionWork
}

// editKind says what the instrumentation does at a place in a function.
type editKind uint8

const (
	editLoop editKind = iota // insert a counter check
	editReturn
	editTail // insert a refund of the depth
	editHost // charge for a call of a host function
	editBulk // charge for what an instruction writes
)

// edit is one place in a function body where bytes change.
type edit struct {
	at    int // offset in the module
	kind  editKind
	depth uint32 // open blocks, for editReturn
}

// functionBody is one function while it is walked.
type functionBody struct {
	start  int // first byte of the local declarations
	instrs int // first instruction
	typ    funcType
	locals uint32 // parameters and declared locals
	slots  uint32 // the same in 8-byte slots
	calls  bool
}

func (p *moduleParser) codeSection() {
	p.code.seq = p.newSequences()
	p.code.hostRefs = slices.Contains(p.declared[:p.imported], true)
	p.code.out = make([]byte, 0, p.rest()+p.rest()/4)
	outer := p.end
	for range p.count(1) {
		size := p.count(1)
		if p.err != nil {
			return
		}
		if p.imported+p.code.bodies >= len(p.funcs) {
			p.malformed(p.pos, "more bodies than declared functions")
			return
		}
		p.fn = p.imported + p.code.bodies
		p.end = p.pos + size
		p.function()
		if p.err != nil {
			return
		}
		p.code.bodies++
		p.end, p.fn = outer, -1
	}
}

// function reads one body and appends its instrumented form.
func (p *moduleParser) function() {
	f := functionBody{start: p.pos, typ: p.functionType(p.fn)}
	for _, t := range f.typ.params {
		f.locals++
		f.slots += valueType(t).slots()
	}
	p.locals(&f)
	f.instrs = p.pos
	p.code.stack.reset(len(f.typ.results))
	p.code.edits = p.code.edits[:0]
	p.code.work = functionWork{CompileWork: CompileWork{Functions: 1, Blocks: entryBlocks}}
	for open := true; open && p.err == nil; {
		open = p.instruction(&f)
	}
	p.op = -1
	if p.err == nil && p.pos != p.end {
		p.malformed(p.pos, "%d bytes behind the end of the function", p.rest())
	}
	if p.err == nil {
		p.checkWork(&f)
	}
	if p.err == nil {
		p.instrument(&f)
	}
}

func (p *moduleParser) locals(f *functionBody) {
	declared := uint32(0)
	for range p.count(2) {
		start := p.pos
		n, t := p.u32(), p.valueType()
		if n > maxLocals-declared {
			p.refuse(start, "more than %d locals in one function are not supported", maxLocals)
		}
		if p.err != nil {
			return
		}
		declared += n
		f.slots += n * t.slots()
	}
	f.locals += declared
}

// instruction reads one instruction and reports whether the function goes on.
func (p *moduleParser) instruction(f *functionBody) bool {
	start := p.pos
	imm := p.opcode(start)
	if p.err != nil {
		return false
	}
	p.features |= opcodeFeature(p.op)
	p.code.work.weigh(p.op)
	switch imm {
	case immBlock:
		p.block(start)
	case immElse:
		p.elseOf(start)
	case immEnd:
		return p.endOf(start)
	case immCall, immCallIndirect:
		p.call(f, start, imm)
	case immReturn:
		p.edit(edit{at: start, kind: editReturn, depth: uint32(p.code.stack.blocks())})
		p.effect(start)
	default:
		if isBulk(p.op) {
			p.edit(edit{at: start, kind: editBulk})
		}
		p.operands(f, start, imm)
		p.effect(start)
	}
	return p.err == nil
}

// effect applies what an instruction does to the operand stack.
func (p *moduleParser) effect(start int) {
	var take, put int
	switch p.op >> prefixShift {
	case opPrefixMisc:
		take, put = miscEffect(p.op & subMask)
	case opPrefixVector:
		take, put = vectorEffect(p.op & subMask)
	default:
		take, put = plainEffect(p.op)
	}
	p.move(start, take, put)
	switch p.op {
	case opUnreachable, opBr, opBrTable, opReturn, opReturnCall, opReturnCallIn:
		p.code.stack.die()
	}
}

func (p *moduleParser) move(start, take, put int) {
	if p.err == nil && !p.code.stack.move(take, put) {
		p.malformed(start, "operand missing")
	}
}

// opcode reads an opcode and looks up what follows it. A vector opcode must be
// in its shortest form, because the engine reads its number as single bytes.
func (p *moduleParser) opcode(start int) immediate {
	op := p.byte()
	p.op = int(op)
	var imm immediate
	switch op {
	case opPrefixMisc, opPrefixVector:
		at := p.pos
		sub := p.u32()
		p.op = int(op)<<prefixShift | int(min(sub, subMask))
		if op == opPrefixMisc {
			imm = miscImmediate(sub)
			break
		}
		imm = vectorImmediate(sub)
		if p.pos-at > 1 && sub < 0x80 || p.pos-at > 2 && sub < 1<<14 {
			p.malformed(start, "vector opcode is not in its shortest form")
		}
	default:
		imm = plainImmediate(op)
	}
	if p.err == nil && imm == immUnknown {
		p.unknown(start)
	}
	return imm
}

func (p *moduleParser) unknown(start int) {
	if name := proposal(p.op); name != "" {
		p.refuse(start, "%s is not supported", name)
		return
	}
	p.malformed(start, "unknown instruction")
}

func (p *moduleParser) edit(e edit) {
	switch e.kind {
	case editHost:
		p.code.work.Blocks += hostBlocks
	case editBulk:
		p.code.work.Blocks += bulkBlocks
	}
	p.code.edits = append(p.code.edits, e)
}

func (p *moduleParser) block(start int) {
	params, results := p.blockType()
	if p.op == opIf {
		p.move(start, 1, 0)
	}
	if p.err != nil {
		return
	}
	if !p.code.stack.open(byte(p.op), params, results) {
		p.malformed(start, "operand missing")
	}
	p.code.work.open(p.code.stack.blocks(), p.op == opLoop)
	if p.op == opLoop {
		p.code.loops++
		p.edit(edit{at: p.pos, kind: editLoop})
	}
}

// blockType reads the type of a block, which is empty, one value or a function
// type, and returns how many operands go in and come out.
func (p *moduleParser) blockType() (params, results int) {
	start := p.pos
	if start >= p.end {
		p.malformed(start, "unexpected end")
		return 0, 0
	}
	switch b := p.b[start]; {
	case b == typeEmpty:
		p.pos++
		return 0, 0
	case b < 0x80 && b&0x40 != 0: // negative: a value type
		p.valueType()
		return 0, 1
	}
	p.features |= featMultiValue
	t := p.signed(33)
	if p.err == nil && (t < 0 || t >= int64(len(p.types))) {
		p.malformed(start, "type index %d out of range (the module has %d)", t, len(p.types))
	}
	if p.err != nil {
		return 0, 0
	}
	return len(p.types[t].params), len(p.types[t].results)
}

func (p *moduleParser) elseOf(start int) {
	f := p.code.stack.top()
	if p.code.stack.blocks() == 0 || f.kind != opIf {
		p.malformed(start, "else without if")
		return
	}
	p.ended(start)
	f.kind, f.dead = opElse, false
	p.code.stack.height = f.base
	p.code.stack.move(0, f.params)
}

// endOf closes a block and reports whether one is left, the function included.
func (p *moduleParser) endOf(start int) bool {
	p.ended(start)
	p.code.work.close(p.code.stack.top().kind == opLoop)
	p.code.stack.close()
	return len(p.code.stack.frames) > 0
}

func (p *moduleParser) ended(start int) {
	if !p.code.stack.ended() {
		f := p.code.stack.top()
		p.malformed(start, "%d operands at the end of a block with %d results", p.code.stack.height-f.base, f.results)
	}
}

// label reads a label. The function itself is the outermost one.
func (p *moduleParser) label() { p.index("label", len(p.code.stack.frames)) }

func (p *moduleParser) call(f *functionBody, start int, imm immediate) {
	if p.op == opReturnCall || p.op == opReturnCallIn {
		if !p.opt.TailCalls {
			p.refuse(start, "tail calls are not supported")
		}
		p.edit(edit{at: start, kind: editTail})
	}
	f.calls = true
	if imm == immCall {
		fn := p.index("function", len(p.funcs))
		if fn < p.imported {
			p.edit(edit{at: start, kind: editHost})
		}
		if p.err == nil {
			p.called(start, p.functionType(fn))
		}
		return
	}
	if p.code.hostRefs {
		p.edit(edit{at: start, kind: editHost})
	}
	p.move(start, 1, 0) // the index into the table
	t := p.index("type", len(p.types))
	p.index("table", len(p.tables))
	if p.err == nil {
		p.called(start, p.types[t])
	}
}

// called takes the arguments off the stack and puts the results on it, unless
// the call does not return here.
func (p *moduleParser) called(start int, t funcType) {
	p.move(start, len(t.params), len(t.results))
	p.effect(start)
}
