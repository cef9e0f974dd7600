package rewrite

import (
	"fmt"
	"strings"
)

const (
	externFunc   = 0x00
	externTable  = 0x01
	externMemory = 0x02
	externGlobal = 0x03
	externTag    = 0x04
)

func (p *moduleParser) importSection() {
	for range p.count(4) {
		start := p.pos
		e := Extern{Module: p.name(), Name: p.name()}
		kind := p.byte()
		p.importDesc(start, kind, &e)
		if p.err != nil {
			return
		}
		p.report.Imports = append(p.report.Imports, e)
	}
	p.imported, p.importedGlobals = len(p.funcs), len(p.globals)
	p.declared = make([]bool, len(p.funcs))
}

func (p *moduleParser) importDesc(start int, kind byte, e *Extern) {
	switch kind {
	case externFunc:
		t := p.index("type", len(p.types))
		if p.err != nil {
			return
		}
		p.funcs = append(p.funcs, t)
		e.Kind, e.Type = KindFunc, p.types[t].String()
	case externGlobal:
		t := p.globalType()
		if t.mutable {
			p.refuse(start, "imported mutable global %s.%s is not supported", e.Module, e.Name)
		}
		p.globals = append(p.globals, t)
		e.Kind, e.Type = KindGlobal, t.String()
	case externTable:
		p.refuse(start, "imported table %s.%s is not supported", e.Module, e.Name)
	case externMemory:
		p.refuse(start, "imported memory %s.%s is not supported", e.Module, e.Name)
	case externTag:
		p.refuse(start, "exception handling (imported tag %s.%s) is not supported", e.Module, e.Name)
	default:
		p.malformed(start, "unknown import kind %#x", kind)
	}
}

func (p *moduleParser) exportSection() {
	p.exports = p.count(3)
	for range p.exports {
		start := p.pos
		e := Extern{Name: p.name()}
		if strings.HasPrefix(e.Name, Prefix) {
			p.refuse(start, "export %q: the prefix %q is reserved", e.Name, Prefix)
		}
		p.exportDesc(p.byte(), &e)
		if p.err != nil {
			return
		}
		p.report.Exports = append(p.report.Exports, e)
	}
}

func (p *moduleParser) exportDesc(kind byte, e *Extern) {
	start := p.pos - 1
	switch kind {
	case externFunc:
		fn := p.index("function", len(p.funcs))
		if p.err != nil {
			return
		}
		p.declared[fn] = true
		e.Kind, e.Type = KindFunc, p.functionType(fn).String()
	case externTable:
		t := p.index("table", len(p.tables))
		if p.err != nil {
			return
		}
		e.Kind, e.Type = KindTable, p.tables[t].typ.String()
	case externMemory:
		p.index("memory", p.memories)
		e.Kind, e.Type = KindMemory, p.memory.String()
	case externGlobal:
		g := p.index("global", len(p.globals))
		if p.err != nil {
			return
		}
		if p.globals[g].mutable {
			p.features |= featMutableGlobals
		}
		e.Kind, e.Type = KindGlobal, p.globals[g].String()
	case externTag:
		p.refuse(start, "exception handling (exported tag %q) is not supported", e.Name)
	default:
		p.malformed(start, "unknown export kind %#x", kind)
	}
}

// String returns the limits as "2 pages" or "2 to 16 pages".
func (l sizeLimits) String() string {
	if l.hasMax {
		return fmt.Sprintf("%d to %d pages", l.min, l.max)
	}
	return fmt.Sprintf("%d pages", l.min)
}
