package reference

import (
	"context"

	"github.com/dop251/goja"
	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/jsapi"
	"github.com/c386954a/sallyport/internal/tyk/object"
)

// maker makes the VM for one request: a function that evaluates an expression
// to a string.
type maker func() (func(expression string) (string, error), error)

// script is a script with a VM of its own for every request. There are no
// limits: references show what the work costs.
type script struct {
	entry string
	make  maker
	hooks abi.HookSet
}

var _ abi.Plugin = (*script)(nil)

// Declares implements [abi.Plugin].
func (p *script) Declares() abi.Declaration {
	return abi.Declaration{
		Hooks:       p.hooks,
		RequestBody: p.hooks &^ abi.SetOf(abi.Response),
		ReplyBody:   p.hooks & abi.SetOf(abi.Response),
	}
}

// Call implements [abi.Plugin].
func (p *script) Call(x *abi.Exchange) (abi.Verdict, error) {
	evaluate, err := p.make()
	if err != nil {
		return abi.Continue, abi.Errorf(abi.Trap, "%w", err)
	}
	result, err := evaluate(p.expression(x))
	if err != nil {
		return abi.Continue, abi.Errorf(abi.Trap, "%w", err)
	}
	if x.Hook == abi.Response {
		r, err := object.ParseResponse([]byte(result))
		if err != nil {
			return abi.Continue, err
		}
		return abi.Continue, r.Apply(x)
	}
	r, err := object.ParseRequest([]byte(result))
	if err != nil {
		return abi.Continue, err
	}
	r.KeepMetadata = true
	return r.Apply(x)
}

// expression is the call as source text, arguments included.
func (p *script) expression(x *abi.Exchange) string {
	b := []byte(p.entry)
	if x.Hook == abi.Response {
		b = append(b, ".DoProcessResponse("...)
		b = append(object.AppendResponse(b, x), ',')
		b = object.AppendSeenRequest(b, x)
	} else {
		b = append(b, ".DoProcessRequest("...)
		b = object.AppendRequest(b, x)
	}
	b = object.AppendSession(append(b, ','), nil)
	b = object.AppendSpec(append(b, ','), x.API, x.Hook, nil)
	return string(append(b, ");"...))
}

// Close implements [abi.Plugin].
func (*script) Close(context.Context) error { return nil }

// newOtto runs everything once; each request gets a copy of the VM.
func newOtto(h *referenceHost, file, text string) (maker, error) {
	vm := otto.New()
	if err := h.bindOtto(vm); err != nil {
		return nil, err
	}
	for _, program := range []string{jsapi.Underscore(), prepareBefore + jsapi.Core() + prepareAfter} {
		if _, err := vm.Run(program); err != nil {
			return nil, err
		}
	}
	compiled, err := vm.Compile(file, text)
	if err != nil {
		return nil, err
	}
	if _, err := vm.Run(compiled); err != nil {
		return nil, err
	}
	return func() (func(string) (string, error), error) {
		vm := vm.Copy()
		return func(expression string) (string, error) {
			v, err := vm.Run(expression)
			return v.String(), err
		}, nil
	}, nil
}

func (h *referenceHost) bindOtto(vm *otto.Otto) error {
	for name, f := range h.functions() {
		if err := vm.Set(name, f); err != nil {
			return err
		}
	}
	return vm.Set("TykStorageGet", func(call otto.FunctionCall) otto.Value {
		value, ok, err := h.look(call.Argument(0).String())
		switch {
		case err != nil:
			panic(call.Otto.MakeCustomError("Error", err.Error()))
		case !ok:
			return otto.NullValue()
		}
		v, _ := otto.ToValue(value) // a string always becomes one
		return v
	})
}

// newGoja compiles everything; each request gets a new VM that runs it.
func newGoja(h *referenceHost, file, text string) (maker, error) {
	var programs []*goja.Program
	for _, p := range []struct{ name, text string }{
		{"underscore.js", jsapi.Underscore()},
		{"core.js", prepareBefore + jsapi.Core() + prepareAfter},
		{file, text},
	} {
		compiled, err := goja.Compile(p.name, p.text, false)
		if err != nil {
			return nil, err
		}
		programs = append(programs, compiled)
	}
	m := func() (func(string) (string, error), error) { return h.runGoja(programs) }
	_, err := m()
	return m, err
}

func (h *referenceHost) runGoja(programs []*goja.Program) (func(string) (string, error), error) {
	vm := goja.New()
	if err := h.bindGoja(vm); err != nil {
		return nil, err
	}
	for _, p := range programs {
		if _, err := vm.RunProgram(p); err != nil {
			return nil, err
		}
	}
	return func(expression string) (string, error) {
		v, err := vm.RunString(expression)
		if err != nil {
			return "", err
		}
		return v.String(), nil
	}, nil
}

func (h *referenceHost) bindGoja(vm *goja.Runtime) error {
	for name, f := range h.functions() {
		if err := vm.Set(name, f); err != nil {
			return err
		}
	}
	return vm.Set("TykStorageGet", func(key string) (goja.Value, error) {
		value, ok, err := h.look(key)
		if err != nil || !ok {
			return goja.Null(), err
		}
		return vm.ToValue(value), nil
	})
}
