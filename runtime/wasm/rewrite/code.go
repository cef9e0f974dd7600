package rewrite

// maxLocals is the limit of the JavaScript API on locals of one function. The
// engine allocates for each of them, whatever the size of the module.
const maxLocals = 50_000

// code collects the instrumented code section.
type code struct {
	bodies   int
	out      []byte // instrumented bodies
	types    []funcType
	dataUsed bool // an instruction names a data segment
	reasons  reasons

	seq     sequences
	wrapped int
	loops   int
	scratch []byte
	labels  []byte
	edits   []edit
}

// editKind says what the instrumentation does at a place in a function.
type editKind uint8

const (
	editLoop editKind = iota // insert a counter check
	editReturn
	editTail // insert a refund of the depth
)

// edit is one place in a function body where bytes change.
type edit struct {
	at    int // offset in the module
	kind  editKind
	depth uint32 // open blocks, for editReturn
}

// body is one function while it is walked.
type body struct {
	start  int // first byte of the local declarations
	instrs int // first instruction
	typ    funcType
	locals uint32 // parameters and declared locals
	slots  uint32 // the same in 8-byte slots
	calls  bool
}

func (p *parser) codeSection() {
	p.code.seq = p.newSequences()
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
func (p *parser) function() {
	f := body{start: p.pos, typ: p.functionType(p.fn)}
	for _, t := range f.typ.params {
		f.locals++
		f.slots += valueType(t).slots()
	}
	p.locals(&f)
	f.instrs = p.pos
	p.code.labels = p.code.labels[:0]
	p.code.edits = p.code.edits[:0]
	for open := true; open && p.err == nil; {
		open = p.instruction(&f)
	}
	p.op = -1
	if p.err == nil && p.pos != p.end {
		p.malformed(p.pos, "%d bytes behind the end of the function", p.rest())
	}
	if p.err == nil {
		p.instrument(&f)
	}
}

func (p *parser) locals(f *body) {
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
func (p *parser) instruction(f *body) bool {
	start := p.pos
	imm := p.opcode(start)
	if p.err != nil {
		return false
	}
	p.features |= opcodeFeature(p.op)
	switch imm {
	case immNone:
	case immBlock:
		p.block()
	case immElse:
		p.elseOf(start)
	case immEnd:
		return p.endOf()
	case immReturn:
		p.edit(edit{at: start, kind: editReturn, depth: uint32(len(p.code.labels))})
	case immCall, immCallIndirect:
		p.call(f, start, imm)
	default:
		p.operands(f, start, imm)
	}
	return p.err == nil
}

// opcode reads an opcode and looks up what follows it. A vector opcode must be
// in its shortest form, because the engine reads its number as single bytes.
func (p *parser) opcode(start int) immediate {
	op := p.byte()
	p.op = int(op)
	imm := immUnknown
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

func (p *parser) unknown(start int) {
	if name := proposal(p.op); name != "" {
		p.refuse(start, "%s is not supported", name)
		return
	}
	p.malformed(start, "unknown instruction")
}

func (p *parser) edit(e edit) { p.code.edits = append(p.code.edits, e) }

func (p *parser) block() {
	p.blockType()
	p.code.labels = append(p.code.labels, byte(p.op))
	if p.op == opLoop {
		p.code.loops++
		p.edit(edit{at: p.pos, kind: editLoop})
	}
}

// blockType reads the type of a block: empty, one value or a function type.
func (p *parser) blockType() {
	start := p.pos
	if start >= p.end {
		p.malformed(start, "unexpected end")
		return
	}
	switch b := p.b[start]; {
	case b == typeEmpty:
		p.pos++
	case b < 0x80 && b&0x40 != 0: // negative: a value type
		p.valueType()
	default:
		t := p.signed(33)
		if p.err == nil && (t < 0 || t >= int64(len(p.types))) {
			p.malformed(start, "type index %d out of range (the module has %d)", t, len(p.types))
		}
		p.features |= featMultiValue
	}
}

func (p *parser) elseOf(start int) {
	top := len(p.code.labels) - 1
	if top < 0 || p.code.labels[top] != opIf {
		p.malformed(start, "else without if")
		return
	}
	p.code.labels[top] = opElse
}

// endOf closes a block and reports whether one is left, the function included.
func (p *parser) endOf() bool {
	top := len(p.code.labels) - 1
	if top < 0 {
		return false
	}
	p.code.labels = p.code.labels[:top]
	return true
}

// label reads a label. The function itself is the outermost one.
func (p *parser) label() { p.index("label", len(p.code.labels)+1) }

func (p *parser) call(f *body, start int, imm immediate) {
	if p.op == opReturnCall || p.op == opReturnCallIn {
		if !p.opt.TailCalls {
			p.refuse(start, "tail calls are not supported")
		}
		p.edit(edit{at: start, kind: editTail})
	}
	f.calls = true
	if imm == immCall {
		p.index("function", len(p.funcs))
		return
	}
	p.index("type", len(p.types))
	p.index("table", len(p.tables))
}
