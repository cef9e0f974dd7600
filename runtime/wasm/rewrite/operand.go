package rewrite

// openBlock is an open block, or the function itself, while a body is walked.
type openBlock struct {
	kind    byte
	base    int // operands below the block's own
	params  int
	results int
	dead    bool // behind an unconditional branch: operands are not counted
}

// operandStack follows the height of the operand stack. What lies on it during
// a call takes room in the native frame, and a hostile function can pile up
// thousands of values, so the height is part of what a call costs.
type operandStack struct {
	frames []openBlock
	height int
	peak   int
}

func (s *operandStack) reset(results int) {
	s.frames = append(s.frames[:0], openBlock{kind: opBlock, results: results})
	s.height, s.peak = 0, 0
}

func (s *operandStack) top() *openBlock { return &s.frames[len(s.frames)-1] }

// blocks returns the number of open blocks, without the function.
func (s *operandStack) blocks() int { return len(s.frames) - 1 }

// move takes and puts operands. It reports false when there are fewer than
// taken, which only dead code may claim.
func (s *operandStack) move(take, put int) bool {
	f := s.top()
	left := s.height - take
	if left < f.base && !f.dead {
		return false
	}
	s.height = max(left, f.base) + put
	s.peak = max(s.peak, s.height)
	return true
}

func (s *operandStack) open(kind byte, params, results int) bool {
	if !s.move(params, 0) {
		return false
	}
	s.frames = append(s.frames, openBlock{kind: kind, base: s.height, params: params, results: results})
	return s.move(0, params)
}

// die marks the rest of the block as not reached.
func (s *operandStack) die() {
	f := s.top()
	f.dead, s.height = true, f.base
}

// ended reports whether the block's results, and nothing else, are on the stack.
func (s *operandStack) ended() bool {
	f := s.top()
	return s.height == f.base+f.results || f.dead && s.height < f.base+f.results
}

// close ends the innermost block and leaves its results.
func (s *operandStack) close() {
	f := *s.top()
	s.frames = s.frames[:len(s.frames)-1]
	s.height = f.base + f.results
	s.peak = max(s.peak, s.height)
}

// plainEffect returns how many operands an instruction of one byte takes and
// puts. Control instructions and calls are handled where they are read.
func plainEffect(op int) (take, put int) {
	switch {
	case op >= 0x28 && op <= 0x35: // loads
		return 1, 1
	case op >= 0x36 && op <= 0x3e: // stores
		return 2, 0
	case op >= opI32Const && op <= opF64Const:
		return 0, 1
	case op == 0x45, op == 0x50: // eqz
		return 1, 1
	case op >= 0x46 && op <= 0x66: // comparisons
		return 2, 1
	case op >= 0x6a && op <= 0x78, op >= 0x7c && op <= 0x8a, op >= 0x92 && op <= 0x98, op >= 0xa0 && op <= 0xa6:
		return 2, 1
	case op >= 0x67 && op <= 0xc4:
		return 1, 1
	}
	switch op {
	case opDrop, opBrIf, opBrTable, opIf, opLocalSet, opGlobalSet:
		return 1, 0
	case 0x1b, 0x1c: // select
		return 3, 1
	case 0x20, opGlobalGet, 0x3f, opRefNull, opRefFunc: // local.get, memory.size
		return 0, 1
	case opLocalTee, opTableGet, opMemoryGrow, 0xd1: // ref.is_null
		return 1, 1
	case opTableSet:
		return 2, 0
	}
	return 0, 0
}

// miscEffect is plainEffect for prefix 0xfc.
func miscEffect(sub int) (take, put int) {
	switch sub {
	case 0x09, 0x0d: // data.drop, elem.drop
		return 0, 0
	case 0x08, 0x0a, 0x0b, 0x0c, 0x0e, 0x11: // init, copy, fill
		return 3, 0
	case 0x0f: // table.grow
		return 2, 1
	case 0x10: // table.size
		return 0, 1
	}
	return 1, 1
}

// vectorEffect is plainEffect for prefix 0xfd.
func vectorEffect(sub int) (take, put int) {
	switch {
	case sub == 0x0b, sub >= 0x58 && sub <= 0x5b: // stores
		return 2, 0
	case sub == 0x0c: // v128.const
		return 0, 1
	case sub == 0x52: // bitselect
		return 3, 1
	case sub == 0x0d, sub == 0x0e, sub == 0x17, sub == 0x1a, sub == 0x1c, sub == 0x1e, sub == 0x20,
		sub >= 0x22 && sub <= 0x4c, sub >= 0x4e && sub <= 0x51, sub >= 0x54 && sub <= 0x57:
		return 2, 1
	case sub >= 0x60 && vectorBinary(sub):
		return 2, 1
	}
	return 1, 1
}

// vectorBinary reports whether an arithmetic vector instruction has two operands.
func vectorBinary(sub int) bool {
	switch low := sub & 0x1f; {
	case sub >= 0xe0:
		return low >= 0x04 && low <= 0x0b || low >= 0x10 && low <= 0x17
	case sub >= 0x60 && sub <= 0x7f:
		return sub == 0x65 || sub == 0x66 || sub >= 0x6b && sub <= 0x73 || sub >= 0x76 && sub <= 0x79 || sub == 0x7b
	case sub >= 0xd6:
		return true
	case sub == 0x82, sub == 0x85, sub == 0x86:
		return true
	}
	switch low := sub & 0x1f; {
	case low >= 0x0b && low <= 0x13: // shifts, add, sub
		return true
	case sub == 0x94: // f64x2.nearest
		return false
	}
	return sub&0x1f >= 0x15
}
