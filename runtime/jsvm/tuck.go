package jsvm

import (
	"fmt"

	"github.com/robertkrimen/otto"
)

// tucked is the global object behind which large objects wait that few calls
// use. No script can write its name.
const tucked = "sallyport tucked"

// tuckText takes a global variable away and puts an accessor in its place, if
// it is a plain variable that holds an object.
const tuckText = `(function (global, describe, define) {
	return function (holder, name, get, set) {
		var was = describe(global, name);
		if (!was || !was.configurable || !was.writable || !was.enumerable || Object(was.value) !== was.value) {
			return;
		}
		holder[name] = was.value;
		delete global[name];
		get.prototype = set.prototype = undefined;
		define(global, name, {get: get, set: set, enumerable: true, configurable: true});
	};
})(this, Object.getOwnPropertyDescriptor, Object.defineProperty)`

// tucker puts global objects out of the way of a copy: it reaches them only
// when a script asks for them. The scope of underscore, with its 200 functions,
// costs a copy ten times as much as the rest, and whatever a global variable
// holds has its scope copied.
type tucker struct {
	vm     *otto.Otto
	remove otto.Value
}

// newTucker must be made before scripts run, which might break what it needs.
func newTucker(vm *otto.Otto) (*tucker, error) {
	f, err := vm.Run(tuckText)
	return &tucker{vm: vm, remove: f}, err
}

// tuck does so with the variables of these names. Assigning to them works as
// usual.
func (t *tucker) tuck(names ...string) error {
	holder, err := t.vm.Object("({})")
	if err != nil {
		return err
	}
	if err := t.vm.Set(tucked, holder); err != nil {
		return err
	}
	for _, name := range names {
		get, set, err := t.accessors(name)
		if err != nil {
			return err
		}
		if err := t.replace(holder, name, get, set); err != nil {
			return err
		}
	}
	_, err = t.vm.Run(fmt.Sprintf(`Object.defineProperty(this, %q, {enumerable: false})`, tucked))
	return err
}

// replace puts an accessor in the place of a variable. Where a script has put
// one of its own, which otto panics about when it is to describe it, it stays.
func (t *tucker) replace(holder *otto.Object, name string, get, set func(otto.FunctionCall) otto.Value) (err error) {
	defer func() { _ = recover() }()
	_, err = t.remove.Call(otto.UndefinedValue(), holder, name, get, set)
	return err
}

// accessors are the functions behind a variable that is tucked away. They put
// it back.
func (t *tucker) accessors(name string) (get, set func(otto.FunctionCall) otto.Value, err error) {
	remove, err := t.vm.Compile("", fmt.Sprintf("delete this[%q]", name))
	if err != nil {
		return nil, nil, err
	}
	put := func(vm *otto.Otto, v otto.Value) {
		if _, err := vm.Run(remove); err == nil {
			_ = vm.Set(name, v) // fails for no variable that can be deleted
		}
	}
	get = func(call otto.FunctionCall) otto.Value {
		holder, err := call.Otto.Get(tucked)
		if err != nil || !holder.IsObject() {
			return otto.UndefinedValue()
		}
		v, _ := holder.Object().Get(name)
		put(call.Otto, v)
		return v
	}
	set = func(call otto.FunctionCall) otto.Value {
		put(call.Otto, call.Argument(0))
		return otto.UndefinedValue()
	}
	return get, set, nil
}
