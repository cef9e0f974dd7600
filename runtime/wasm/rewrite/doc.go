// Package rewrite turns a WebAssembly module into one the gateway can interrupt,
// bound and reset. It is a pure function from bytes to bytes: no clock, no
// files, no engine, and only the standard library.
//
// A guest's machine code is never preempted, neither by a deadline nor by Go's
// scheduler, and it owns the native stack. So what the host needs is put into
// the guest before it is compiled:
//
//   - A counter check at every function entry and loop header. After Slice checks
//     the guest calls memory.grow with more pages than it may have, which lands
//     in the host's memory allocator, on the guest's own goroutine. The host
//     looks at the deadline there and raises a stop flag; the guest reads it
//     next and ends with a trap. Without the check at function entry, a tree of
//     calls without loops would run for ever.
//   - A call-depth check around every function that contains a call. Endless
//     recursion ends with a trap after a megabyte of native stack instead of
//     half a second and some hundred megabytes in the engine.
//   - Exports for every mutable numeric global, so that a snapshot can save and
//     restore them.
//   - No start section, and where possible no data section: both are work that
//     is done once, on a template, and not for every instance.
//   - No declared memory maximum: the allocator enforces it, and the trick that
//     shrinks a memory needs room to "grow".
//   - A maximum for every table, which no allocator bounds: about a million entries in
//     all tables together.
//
// # Inserted code
//
// Four mutable i32 globals are appended, fuel, stop, depth and one for scratch;
// appending moves no index of the guest's. A check is
//
//	fuel = fuel - 1
//	if fuel <= 0 {
//	    fuel = Slice
//	    drop(memory.grow(Yield))
//	    if stop { unreachable }
//	}
//
// Work that no check sees is charged in advance, in the same way: before a call
// of an imported function a hundredth of Slice, and before memory.fill and its
// like one for each 256 bytes or entries. Otherwise a loop that fills the whole
// memory would do so Slice times between two yields. A single fill or copy is
// not interrupted: the limit of the memory bounds it.
//
// A checked function is
//
//	depth = depth + cost
//	if depth > DepthLimit { unreachable }
//	block (result ...)
//	    the old body, return replaced by a branch to this block
//	end
//	depth = depth - cost
//
// where cost is one slot for each parameter and local, plus the greatest number
// of operands the function has at a time, but at least 8. A vector counts twice.
// Branches to the function's label hit the block with the index they have.
//
// # What the host does
//
// It gives each instance an allocator that answers nil to a growth by Yield
// pages and treats it as a yield; that enforces [MemoryLimits].Max; and that limits
// plugins to 1 GiB, below every legal Yield. The engine panics when the
// allocator cannot give a new instance its [MemoryLimits].Min, so the host compares
// that with the limit first. After instantiation, and before
// any other call, it writes [ModuleReport].Segments and calls [ModuleReport].Start. After a
// trap, fuel and depth keep the values they had: a snapshot restores them with
// the other globals, any other host sets them to Slice and 0.
//
// Both inserted traps look like the guest's own "unreachable". The host tells
// them apart by what it did: it raised stop, or depth is above DepthLimit.
//
// # Hostile modules
//
// An invalid module must not become a valid one. The instruction global.set N
// is rejected by an engine if N is the number of globals, but after rewriting N
// is the fuel. Therefore every index is checked against the counts of the
// original module while it is read: types, functions, tables, memories,
// globals, labels, locals, element and data segments. So is everything that is
// taken away or replaced: limits, start function, data segments, custom
// sections, declarations for ref.func. Operands are counted, because they are
// part of the cost of a call. Their types are left to the engine, which
// validates the result.
//
// Memory and time are linear in the size of the module. An opcode, a type, a
// section or a flag that is not known ends the rewriting with an [*ModuleError] that
// says where; nothing is skipped by guessing its length.
//
// # What is accepted
//
// WebAssembly 2.0, which is what the engine accepts by default: bulk memory,
// multiple results, reference types, SIMD, sign extension, saturating
// conversions. Refused by name are imported memories, tables and mutable
// globals; shared, 64-bit and several memories; threads, exceptions in both
// forms, garbage collection, typed function references, relaxed SIMD; more than
// 50,000 locals in a function, 1,000 parameters or results, or a million initial
// table entries; and tail calls unless [Options].TailCalls is set.
//
// Refused as well is what would take the engine too long to compile, or too much
// memory: its compiler cannot be interrupted. [CompileWork] is what decides, and
// the README of package wasm has the limits with what ordinary guests need.
//
// What is accepted but cannot be undone by a snapshot, such as table.set, is
// listed in [ModuleReport].Reasons.
package rewrite
