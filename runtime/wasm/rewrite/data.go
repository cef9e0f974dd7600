package rewrite

// mergeGap is the longest run of zero bytes spent to join two data segments.
// Each segment costs the engine a copy and an allocation per instance.
const mergeGap = 64

// dataSegment is one entry of the data section.
type dataSegment struct {
	raw    []byte // whole entry, a view of the module
	bytes  []byte // contents, a view of the module
	offset uint32 // valid when fixed
	fixed  bool   // active at a constant offset
	active bool
}

func (s dataSegment) end() uint64 { return uint64(s.offset) + uint64(len(s.bytes)) }

func (p *moduleParser) dataSection() {
	for range p.count(1) {
		s := p.dataSegment()
		if p.err != nil {
			return
		}
		p.data = append(p.data, s)
	}
}

func (p *moduleParser) dataSegment() dataSegment {
	start := p.pos
	s := dataSegment{}
	switch form := p.u32(); form {
	case 0:
		s.active = true
	case 1:
		p.features |= featBulkMemory
	case 2:
		s.active = true
		if at := p.pos; p.u32() != 0 {
			p.refuse(at, "several memories are not supported")
		}
	default:
		p.malformed(start, "unknown data segment form %d", form)
	}
	if s.active {
		p.activeData(start, &s)
	}
	s.bytes = p.bytes(p.count(1))
	s.raw = p.b[start:p.pos:p.pos]
	return s
}

func (p *moduleParser) activeData(start int, s *dataSegment) {
	if p.memories == 0 {
		p.malformed(start, "active data segment without a memory")
	}
	c := p.constExpr()
	s.fixed, s.offset = c.op == opI32Const, c.value
}

// memoryIndex reads the index of a memory, which can only be 0.
func (p *moduleParser) memoryIndex() {
	start := p.pos
	if p.byte() != 0 && p.err == nil {
		p.refuse(start, "several memories are not supported")
	}
}

// strippable reports whether the host can write the data instead of the engine:
// every offset is known and in bounds, and no instruction names a segment.
// A segment out of bounds stays, so that the engine reports it.
func (p *moduleParser) strippable() bool {
	if p.code.dataUsed {
		return false
	}
	size := uint64(p.memory.min) * pageSize
	for _, s := range p.data {
		if s.active && (!s.fixed || s.end() > size) {
			return false
		}
	}
	return true
}

// segments returns the contents the host has to write, in order.
func (p *moduleParser) segments() []Segment {
	var list []Segment
	for _, s := range p.data {
		if s.active && len(s.bytes) > 0 {
			list = append(list, Segment{Offset: s.offset, Bytes: s.bytes})
		}
	}
	return list
}

// mergedData returns the payload of a data section in which neighbours are
// joined, and its number of segments.
func (p *moduleParser) mergedData() ([]byte, int) {
	var m segmentMerger
	for _, s := range p.data {
		m.add(s)
	}
	m.flush()
	return append(appendU32(nil, uint32(m.count)), m.out...), m.count
}

// segmentMerger joins runs of data segments.
type segmentMerger struct {
	out   []byte
	count int

	open  bool // a run is being collected
	start uint32
	run   []byte
	high  uint64 // no segment so far wrote at or above high
	wild  bool   // a segment so far wrote at an unknown place
}

func (m *segmentMerger) add(s dataSegment) {
	if !s.fixed {
		m.flush()
		m.out = append(m.out, s.raw...)
		m.count++
		m.wild = m.wild || s.active
		return
	}
	if !m.joins(s) {
		m.flush()
		m.open, m.start = true, s.offset
	}
	if gap := int64(s.offset) - int64(m.end()); gap > 0 {
		m.run = append(m.run, make([]byte, gap)...)
	}
	m.run = append(m.run, s.bytes...)
	m.high = max(m.high, s.end())
}

// end returns the address behind the open run.
func (m *segmentMerger) end() uint64 { return uint64(m.start) + uint64(len(m.run)) }

// joins reports whether s continues the open run. The zero bytes of a gap must
// not hide what an earlier segment wrote there.
func (m *segmentMerger) joins(s dataSegment) bool {
	if !m.open || uint64(s.offset) < m.end() {
		return false
	}
	gap := uint64(s.offset) - m.end()
	return gap == 0 || gap <= mergeGap && !m.wild && m.end() >= m.high
}

func (m *segmentMerger) flush() {
	if !m.open {
		return
	}
	m.out = append(m.out, 0)
	m.out = append(appendI32Const(m.out, int32(m.start)), opEnd)
	m.out = appendBytes(m.out, m.run)
	m.count++
	m.open, m.run = false, m.run[:0]
}
