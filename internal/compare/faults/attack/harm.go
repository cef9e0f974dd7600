package attack

import (
	_ "embed"
	"slices"

	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// Harm is something bad that a WebAssembly guest does in its hook pre.
type Harm struct {
	pages uint32
	// code adds what it needs to the module and returns code that leaves the
	// verdict.
	code func(*wasmtest.Module) []byte
}

// Always returns a guest that does harm to every request. Hooks may be added
// to it.
func (h Harm) Always() *wasmtest.Module {
	m := wasmtest.New(h.pages)
	code := h.code(m)
	m.Func("sallyport_pre", code)
	return m
}

// OnFault returns a guest that does harm to requests with the field [Fault].
func (h Harm) OnFault() *wasmtest.Module {
	m := wasmtest.New(h.pages)
	get := m.Import("sallyport", "header_get", 5, wasmtest.I32)
	name := put(m, 60<<10, Fault)
	code := h.code(m)
	m.Func("sallyport_pre",
		wasmtest.Call(get, 0, name.at, name.size, 0, 0), wasmtest.Less0(),
		wasmtest.If(wasmtest.Return(wasmtest.Const(0))),
		code)
	return m
}

// text is a string in the memory of a guest.
type text struct{ at, size int32 }

// put writes a string at an address below the first page's end.
func put(m *wasmtest.Module, at int32, s string) text {
	m.Data(uint32(at), s)
	return text{at, int32(len(s))}
}

// Idle returns a guest that lets every request pass, as a binary.
func Idle() []byte { return simple(wasmtest.Const(0)).Always().Bytes() }

// simple is harm without imports, in one page.
func simple(code ...[]byte) Harm {
	return Harm{1, func(*wasmtest.Module) []byte { return slices.Concat(code...) }}
}

// insist ends a guest when the number on top of the stack is an error.
func insist() []byte {
	return slices.Concat(wasmtest.Less0(), wasmtest.If(wasmtest.Unreachable()))
}

// Loop never ends.
func Loop() Harm { return simple(wasmtest.Loop()) }

// Trap executes an instruction that is not allowed.
func Trap() Harm { return simple(wasmtest.Unreachable()) }

// Recursion calls itself until the stack ends.
func Recursion() Harm {
	return Harm{1, func(m *wasmtest.Module) []byte {
		self := m.Count()
		m.Func("", wasmtest.Call(self), wasmtest.Drop(), wasmtest.Const(0))
		return wasmtest.Call(self)
	}}
}

// CallTree makes 2^60 calls, 60 deep, without a loop.
func CallTree() Harm {
	const depth = 60
	return Harm{1, func(m *wasmtest.Module) []byte {
		leaf := m.Func("", wasmtest.Const(0))
		for range depth {
			leaf = m.Func("", wasmtest.Call(leaf), wasmtest.Drop(), wasmtest.Call(leaf))
		}
		return wasmtest.Call(leaf)
	}}
}

// GrowForever grows by the MiB, and insists on more.
func GrowForever() Harm { return simple(wasmtest.Loop(wasmtest.Grow(16), insist())) }

// TakeForever grows by the MiB, writes to all of it, and insists on more.
func TakeForever() Harm {
	const pages = 16
	last := slices.Concat(wasmtest.Size(), wasmtest.Const(-pages<<16), wasmtest.Add())
	return simple(wasmtest.Loop(
		wasmtest.Grow(pages), insist(),
		wasmtest.Fill(last, wasmtest.Const(pages<<16))))
}

// GrowAtOnce asks for many pages at once, writes to all of them, and insists.
func GrowAtOnce(pages int32) Harm {
	return simple(wasmtest.Grow(pages), insist(), wasmtest.Fill(wasmtest.Const(0), wasmtest.Size()), wasmtest.Const(0))
}

// FillForever grows by pages and writes to the whole memory with single
// instructions, again and again.
func FillForever(pages int32) Harm {
	return simple(wasmtest.Grow(pages), wasmtest.Drop(), wasmtest.Loop(wasmtest.Fill(wasmtest.Const(0), wasmtest.Size())))
}

// Chatter logs a MiB at a time without end.
func Chatter() Harm {
	return Harm{16, func(m *wasmtest.Module) []byte {
		log := m.Import("sallyport", "log", 3, wasmtest.I32)
		return wasmtest.Loop(wasmtest.Call(log, 2, 0, 16<<16), wasmtest.Drop())
	}}
}

// HugeReply sets a body of 8 MiB, and insists.
func HugeReply() Harm {
	const pages, size = 130, 8 << 20
	return Harm{pages, func(m *wasmtest.Module) []byte {
		set := m.Import("sallyport", "reply_body_set", 2, wasmtest.I32)
		return slices.Concat(wasmtest.Call(set, 0, size), insist(), wasmtest.Const(0))
	}}
}

// HeaderBomb adds header fields until that is refused, and insists.
func HeaderBomb() Harm {
	return Harm{1, func(m *wasmtest.Module) []byte {
		add := m.Import("sallyport", "header_add", 5, wasmtest.I32)
		name := put(m, 0, "X-Bomb")
		return wasmtest.Loop(wasmtest.Call(add, 0, name.at, name.size, name.at, name.size), insist())
	}}
}

// BadVerdict hands pointers to nowhere to the host and returns a verdict that
// does not exist.
func BadVerdict() Harm {
	return Harm{1, func(m *wasmtest.Module) []byte {
		set := m.Import("sallyport", "header_set", 5, wasmtest.I32)
		return slices.Concat(wasmtest.Call(set, 0, -8, 100, -8, 100), wasmtest.Drop(), wasmtest.Const(99))
	}}
}

// Exit ends the program it believes to be.
func Exit() Harm {
	return Harm{1, func(m *wasmtest.Module) []byte {
		exit := m.Import("wasi_snapshot_preview1", "proc_exit", 1, 0)
		return slices.Concat(wasmtest.Call(exit, 9), wasmtest.Const(0))
	}}
}

// Script is the middleware of all faults in JavaScript. Its object is named
// [Entry]. It runs on otto and in the sandbox alike.
//
//go:embed attack.js
var Script []byte

// Entry is what a configuration names as entry of [Script], and as that of
// [Child].
const Entry = "attack"

// Bystander is middleware that lets every request pass. Its object is named
// bystander.
//
//go:embed bystander.js
var Bystander []byte

// Params are what modules are made with, because they cannot read it from the
// fields of the request.
type Params struct {
	Slow   string // URL that is granted, and answers late
	Target string // URL that is not granted
	File   string // path that is not granted
	Secret string // name of an environment value that is not granted
}

// Module returns the WebAssembly binary for a fault; nil if there is none of
// that name. Its hook post does nothing.
func Module(fault string, p Params) []byte {
	harm, ok := harms(p)[fault]
	if !ok {
		return nil
	}
	return harm.OnFault().Bytes()
}

func harms(p Params) map[string]Harm {
	const atOnce = 320 << 4 // pages, 320 MiB
	return map[string]Harm{
		Crash:        Trap(),
		Hang:         Loop(),
		MemoryBomb:   TakeForever(),
		MemoryStep:   GrowAtOnce(atOnce),
		StackBomb:    Recursion(),
		ForkBomb:     CallTree(),
		Garbage:      BadVerdict(),
		HugeOutput:   HugeReply(),
		LogFlood:     Chatter(),
		SlowHost:     Ask(p.Slow),
		LeakRequests: Keep(),
		LeakAPIs:     Keep(),
		ReadFile:     Open(p.File),
		OpenSocket:   Request(p.Target),
		ReadEnv:      Environment(p.Secret),
		Kill:         Exit(),
		Deadline:     LastMoment(),
	}
}
