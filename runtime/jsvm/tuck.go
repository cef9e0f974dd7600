package jsvm

import (
	"fmt"

	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/internal/tyk/object"
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

// tucker puts global objects out of the way of a copy: it reaches them only
// when a script asks for them. The scope of underscore, with its 200 functions,
// costs a copy ten times as much as the rest, and whatever a global variable
// holds has its scope copied.
type tucker struct {
	vm     *otto.Otto
	holder *otto.Object
	away   otto.Value // the function of tuckText
}

// newTucker must be made before scripts run, which might break what it needs.
func newTucker(vm *otto.Otto) (*tucker, error) {
	away, err := vm.Run(tuckText)
	if err != nil {
		return nil, err
	}
	holder, err := vm.Object("({})")
	if err != nil {
		return nil, err
	}
	if err := vm.Set(tucked, holder); err != nil {
		return nil, err
	}
	t := &tucker{vm: vm, holder: holder, away: away}
	if err := t.keep(zeroSession, object.AppendSession(nil, nil)); err != nil {
		return nil, err
	}
	return t, hide(vm, tucked)
}

// keep makes an object and keeps it.
func (t *tucker) keep(name string, json []byte) error {
	one, err := t.vm.Run(literal([]byte(`{"value":` + string(json) + `}`)))
	if err != nil {
		return err
	}
	return t.holder.Set(name, one)
}

// tuck takes a variable away until a script asks for it. Assigning to it works
// as usual. If also is not empty it names another one, which then gets the
// value as well.
func (t *tucker) tuck(name, also string) error {
	remove, err := t.vm.Compile("", fmt.Sprintf("delete this[%q]", name))
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
		v, err := kept(call.Otto, name)
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
	return t.replace(name, get, set)
}

// replace puts accessors in the place of a variable. Where there are some
// already, which otto panics about when it is to describe them, they stay.
func (t *tucker) replace(name string, get, set func(otto.FunctionCall) otto.Value) (err error) {
	defer func() { _ = recover() }()
	_, err = t.away.Call(otto.UndefinedValue(), t.holder, name, get, set)
	return err
}
