package jsvm

import (
	_ "embed" // our own scripts
	"sync"

	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/internal/tyk/jsapi"
)

// Our own scripts, which are functions to be called with what they need.
var (
	//go:embed eval.js
	evalText string
	//go:embed stringify.js
	stringifyText string
)

// underscoreSource is parsed once, since running a program does not change it.
var underscoreSource = sync.OnceValues(func() (*source, error) { return parse("<underscore>", jsapi.Underscore()) })

// newEngine returns a VM with everything that exists before the first file of a
// plugin runs. Programs begin as copies of it, because only a copy treats our
// eval as the real one, which can read local variables.
func (h *host) newEngine() (*otto.Otto, error) {
	vm := otto.New()
	console, err := h.newConsole(vm)
	if err != nil {
		return nil, err
	}
	if err := vm.Set("console", console); err != nil {
		return nil, err
	}
	for name, f := range map[string]func(otto.FunctionCall) otto.Value{thrown: h.thrown, sumName: h.sum, targetName: h.target} {
		if err := hidden(vm, name, f); err != nil {
			return nil, err
		}
	}
	for _, own := range []struct {
		text     string
		services services
	}{
		{jsapi.Core(), services{"keepBytes": keepBytes}},
		{evalText, services{"eval": h.eval, "Function": h.function}},
		{stringifyText, services{"enter": h.enterWalk, "leave": h.leaveWalk, "parse": h.checkParse}},
	} {
		if err := install(vm, own.text, own.services); err != nil {
			return nil, err
		}
	}
	if err := keepStock(vm); err != nil {
		return nil, err
	}
	if err := h.guardNatives(vm); err != nil {
		return nil, err
	}
	src, err := underscoreSource()
	if err != nil {
		return nil, err
	}
	_, err = vm.Run(src.program)
	return vm, err
}

// stock is the global that holds the prototype of middleware objects as it was
// before any file ran. No script can write its name.
const stock = "sallyport stock"

func keepStock(vm *otto.Otto) error {
	_, err := vm.Run(`Object.defineProperty(this, "` + stock + `", {value: TykJS.TykMiddleware.NewMiddleware.prototype})`)
	return err
}

// installAnswer defines TykJsResponse, which comes with the host's functions.
func (h *host) installAnswer(vm *otto.Otto) error {
	return install(vm, jsapi.Answer(), services{"keepBytes": keepBytes})
}

// services are functions of the host that only our own scripts may call.
type services map[string]func(otto.FunctionCall) otto.Value

// install calls one of our own scripts with the global object and services.
func install(vm *otto.Otto, text string, s services) error {
	global, err := vm.Run("this")
	if err != nil {
		return err
	}
	o, err := vm.Object("({})")
	if err != nil {
		return err
	}
	for name, f := range s {
		if err := o.Set(name, f); err != nil {
			return err
		}
	}
	_, err = function(vm, shimName, text, global, o)
	return err
}

// function runs a script that is a function, and calls it.
func function(vm *otto.Otto, name, text string, args ...any) (otto.Value, error) {
	src, err := parse(name, text)
	if err != nil {
		return otto.Value{}, err
	}
	f, err := vm.Run(src.program)
	if err != nil {
		return otto.Value{}, err
	}
	return f.Call(otto.UndefinedValue(), args...)
}
