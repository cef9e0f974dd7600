package reference

import (
	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/internal/tyk/jsapi"
)

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
