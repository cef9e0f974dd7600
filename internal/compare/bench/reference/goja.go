package reference

import (
	"github.com/dop251/goja"

	"github.com/c386954a/sallyport/internal/tyk/jsapi"
)

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
