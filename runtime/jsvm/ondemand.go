package jsvm

import (
	"fmt"

	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/internal/tyk/object"
)

// onDemand is the global variable whose object holds the values that few calls
// use. Each is in an object of its own, so that reading one does not copy the
// others. The name is no identifier, so no source text contains it.
const onDemand = "sallyport on demand"

// deferText replaces a global variable by an accessor, if it is a plain variable
// that holds an object.
const deferText = `(function (global, describe, define) {
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

// zeroSession is the name of the zero form of a session. To copy it costs less
// than to make it.
const zeroSession = "session"

// deferredValue returns a value that is copied on demand.
func deferredValue(vm *otto.Otto, name string) (otto.Value, error) {
	holder, err := vm.Get(onDemand)
	if err != nil || !holder.IsObject() {
		return otto.UndefinedValue(), err
	}
	one, err := holder.Object().Get(name)
	if err != nil || !one.IsObject() {
		return otto.UndefinedValue(), err
	}
	return one.Object().Get("value")
}

// deferral moves global objects where a copy reaches them only if a script asks
// for them. A copy includes the scope of every function that a global variable
// holds, and the scope of underscore, with its 200 functions, costs ten times as
// much as the rest.
type deferral struct {
	vm     *otto.Otto
	holder *otto.Object
	move   otto.Value // the function of deferText
}

// newDeferral must be called before scripts run, which might change the functions
// that it needs.
func newDeferral(vm *otto.Otto) (*deferral, error) {
	move, err := vm.Run(deferText)
	if err != nil {
		return nil, err
	}
	holder, err := vm.Object("({})")
	if err != nil {
		return nil, err
	}
	if err := vm.Set(onDemand, holder); err != nil {
		return nil, err
	}
	d := &deferral{vm: vm, holder: holder, move: move}
	if err := d.add(zeroSession, object.AppendSession(nil, nil)); err != nil {
		return nil, err
	}
	return d, hide(vm, onDemand)
}

// deferAll defers underscore, and what else few calls use. The variable named
// part gets the value of underscore as well when a script asks for it.
func (d *deferral) deferAll(part string) error {
	if err := d.variable("_", part); err != nil {
		return err
	}
	return d.variable("console", "")
}

// add makes an object from JSON that is copied on demand.
func (d *deferral) add(name string, json []byte) error {
	one, err := d.vm.Run(literal([]byte(`{"value":` + string(json) + `}`)))
	if err != nil {
		return err
	}
	return d.holder.Set(name, one)
}

// variable defers a global variable until a script asks for it. A script can
// assign to it as usual. If also is not empty it names another variable, which
// gets the value at the same time.
func (d *deferral) variable(name, also string) error {
	remove, err := d.vm.Compile("", fmt.Sprintf("delete this[%q]", name))
	if err != nil {
		return err
	}
	put := func(vm *otto.Otto, v otto.Value) {
		if _, err := vm.Run(remove); err != nil {
			return // the script has made the global object read-only
		}
		_ = vm.Set(name, v) // fails as above
		if also != "" {
			_ = vm.Set(also, v)
		}
	}
	get := func(call otto.FunctionCall) otto.Value {
		v, err := deferredValue(call.Otto, name)
		if err != nil {
			return otto.UndefinedValue()
		}
		put(call.Otto, v)
		return v
	}
	set := func(call otto.FunctionCall) otto.Value {
		put(call.Otto, call.Argument(0))
		return otto.UndefinedValue()
	}
	return d.replace(name, get, set)
}

// replace puts accessors in the place of a variable. If it already has some, they
// stay: otto panics when it is asked to describe them.
func (d *deferral) replace(name string, get, set func(otto.FunctionCall) otto.Value) (err error) {
	defer func() { _ = recover() }()
	_, err = d.move.Call(otto.UndefinedValue(), d.holder, name, get, set)
	return err
}
