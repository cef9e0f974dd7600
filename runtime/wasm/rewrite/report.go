package rewrite

import (
	"fmt"
	"slices"
)

// Prefix begins the names of all exports the rewriter adds. A module that uses
// it itself is refused.
const Prefix = "__sp_"

// Names of the exports added to every module. The globals are mutable i32.
const (
	FuelName  = Prefix + "fuel"  // checks left until the next yield
	StopName  = Prefix + "stop"  // nonzero ends the guest at its next yield
	DepthName = Prefix + "depth" // slots in use, 0 outside of calls
	StartName = Prefix + "start" // the module's start function, only if it had one
)

// ModuleReport describes a module and what was done to it.
type ModuleReport struct {
	Memory  MemoryLimits
	Imports []Extern
	Exports []Extern // the module's own, without those that were added

	// Globals are the module's own mutable numeric globals. Their values, memory
	// and its size are all the state of a restorable instance.
	Globals []Global
	// Start is [StartName] if the module had a start function. The host calls it
	// once, after it has written the Segments.
	Start string
	// Stripped says that the data segments are no longer in the module: the host
	// writes the Segments into memory, in order, before anything runs. Their
	// bytes are views of the module given to [Rewrite].
	Stripped bool
	Segments []Segment
	// Merged is the number of data segments left after neighbours were joined,
	// or 0 if the data section was stripped or not touched.
	Merged int

	Features []string // features beyond WebAssembly 1.0 in use, sorted

	// Restorable says whether an instance can be reset to a snapshot. If not,
	// Reasons holds a phrase for each obstacle.
	Restorable bool
	Reasons    []string

	Functions    int // functions with a body
	Wrapped      int // functions with a depth check
	Loops        int
	DataSegments int // before stripping or merging

	Compile CompileWork
}

// MemoryLimits is the memory a module declared, in pages of 64 KiB. The declared
// maximum is no longer in the module: the allocator enforces it.
type MemoryLimits struct {
	Declared bool
	Min      uint32
	Max      uint32 // 65,536 if HasMax is false
	HasMax   bool
}

// Global is a mutable global and the name it is now exported by.
type Global struct {
	Name  string
	Index int
	Type  string // "i32", "i64", "f32" or "f64"
}

// Segment is data that belongs at an offset in memory. It is in bounds of the
// declared minimum.
type Segment struct {
	Offset uint32
	Bytes  []byte
}

// ExternKind is what an import or export is.
type ExternKind string

// Kinds of imports and exports.
const (
	KindFunc   ExternKind = "func"
	KindTable  ExternKind = "table"
	KindMemory ExternKind = "memory"
	KindGlobal ExternKind = "global"
)

// Extern is one import or export.
type Extern struct {
	Kind   ExternKind
	Module string // of an import
	Name   string
	Type   string // "(i32, i64) -> (i32)", "mut i32", "funcref", "2 to 16 pages"
}

// fillReport completes the report when the whole module has been read.
func (p *moduleParser) fillReport() {
	r := p.report
	r.Memory = MemoryLimits{Declared: p.memories > 0, Min: p.memory.min, Max: p.memory.max, HasMax: p.memory.hasMax}
	if !r.Memory.HasMax {
		r.Memory.Max = maxPages
	}
	r.Reasons = slices.Clone(p.code.reasons.text)
	p.reportGlobals()
	if p.start >= 0 {
		r.Start = StartName
	}
	r.Features = p.features.names()
	r.Restorable = len(r.Reasons) == 0
	r.Functions, r.Wrapped, r.Loops = p.code.bodies, p.code.wrapped, p.code.loops
	r.DataSegments = len(p.data)
}

func (p *moduleParser) reportGlobals() {
	for i, g := range p.globals {
		switch {
		case !g.mutable:
		case g.value.numeric():
			p.report.Globals = append(p.report.Globals, Global{
				Name: fmt.Sprintf("%sg%d", Prefix, i), Index: i, Type: g.value.String(),
			})
		default:
			p.report.Reasons = append(p.report.Reasons,
				fmt.Sprintf("mutable global %d is of type %v", i, g.value))
		}
	}
}

// reasons collects why an instance cannot be restored, one phrase for each
// kind of instruction.
type reasons struct {
	seen []int
	text []string
}

func (r *reasons) add(op, fn, offset int) {
	if slices.Contains(r.seen, op) {
		return
	}
	r.seen = append(r.seen, op)
	r.text = append(r.text, fmt.Sprintf("%s in function %d (offset %#x)", mutationName(op), fn, offset))
}

// mutationName names the instructions that change tables or drop segments.
func mutationName(op int) string {
	switch op {
	case opTableSet:
		return "table.set"
	case opTableGrow:
		return "table.grow"
	case opTableFill:
		return "table.fill"
	case opTableCopy:
		return "table.copy"
	case opTableInit:
		return "table.init"
	case opElemDrop:
		return "elem.drop"
	}
	return "data.drop"
}
