package js

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/tetratelabs/wazero/api"
)

// export is a function of the engine, most of them QuickJS's own C API.
type export uint8

const (
	qjsInit export = iota
	qjsContext
	qjsRuntime
	qjsUndefined
	qjsNull
	qjsTrue
	qjsFalse
	qjsNewNumber
	qjsNewString
	qjsNewFunction
	qjsStringLen
	qjsFreeText
	qjsEval
	qjsExecuteJob
	qjsJobPending
	wasmMalloc
	wasmFree
	jsEval
	jsParseJSON
	jsCall
	jsText
	jsFreeText
	jsFreeValue
	jsNewString
	jsNewObject
	jsSetProperty
	jsGetProperty
	jsGetException
	jsMaxStack
	jsMemoryLimit
	jsThreshold
	jsCollect

	exportCount = int(jsCollect) + 1
)

func (e export) name() string {
	switch e {
	case qjsInit:
		return "qjs_init"
	case qjsContext:
		return "qjs_get_context_ptr"
	case qjsRuntime:
		return "qjs_get_runtime_ptr"
	case qjsUndefined:
		return "qjs_get_undefined"
	case qjsNull:
		return "qjs_get_null"
	case qjsTrue:
		return "qjs_get_true"
	case qjsFalse:
		return "qjs_get_false"
	case qjsNewNumber:
		return "qjs_new_number"
	case qjsNewString:
		return "qjs_new_string"
	case qjsNewFunction:
		return "qjs_new_host_function"
	case qjsStringLen:
		return "qjs_get_string_len"
	case qjsFreeText:
		return "qjs_free_cstring"
	case qjsEval:
		return "qjs_eval"
	case qjsExecuteJob:
		return "qjs_execute_pending_job"
	case qjsJobPending:
		return "qjs_is_job_pending"
	case wasmMalloc:
		return "wasm_malloc"
	case wasmFree:
		return "wasm_free"
	case jsEval:
		return "JS_Eval"
	case jsParseJSON:
		return "JS_ParseJSON"
	case jsCall:
		return "JS_Call"
	case jsText:
		return "JS_ToCStringLen2"
	case jsFreeText:
		return "JS_FreeCString"
	case jsFreeValue:
		return "JS_FreeValue"
	case jsNewString:
		return "JS_NewStringLen"
	case jsNewObject:
		return "JS_NewObject"
	case jsSetProperty:
		return "JS_SetPropertyStr"
	case jsGetProperty:
		return "JS_GetPropertyStr"
	case jsGetException:
		return "JS_GetException"
	case jsMaxStack:
		return "JS_SetMaxStackSize"
	case jsMemoryLimit:
		return "JS_SetMemoryLimit"
	case jsThreshold:
		return "JS_SetGCThreshold"
	case jsCollect:
		return "JS_RunGC"
	}
	return ""
}

// value is a JavaScript value as the engine passes it on, a JSValue: a tag in
// the upper half, a number or a pointer in the lower.
type value uint64

func (v value) tag() uint32 { return uint32(v >> 32) }

// Levels of calls: those of the host, and those of host functions, which run
// inside of one. Each needs functions of its own, since a function has one
// native stack.
const (
	fromHost = iota
	fromHostFunction
	levels
)

// quickjs calls the engine in one instance. After the first error, calls do
// nothing, so that the caller need not check each of them.
type quickjs struct {
	module api.Module
	memory api.Memory
	ctx    context.Context // that of the instance, by which host functions find the guest
	level  int
	err    error

	functions [levels][exportCount]api.Function // resolved at first use
	stacks    [levels][8]uint64
}

var (
	errAddress = errors.New("the engine gave an address outside of its memory")
	errMemory  = errors.New("the engine has no memory left")
)

func (m *quickjs) bind(module api.Module) {
	m.module, m.memory = module, module.Memory()
}

// call calls a function of the engine and returns its result.
func (m *quickjs) call(e export, args ...uint64) uint64 {
	if m.err != nil {
		return 0
	}
	f := &m.functions[m.level][e]
	if *f == nil {
		*f = m.module.ExportedFunction(e.name())
	}
	stack := &m.stacks[m.level]
	copy(stack[:], args)
	if err := (*f).CallWithStack(m.ctx, stack[:]); err != nil {
		m.err = err
		return 0
	}
	return stack[0]
}

// address calls a function whose result is a pointer, or another i32.
func (m *quickjs) address(e export, args ...uint64) uint32 {
	return api.DecodeU32(m.call(e, args...))
}

// alloc allocates n bytes.
func (m *quickjs) alloc(n int) uint32 {
	at := m.address(wasmMalloc, uint64(n))
	if at == 0 && m.err == nil {
		m.err = errMemory
	}
	return at
}

func (m *quickjs) free(at uint32) { m.call(wasmFree, uint64(at)) }

// put writes b and a zero byte behind it.
func (m *quickjs) put(at uint32, b []byte) {
	if m.err != nil {
		return
	}
	room, ok := m.memory.Read(at, uint32(len(b))+1)
	if !ok {
		m.err = errAddress
		return
	}
	room[copy(room, b)] = 0
}

// place allocates memory for b and a zero byte behind it, and writes it there.
func (m *quickjs) place(b []byte) uint32 {
	at := m.alloc(len(b) + 1)
	m.put(at, b)
	return at
}

// read returns a view of n bytes, valid until the guest runs again.
func (m *quickjs) read(at, n uint32) []byte {
	if m.err != nil || n == 0 {
		return nil
	}
	b, ok := m.memory.Read(at, n)
	if !ok {
		m.err = errAddress
	}
	return b
}

// u32 and u64 read a number; set writes one.
func (m *quickjs) u32(at uint32) uint32 {
	if b := m.read(at, 4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (m *quickjs) u64(at uint32) uint64 {
	if b := m.read(at, 8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (m *quickjs) set(at uint32, n uint64) {
	if b := m.read(at, 8); b != nil {
		binary.LittleEndian.PutUint64(b, n)
	}
}

// unbox returns the value in a box that the engine has made for it: what its
// authors call a handle.
func (m *quickjs) unbox(handle uint32) value { return value(m.u64(handle)) }
