package rewrite

// feature is a set of WebAssembly features beyond the first version.
type feature uint16

const (
	featBulkMemory feature = 1 << iota
	featMultiValue
	featMutableGlobals
	featReferenceTypes
	featSaturating
	featSignExtension
	featSIMD
	featTailCalls
)

// names lists the features in the order of their bits, which is alphabetical.
func (f feature) names() []string {
	all := [...]string{
		"bulk-memory", "multi-value", "mutable-globals", "reference-types",
		"saturating-float-to-int", "sign-extension", "simd", "tail-calls",
	}
	var found []string
	for i, name := range all {
		if f&(1<<i) != 0 {
			found = append(found, name)
		}
	}
	return found
}

// opcodeFeature returns the feature an instruction belongs to.
func opcodeFeature(op int) feature {
	switch {
	case op >= opPrefixVector<<prefixShift:
		return featSIMD
	case op >= opTableGrow:
		return featReferenceTypes
	case op >= opMemoryInit:
		return featBulkMemory
	case op >= opPrefixMisc<<prefixShift:
		return featSaturating
	case op >= opRefNull:
		return featReferenceTypes
	case op >= 0xc0:
		return featSignExtension
	case op == 0x1c, op == 0x25, op == opTableSet:
		return featReferenceTypes
	case op == opReturnCall, op == opReturnCallIn:
		return featTailCalls
	}
	return 0
}
