package rewrite

// What the engine is given to compile. Its compiler cannot be interrupted inside
// of a function, and several of its passes take time and memory for each pair of
// a basic block and a value that may live in it, so that a few kilobytes of code
// could keep it busy for hours. Ordinary code stays well below these limits: see
// the table in the README of package wasm, which also says what the most costly
// module that they admit takes.
const (
	maxFunctions    = 100_000
	maxFunctionSize = 256 << 10 // bytes of a body
	maxNesting      = 5_000
	maxLoops        = 250    // nested
	maxTargets      = 30_000 // entries of all br_table of a function
	maxBlocks       = 20_000

	// Units of work, each of which takes the engine up to a microsecond.
	maxFunctionWork = 2_000_000
	maxModuleWork   = 80_000_000
)

// What makes up the work of a function beside its bytes, see [functionWork.sum].
const (
	fewestValues = 8   // that a block costs, whatever the function has
	liveShare    = 16  // of the square of the locals that are written
	blockShare   = 400 // of the square of the blocks
	trapWork     = 16  // of an instruction that checks its operands
	truncWork    = 48  // of a conversion to an integer, which is hundreds of bytes of machine code
)

// Weights of what splits a function into basic blocks, in blocks: the edges
// count, because each passes values, and so do the checks that are inserted.
const (
	entryBlocks = 4 // the check at the entry
	loopBlocks  = 10
	ifBlocks    = 3
	brIfBlocks  = 4
	brBlocks    = 2
	hostBlocks  = 4  // the check before a call of a host function
	bulkBlocks  = 12 // the check before an instruction on many bytes, and its own loop
)

// CompileWork is what decides how much compiling code costs: for a function
// the sum of its own, for a module the greatest of each.
type CompileWork struct {
	Functions int // 1 for a function
	Size      int // bytes of a body
	Nesting   int // of blocks
	Loops     int // nested
	Targets   int // entries of br_table
	Blocks    int // basic blocks, inserted ones included, by estimate
	Work      int // by estimate; for a module the sum, with the bytes
	Heaviest  int // Work of one function
}

// functionWork is the work of the function that is being read.
type functionWork struct {
	CompileWork
	loops  int // that are open
	writes int // to locals
	traps  int // work of instructions that may trap
}

// sum returns the work of a function with that many locals and operands.
func (w *functionWork) sum(locals, operands int) int {
	blocks, live := w.Blocks+w.Targets, min(locals, w.writes)
	return blocks*(locals+operands+fewestValues) + blocks*blocks/blockShare + live*live/liveShare + w.traps
}

// open counts a block that is the innermost of that many.
func (w *functionWork) open(blocks int, loop bool) {
	w.Nesting = max(w.Nesting, blocks)
	if loop {
		w.loops++
		w.Loops = max(w.Loops, w.loops)
	}
}

// close ends the innermost block.
func (w *functionWork) close(loop bool) {
	if loop {
		w.loops--
	}
}

// weigh adds the blocks that the instruction just read begins or ends.
func (w *functionWork) weigh(op int) {
	switch op {
	case opLocalSet, opLocalTee:
		w.writes++
	case opI32DivS, opI32DivU, opI32RemS, opI32RemU, opI64DivS, opI64DivU, opI64RemS, opI64RemU:
		w.traps += trapWork
	case opI32TruncF32S, opI32TruncF32U, opI32TruncF64S, opI32TruncF64U,
		opI64TruncF32S, opI64TruncF32U, opI64TruncF64S, opI64TruncF64U:
		w.traps += truncWork
	case opBlock, opElse, opCall, opMemoryGrow:
		w.Blocks++
	case opCallIndirect:
		w.Blocks++
		w.traps += truncWork // three checks
	case opTableGet, opTableSet:
		w.traps += trapWork
	case opLoop:
		w.Blocks += loopBlocks
	case opIf:
		w.Blocks += ifBlocks
	case opBrIf:
		w.Blocks += brIfBlocks
	case opBr, opBrTable, opReturn:
		w.Blocks += brBlocks
	}
}

// checkWork refuses a function, or a module up to this function, that would
// take too long to compile.
func (p *moduleParser) checkWork(f *functionBody) {
	w := &p.code.work
	w.Size = p.pos - f.start
	w.Work = w.sum(int(f.locals), p.code.stack.peak)
	all := &p.report.Compile
	all.Functions++
	all.Size = max(all.Size, w.Size)
	all.Nesting = max(all.Nesting, w.Nesting)
	all.Loops = max(all.Loops, w.Loops)
	all.Targets = max(all.Targets, w.Targets)
	all.Blocks = max(all.Blocks, w.Blocks)
	all.Heaviest = max(all.Heaviest, w.Work)
	all.Work += w.Work + w.Size
	p.atMost(f, w.Size, maxFunctionSize, "bytes of code")
	p.atMost(f, w.Nesting, maxNesting, "nested blocks")
	p.atMost(f, w.Loops, maxLoops, "nested loops")
	p.atMost(f, w.Targets, maxTargets, "entries in its br_tables")
	p.atMost(f, w.Blocks, maxBlocks, "basic blocks")
	p.atMost(f, w.Work, maxFunctionWork, "units of work (basic blocks times locals and operands)")
	p.atMost(f, all.Work, maxModuleWork,
		"units of work, together with the functions before it (basic blocks times locals and operands)")
}

// atMost refuses a function with more of something than is compiled.
func (p *moduleParser) atMost(f *functionBody, n, limit int, what string) {
	if n > limit {
		p.refuse(f.start, "too costly to compile: the function has %d %s; the limit is %d", n, what, limit)
	}
}
