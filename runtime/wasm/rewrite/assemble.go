package rewrite

// assemble writes the new module: old sections in their order, changed ones
// rebuilt, missing ones inserted where their rank wants them.
func (p *moduleParser) assemble() []byte {
	p.placeData()
	out := make([]byte, 0, len(p.b)+len(p.code.out))
	out = append(out, magic...)
	missing := p.missing()
	for _, s := range p.list {
		for s.id != secCustom && len(missing) > 0 && missing[0].rank() < s.id.rank() {
			out = p.appendRebuilt(out, sectionView{id: missing[0]})
			missing = missing[1:]
		}
		out = p.appendRebuilt(out, s)
	}
	for _, id := range missing {
		out = p.appendRebuilt(out, sectionView{id: id})
	}
	return out
}

// missing lists the sections the module needs and does not have, by rank.
func (p *moduleParser) missing() []sectionID {
	var ids []sectionID
	for _, id := range [...]sectionID{secMemory, secGlobal, secExport} {
		if !p.has(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (p *moduleParser) has(id sectionID) bool {
	for _, s := range p.list {
		if s.id == id {
			return true
		}
	}
	return false
}

// placeData decides what happens to the data segments: the host writes them, or
// the engine writes fewer of them, or they stay because an instruction names
// them by index.
func (p *moduleParser) placeData() {
	switch {
	case p.strippable():
		p.report.Stripped = true
		p.report.Segments = p.segments()
	case !p.code.dataUsed:
		p.mergedPayload, p.report.Merged = p.mergedData()
	}
}

func (p *moduleParser) appendRebuilt(out []byte, s sectionView) []byte {
	switch s.id {
	case secCustom:
		if s.drop {
			return out
		}
	case secType:
		s.payload = p.typePayload(s.payload)
	case secTable:
		s.payload = p.tablePayload()
	case secMemory:
		s.payload = appendU32([]byte{1, 0}, p.memory.min)
	case secGlobal:
		s.payload = p.globalPayload(s.payload)
	case secExport:
		s.payload = p.exportPayload(s.payload)
	case secStart:
		return out
	case secCode:
		s.payload = append(appendU32(nil, uint32(p.code.bodies)), p.code.out...)
	case secDataCount, secData:
		return p.appendData(out, s)
	}
	return appendSection(out, s.id, s.payload)
}

func (p *moduleParser) appendData(out []byte, s sectionView) []byte {
	switch {
	case p.report.Stripped:
		return out
	case p.code.dataUsed:
	case s.id == secDataCount:
		s.payload = appendU32(nil, uint32(p.report.Merged))
	default:
		s.payload = p.mergedPayload
	}
	return appendSection(out, s.id, s.payload)
}

// extend returns a vector's payload with more elements announced, ready for
// them to be appended.
func extend(payload []byte, old, more int) []byte {
	c := newCursor(payload)
	c.u32()
	out := appendU32(make([]byte, 0, len(payload)+32*more+5), uint32(old+more))
	return append(out, payload[c.pos:]...)
}

func (p *moduleParser) typePayload(payload []byte) []byte {
	out := extend(payload, len(p.types), len(p.code.types))
	for _, t := range p.code.types {
		out = append(out, typeFunction, 0)
		out = appendBytes(out, t.results)
	}
	return out
}

// globalPayload appends fuel, stop, depth and the scratch global, which is not
// exported. At the end they move no index.
func (p *moduleParser) globalPayload(payload []byte) []byte {
	own := len(p.globals) - p.importedGlobals
	out := extend(payload, own, 4)
	for _, value := range [...]int32{p.opt.slice(), 0, 0, 0} {
		out = append(out, byte(typeI32), 1)
		out = append(appendI32Const(out, value), opEnd)
	}
	return out
}

func (p *moduleParser) exportPayload(payload []byte) []byte {
	more := len(p.report.Globals) + 3
	if p.start >= 0 {
		more++
	}
	out := extend(payload, p.exports, more)
	for _, g := range p.report.Globals {
		out = appendExport(out, g.Name, externGlobal, uint32(g.Index))
	}
	for i, name := range [...]string{FuelName, StopName, DepthName} {
		out = appendExport(out, name, externGlobal, uint32(len(p.globals)+i))
	}
	if p.start >= 0 {
		out = appendExport(out, StartName, externFunc, uint32(p.start))
	}
	return out
}
