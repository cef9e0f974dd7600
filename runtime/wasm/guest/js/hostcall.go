package js

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// hostFunction is a function that host.js calls. It gets strings only.
type hostFunction struct {
	name string
	run  func(c *hostCall)
}

func hostFunctions() []hostFunction {
	return []hostFunction{
		{"log", (*hostCall).log},
		{"rawlog", (*hostCall).rawlog},
		{"b64dec", (*hostCall).b64dec},
		{"b64enc", (*hostCall).b64enc},
		{"rawb64dec", (*hostCall).rawb64dec},
		{"rawb64enc", (*hostCall).rawb64enc},
		{"random", (*hostCall).random},
		{"fetch", (*hostCall).fetch},
		{"batch", (*hostCall).batch},
		{"getKey", (*hostCall).getKey},
		{"setKey", (*hostCall).setKey},
		{"storageGet", (*hostCall).storageGet},
		{"storageSet", (*hostCall).storageSet},
		{"storageSetNX", (*hostCall).storageSetNX},
		{"storageDel", (*hostCall).storageDel},
		{"storageTTL", (*hostCall).storageTTL},
		{"storageIncr", (*hostCall).storageIncr},
	}
}

// hostFunctions returns an object with all of them. The name of each is its
// number.
func (s *setup) hostFunctions() value {
	m, context := &s.machine, uint64(s.layout.context)
	o := value(m.call(jsNewObject, context))
	for i, f := range hostFunctions() {
		name := m.place([]byte{byte(i)})
		v := m.unbox(m.address(qjsNewFunction, uint64(name), 1, 0))
		key := m.place([]byte(f.name))
		m.call(jsSetProperty, context, uint64(o), uint64(key), uint64(v))
		m.free(name)
		m.free(key)
	}
	return o
}

// hostModule is what the engine imports its host functions from.
const hostModule = "env"

// hostImport is one function of the host that the engine imports.
type hostImport struct {
	name            string
	params, results int // all of type i32
	run             func(g *scriptGuest, stack []uint64)
}

// hostImports are all of them. Those that do nothing belong to features that
// are not switched on: the interrupt handler, tracking of rejected promises, a
// loader of modules.
func hostImports() []hostImport {
	nothing := func(_ *scriptGuest, stack []uint64) { stack[0] = 0 }
	return []hostImport{
		{"host_call", 5, 1, (*scriptGuest).hostCall},
		{"host_get_timezone_offset", 2, 1, nothing}, // UTC
		{"host_interrupt", 0, 1, nothing},
		{"host_module_normalize", 2, 1, nothing},
		{"host_module_load", 2, 1, nothing},
		{"host_promise_rejection", 3, 0, nothing},
	}
}

// Instantiate makes the host module in r. All instances of r share it.
func (p *Program) Instantiate(ctx context.Context, r wazero.Runtime) error {
	b := r.NewHostModuleBuilder(hostModule)
	for _, f := range hostImports() {
		b.NewFunctionBuilder().WithGoModuleFunction(f.host(), i32s(f.params), i32s(f.results)).Export(f.name)
	}
	if _, err := b.Instantiate(ctx); err != nil {
		return fmt.Errorf("link host functions: %w", err)
	}
	return nil
}

// Link reports why the engine may not import a function.
func (p *Program) Link(def api.FunctionDefinition) error {
	module, name, _ := def.Import()
	for _, f := range hostImports() {
		if module == hostModule && name == f.name &&
			len(def.ParamTypes()) == f.params && len(def.ResultTypes()) == f.results {
			return nil
		}
	}
	return errors.New("unknown function")
}

func i32s(n int) []api.ValueType {
	types := make([]api.ValueType, n)
	for i := range types {
		types[i] = api.ValueTypeI32
	}
	return types
}

// host returns the function as the wasm engine calls it.
func (f hostImport) host() api.GoModuleFunc {
	return func(ctx context.Context, _ api.Module, stack []uint64) {
		if g, ok := ctx.Value(guestKey{}).(*scriptGuest); ok {
			f.run(g, stack)
		}
	}
}

// hostCall is one call of a host function.
type hostCall struct {
	*scriptGuest
	args   uint32 // address of the handles of the arguments
	count  uint32
	answer uint32 // handle of the result; 0 is undefined
}

// hostCall (name, name_len, this, argc, argv) calls a host function and
// returns a handle.
func (g *scriptGuest) hostCall(stack []uint64) {
	m := &g.machine
	name := m.read(api.DecodeU32(stack[0]), 1)
	c := &hostCall{scriptGuest: g, count: api.DecodeU32(stack[3]), args: api.DecodeU32(stack[4])}
	if all := hostFunctions(); m.level == fromHost && len(name) == 1 && int(name[0]) < len(all) {
		m.level = fromHostFunction
		all[name[0]].run(c)
		m.level = fromHost
	}
	if c.answer == 0 {
		m.level = fromHostFunction
		c.answer = m.address(qjsUndefined)
		m.level = fromHost
	}
	stack[0] = api.EncodeU32(c.answer)
}

// argument returns the text of argument i, a string, as the engine writes it:
// WTF-8. It belongs to the caller.
func (c *hostCall) argument(i uint32) []byte {
	m := &c.machine
	if i >= c.count {
		return nil
	}
	at := m.address(qjsStringLen, uint64(m.u32(c.args+4*i)), uint64(c.layout.innerLength()))
	if at == 0 {
		return nil
	}
	view := m.read(at, m.u32(c.layout.innerLength()))
	text := append(make([]byte, 0, len(view)), view...)
	m.call(qjsFreeText, uint64(at))
	return text
}

// bytes returns the bytes that argument i stands for.
func (c *hostCall) bytes(i uint32) []byte { return unescape(c.argument(i)) }

// text returns argument i as a string of these bytes.
func (c *hostCall) text(i uint32) string { return string(c.bytes(i)) }

// returns makes a string of any bytes the result.
func (c *hostCall) returns(b []byte) {
	m := &c.machine
	if validPrefix(b) < len(b) {
		b = escape(make([]byte, 0, 2*len(b)), b)
	}
	at := m.place(b)
	c.answer = m.address(qjsNewString, uint64(at), uint64(len(b)))
	m.free(at)
}

// random returns a number from 0 up to 1. The source is secure, but a number
// of 53 bits is no key.
func (c *hostCall) random() {
	c.answer = c.machine.address(qjsNewNumber, api.EncodeF64(rand.Float64()))
}

// waited stops the script if its time is up or its plugin ends: it must not
// mistake its own deadline for a fault of a server or a store.
func (c *hostCall) waited() {
	c.interrupt()
}
