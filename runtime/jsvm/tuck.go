package jsvm

import (
	"fmt"

	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/abi/wire"
)

// tucked is the global object that holds those which few calls use, each in an
// object of its own: to look at one of them does not copy the others. No script
// can write its name.
const tucked = "sallyport tucked"

// tuckText takes a global variable away and puts an accessor in its place, if
// it is a plain variable that holds an object.
const tuckText = `(function (global, describe, define) {
	return function (holder, name, get, set) {
		var was = describe(global, name);
		if (!was || !was.configurable || !was.writable || !was.enumerable || Object(was.value) !== was.value) {
			return;
		}
		holder[name] = {value: was.value};
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

// zeroSession is what the zero form of a session is kept under: a copy of it
// costs less than making it.
const zeroSession = "session"

// kept returns an object that a program has kept out of the way.
func kept(vm *otto.Otto, name string) (otto.Value, error) {
	holder, err := vm.Get(tucked)
	if err != nil || !holder.IsObject() {
		return otto.UndefinedValue(), err
	}
	one, err := holder.Object().Get(name)
	if err != nil || !one.IsObject() {
		return otto.UndefinedValue(), err
	}
	return one.Object().Get("value")
}

// tuck does so with the variables of these names. Assigning to them works as
// usual.
func (t *tucker) tuck(names ...string) error {
	holder, err := t.vm.Object("({})")
	if err != nil {
		return err
	}
	zero, err := t.vm.Run(literal([]byte(`{"value":` + string(wire.AppendTykSession(nil, nil)) + `}`)))
	if err != nil {
		return err
	}
	if err := holder.Set(zeroSession, zero); err != nil {
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
		v, err := kept(call.Otto, name)
		if err != nil {
			return otto.UndefinedValue()
		}
		put(call.Otto, v)
		return v
	}
	set = func(call otto.FunctionCall) otto.Value {
		put(call.Otto, call.Argument(0))
		return otto.UndefinedValue()
	}
	return get, set, nil
}
