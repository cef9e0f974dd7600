package attack

import (
	"slices"

	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// Addresses of what escaping guests work with, in their first page.
const (
	atSeen   = 59 << 10 // the name of the field Seen
	atWord   = 1 << 10  // a number
	atBuffer = 2 << 10
	bufSize  = 1 << 10
)

// seer hands what a guest got hold of to the upstream.
type seer struct {
	set  uint32
	name text
}

func newSeer(m *wasmtest.Module) seer {
	return seer{m.Import("sallyport", "header_set", 5, wasmtest.I32), put(m, atSeen, Seen)}
}

// tell hands over as many bytes of the buffer as the word says.
func (s seer) tell() []byte {
	return slices.Concat(
		wasmtest.Const(0), wasmtest.Const(s.name.at), wasmtest.Const(s.name.size),
		wasmtest.Const(atBuffer), wasmtest.Load(atWord),
		wasmtest.Call(s.set), wasmtest.Drop())
}

// tellIf hands over the buffer if the result of code, its length, is above 0.
func (s seer) tellIf(code []byte) []byte {
	less := slices.Concat(wasmtest.Const(0), wasmtest.Load(atWord), wasmtest.Subtract(), wasmtest.Less0())
	return slices.Concat(wasmtest.Store(atWord, code), less, wasmtest.If(s.tell()))
}

// Keep hands over the [Note] of the request before it, if it still knows it,
// and keeps that of its own.
func Keep() Harm {
	return Harm{1, func(m *wasmtest.Module) []byte {
		get := m.Import("sallyport", "header_get", 5, wasmtest.I32)
		s, note := newSeer(m), put(m, 0, Note)
		return slices.Concat(
			wasmtest.Load(atWord), wasmtest.If(s.tell()),
			wasmtest.Store(atWord, wasmtest.Call(get, 0, note.at, note.size, atBuffer, bufSize)),
			wasmtest.Const(0))
	}}
}

// Open reads a file through every descriptor that may be a folder.
func Open(path string) Harm {
	return Harm{1, func(m *wasmtest.Module) []byte {
		const atFile, atVector = 512, 520 // a descriptor; address and length of the buffer
		i32, i64 := wasmtest.I32, wasmtest.I64
		open := m.ImportOf("wasi_snapshot_preview1", "path_open", []byte{i32, i32, i32, i32, i32, i64, i64, i32, i32}, i32)
		read := m.Import("wasi_snapshot_preview1", "fd_read", 4, i32)
		s, name := newSeer(m), put(m, 0, path)
		mayRead := wasmtest.Const64(2)
		code := slices.Concat(wasmtest.Store(atVector, wasmtest.Const(atBuffer)),
			wasmtest.Store(atVector+4, wasmtest.Const(bufSize)))
		for fd := range int32(8) {
			for skip := range int32(2) { // relative paths have no slash in front
				code = slices.Concat(code,
					wasmtest.Const(fd), wasmtest.Const(1), wasmtest.Const(name.at+skip), wasmtest.Const(name.size-skip),
					wasmtest.Const(0),
					mayRead, mayRead, wasmtest.Const(0), wasmtest.Const(atFile), wasmtest.Call(open), wasmtest.Not(),
					wasmtest.If(
						wasmtest.Load(atFile), wasmtest.Const(atVector), wasmtest.Const(1), wasmtest.Const(atWord),
						wasmtest.Call(read), wasmtest.Not(), wasmtest.If(s.tell())))
			}
		}
		return append(code, wasmtest.Const(0)...)
	}}
}

// Environment reads a value of the gateway's environment, by name and by
// asking for all of them.
func Environment(name string) Harm {
	return Harm{1, func(m *wasmtest.Module) []byte {
		get := m.Import("sallyport", "env_get", 4, wasmtest.I32)
		all := m.Import("wasi_snapshot_preview1", "environ_get", 2, wasmtest.I32)
		sizes := m.Import("wasi_snapshot_preview1", "environ_sizes_get", 2, wasmtest.I32)
		s, key := newSeer(m), put(m, 0, name)
		const atList, atCount = 8 << 10, 16
		return slices.Concat(
			s.tellIf(wasmtest.Call(get, key.at, key.size, atBuffer, bufSize)),
			wasmtest.Call(sizes, atCount, atWord), wasmtest.Drop(),
			wasmtest.Load(atCount), wasmtest.If(wasmtest.Call(all, atList, atBuffer), wasmtest.Drop(), s.tell()),
			wasmtest.Const(0))
	}}
}

// Request makes an HTTP request and hands over the body of the response.
func Request(url string) Harm {
	return Harm{1, func(m *wasmtest.Module) []byte {
		send := m.Import("sallyport", "http_request", 8, wasmtest.I32)
		read := m.Import("sallyport", "http_response_body_read", 3, wasmtest.I32)
		s, method, target := newSeer(m), put(m, 0, "GET"), put(m, 16, url)
		return slices.Concat(
			wasmtest.Call(send, method.at, method.size, target.at, target.size, 0, 0, 0, 0),
			wasmtest.Less0(), wasmtest.Not(),
			wasmtest.If(s.tellIf(wasmtest.Call(read, 0, atBuffer, bufSize))),
			wasmtest.Const(0))
	}}
}

// Ask makes an HTTP request, again and again, whatever comes of it.
func Ask(url string) Harm {
	return Harm{1, func(m *wasmtest.Module) []byte {
		send := m.Import("sallyport", "http_request", 8, wasmtest.I32)
		method, target := put(m, 0, "GET"), put(m, 16, url)
		return wasmtest.Loop(wasmtest.Call(send, method.at, method.size, target.at, target.size, 0, 0, 0, 0), wasmtest.Drop())
	}}
}

// LastMoment waits until half a millisecond times (13 − the length of [Note])
// before its deadline, which may be after it, and hands its note over.
func LastMoment() Harm {
	return Harm{1, func(m *wasmtest.Module) []byte {
		get := m.Import("sallyport", "header_get", 5, wasmtest.I32)
		left := m.Import("sallyport", "time_left", 0, wasmtest.I64)
		s, note := newSeer(m), put(m, 0, Note)
		wait := wasmtest.Times64(slices.Concat(wasmtest.Const(13), wasmtest.Load(atWord), wasmtest.Subtract()), 500_000)
		return slices.Concat(
			wasmtest.Store(atWord, wasmtest.Call(get, 0, note.at, note.size, atBuffer, bufSize)),
			wasmtest.While(wasmtest.Less64(wait, wasmtest.Call(left))),
			s.tell(), wasmtest.Const(0))
	}}
}
