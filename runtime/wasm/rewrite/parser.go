package rewrite

const (
	magic = "\x00asm\x01\x00\x00\x00"

	pageSize = 1 << 16
	maxPages = 1 << 16

	// maxValues is the limit of the JavaScript API on parameters and on results.
	// It keeps work that is done for each function's type linear.
	maxValues = 1_000
)

// moduleParser holds what has been read of a module so far. Sections come in an order
// in which each refers only to earlier ones, so every index is checked against
// the counts of the original module where it is read.
type moduleParser struct {
	*cursor
	opt Options

	list     []sectionView
	types    []funcType
	funcs    []int        // type of each function, imports first
	imported int          // how many of funcs are imported
	globals  []globalType // imports first

	importedGlobals int

	tables    []tableType
	memory    sizeLimits
	memories  int
	exports   int
	declared  []bool // functions ref.func may name
	start     int    // start function or -1
	elements  int
	dataCount int // -1 without a data count section
	data      []dataSegment

	code          codeSection
	resultTypes   map[string]int // of types without parameters, by results
	mergedPayload []byte
	features      feature
	report        *ModuleReport
}

func newParser(module []byte, opt Options) *moduleParser {
	return &moduleParser{
		cursor:    newCursor(module),
		opt:       opt,
		start:     -1,
		dataCount: -1,
		report:    &ModuleReport{},
	}
}

// parse reads the module and instruments its code on the way.
func (p *moduleParser) parse() error {
	p.sections()
	p.finish()
	if p.err != nil {
		return p.err
	}
	return nil
}

// finish checks what only shows when all sections have been read.
func (p *moduleParser) finish() {
	if bodies, want := p.code.bodies, len(p.funcs)-p.imported; bodies != want {
		p.malformed(p.pos, "%d functions declared, %d bodies", want, bodies)
	}
	if p.dataCount >= 0 && p.dataCount != len(p.data) {
		p.malformed(p.pos, "%d data segments announced, %d found", p.dataCount, len(p.data))
	}
}

// functionType returns the signature of a function whose index was checked.
func (p *moduleParser) functionType(fn int) funcType {
	return p.types[p.funcs[fn]]
}

func (p *moduleParser) typeSection() {
	for range p.count(1) {
		start := p.pos
		switch form := p.byte(); form {
		case typeFunction:
		case 0x4e, 0x4f, 0x50, 0x5e, 0x5f:
			p.refuse(start, "garbage collection (type form %#x) is not supported", form)
		default:
			p.malformed(start, "unknown type form %#x", form)
		}
		t := funcType{params: p.valueTypes(), results: p.valueTypes()}
		if max(len(t.params), len(t.results)) > maxValues {
			p.refuse(start, "more than %d parameters or results are not supported", maxValues)
		}
		if p.err != nil {
			return
		}
		if len(t.results) > 1 {
			p.features |= featMultiValue
		}
		p.types = append(p.types, t)
	}
}

func (p *moduleParser) functionSection() {
	start, n := p.pos, p.count(1)
	if n > maxFunctions {
		p.refuse(start, "too costly to compile: the module has %d functions; the limit is %d", n, maxFunctions)
		return
	}
	for range n {
		p.funcs = append(p.funcs, p.index("type", len(p.types)))
	}
	p.declared = make([]bool, len(p.funcs))
}

func (p *moduleParser) memorySection() {
	start := p.pos
	p.memories = p.count(1)
	if p.memories > 1 {
		p.refuse(start, "several memories are not supported")
	}
	if p.memories == 0 {
		return
	}
	p.memory = p.limits("memory")
	if p.err == nil && (p.memory.min > maxPages || p.memory.max > maxPages) {
		p.malformed(start, "memory of more than %d pages", maxPages)
	}
}

func (p *moduleParser) globalSection() {
	for range p.count(1) {
		t := p.globalType()
		p.constExpr()
		if p.err != nil {
			return
		}
		p.globals = append(p.globals, t)
	}
}

func (p *moduleParser) startSection() {
	start := p.pos
	p.start = p.index("function", len(p.funcs))
	if p.err != nil {
		return
	}
	t := p.functionType(p.start)
	if len(t.params)+len(t.results) > 0 {
		p.malformed(start, "start function has signature %v", t)
	}
}
