package rewrite

import "strings"

// sectionID is the first byte of a section.
type sectionID byte

const (
	secCustom sectionID = iota
	secType
	secImport
	secFunction
	secTable
	secMemory
	secGlobal
	secExport
	secStart
	secElement
	secCode
	secData
	secDataCount
	secTag
)

// String returns the section's name in the specification.
func (id sectionID) String() string {
	names := [...]string{
		"custom", "type", "import", "function", "table", "memory", "global",
		"export", "start", "element", "code", "data", "data count", "tag",
	}
	if int(id) < len(names) {
		return names[id]
	}
	return "unknown"
}

// rank returns the section's place in a module, which is not the order of the
// numbers: tag comes after memory, data count before code.
func (id sectionID) rank() int {
	switch {
	case id == secTag:
		return 6
	case id == secDataCount:
		return 11
	case id >= secCode:
		return int(id) + 2
	case id >= secGlobal:
		return int(id) + 1
	}
	return int(id)
}

// sectionView is one section as it was read.
type sectionView struct {
	id      sectionID
	payload []byte // view of the module
	drop    bool   // a custom section that is left out
}

// sections walks the whole module.
func (p *moduleParser) sections() {
	if header := p.bytes(len(magic)); p.err == nil && string(header) != magic {
		p.malformed(0, "not a WebAssembly 1.0 binary")
	}
	last := 0
	for p.err == nil && p.pos < len(p.b) {
		start := p.pos
		id := sectionID(p.byte())
		p.section = id.String()
		size := p.count(1)
		switch {
		case p.err != nil:
			return
		case id > secTag:
			p.malformed(start, "unknown section %d", id)
		case id == secTag:
			p.refuse(start, "exception handling (tags) is not supported")
		case id != secCustom && id.rank() <= last:
			p.malformed(start, "section out of order")
		case id != secCustom:
			last = id.rank()
		}
		p.readSection(id, size)
		p.section = ""
	}
}

// readSection reads the payload with the cursor confined to it.
func (p *moduleParser) readSection(id sectionID, size int) {
	outer := p.end
	start := p.pos
	p.end = start + size
	s := sectionView{id: id, payload: p.b[start:p.end:p.end]}
	if p.err == nil {
		s.drop = p.payload(id)
	}
	if p.err == nil && p.pos != p.end {
		p.malformed(p.pos, "%d bytes left over", p.rest())
	}
	p.list = append(p.list, s)
	p.end = outer
}

// payload reads one section and reports whether it is to be left out.
func (p *moduleParser) payload(id sectionID) bool {
	switch id {
	case secCustom:
		return p.custom()
	case secType:
		p.typeSection()
	case secImport:
		p.importSection()
	case secFunction:
		p.functionSection()
	case secTable:
		p.tableSection()
	case secMemory:
		p.memorySection()
	case secGlobal:
		p.globalSection()
	case secExport:
		p.exportSection()
	case secStart:
		p.startSection()
	case secElement:
		p.elementSection()
	case secDataCount:
		p.dataCount = int(p.u32())
	case secCode:
		p.codeSection()
	case secData:
		p.dataSection()
	}
	return false
}

// custom reads a custom section. The offsets in DWARF sections would point into
// the old code, and they are large, so they are left out; "name" stays right,
// because no function index moves. The engine takes an empty section at the very
// end for a cut one, and stripping data may bring one there, so these go too.
func (p *moduleParser) custom() bool {
	name := p.name()
	contents := p.bytes(p.rest())
	return len(contents) == 0 || strings.HasPrefix(name, ".debug_")
}
