package jsvm

import (
	"strconv"

	"github.com/robertkrimen/otto"
)

// lazily defines a global that a VM makes when a script first asks for it:
// what few scripts use should not be copied for all of them. Assigning to it
// works as usual.
//
// If also is not empty it names another global, which gets the value as well.
func lazily(vm *otto.Otto, name, also string, make func(*otto.Otto) (otto.Value, error)) error {
	quoted := strconv.Quote(name)
	remove := "delete this[" + quoted + "]"
	f, err := vm.Run(`(function (global, get, set) {
		delete global[` + quoted + `];
		get.prototype = set.prototype = undefined;
		Object.defineProperty(global, ` + quoted + `, {get: get, set: set, enumerable: true, configurable: true});
	})`)
	if err != nil {
		return err
	}
	global, err := vm.Run("this")
	if err != nil {
		return err
	}
	get := func(call otto.FunctionCall) otto.Value {
		v, err := replaced(call.Otto, remove, name, also, make)
		if err != nil {
			panic(call.Otto.MakeCustomError("Error", err.Error()))
		}
		return v
	}
	set := func(call otto.FunctionCall) otto.Value {
		_, _ = replaced(call.Otto, remove, name, also, func(*otto.Otto) (otto.Value, error) { return call.Argument(0), nil })
		return otto.UndefinedValue()
	}
	_, err = f.Call(otto.UndefinedValue(), global, get, set)
	return err
}

// replaced puts a value in the place of a lazy global.
func replaced(vm *otto.Otto, remove, name, also string, make func(*otto.Otto) (otto.Value, error)) (otto.Value, error) {
	if _, err := vm.Run(remove); err != nil {
		return otto.Value{}, err
	}
	v, err := make(vm)
	if err != nil {
		return otto.Value{}, err
	}
	if also != "" {
		if err := vm.Set(also, v); err != nil {
			return otto.Value{}, err
		}
	}
	return v, vm.Set(name, v)
}
