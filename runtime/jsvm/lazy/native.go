package lazy

import (
	"reflect"
	"unsafe"

	"github.com/robertkrimen/otto"
)

// native is the value of an object that is one of otto's own functions.
type native struct {
	call       func(otto.FunctionCall) otto.Value
	construct  func(*object, []otto.Value) otto.Value
	name, file string
	line       int
}

// Check looks at the first argument of a call. If it reports true, the function
// gets what it returns in its place. It may panic with a value, which the VM
// then throws.
type Check func(vm *otto.Otto, argument otto.Value) (otto.Value, bool)

// Guard puts a check in front of one of otto's own functions, in every copy of
// its VM as well: it runs before each call and each construction that has an
// argument. Scripts see the same function as before. Guard reports false, and
// has done nothing, if f is no such function or otto's types are not those that
// the package knows.
func Guard(f *otto.Object, check Check) bool {
	vmOf, ok := findVM()
	if !ok || f == nil || !Supported() || !knowsHandles() {
		return false
	}
	o := *(**object)(unsafe.Pointer(f))
	if o.value == nil || !same(reflect.TypeFor[native](), reflect.TypeOf(o.value), nil) {
		return false
	}
	value := (*scope)(unsafe.Pointer(&o.value)) // any, to be exact
	value.at = unsafe.Pointer((*native)(value.at).guarded(check, vmOf))
	return true
}

func (n *native) guarded(check Check, vmOf func(*object) *otto.Otto) *native {
	g := *n
	g.call = func(call otto.FunctionCall) otto.Value {
		call.ArgumentList = checked(check, call.Otto, call.ArgumentList)
		return n.call(call)
	}
	g.construct = func(o *object, arguments []otto.Value) otto.Value {
		return n.construct(o, checked(check, vmOf(o), arguments))
	}
	return &g
}

func checked(check Check, vm *otto.Otto, arguments []otto.Value) []otto.Value {
	if len(arguments) == 0 {
		return arguments
	}
	if first, other := check(vm, arguments[0]); other {
		return append([]otto.Value{first}, arguments[1:]...)
	}
	return arguments
}

// findVM returns what finds the VM of an object.
func findVM() (func(*object) *otto.Otto, bool) {
	runtime, ok := reflect.TypeFor[otto.Otto]().FieldByName("runtime")
	if !ok || runtime.Type.Kind() != reflect.Pointer || runtime.Type.Elem().Kind() != reflect.Struct {
		return nil, false
	}
	back, ok := runtime.Type.Elem().FieldByName("otto")
	if !ok || back.Type != reflect.TypeFor[*otto.Otto]() {
		return nil, false
	}
	return func(o *object) *otto.Otto { return *(**otto.Otto)(unsafe.Add(o.runtime, back.Offset)) }, true
}

// knowsHandles reports whether an [otto.Object] begins with the object itself.
func knowsHandles() bool {
	t := reflect.TypeFor[otto.Object]()
	return t.NumField() > 0 && t.Field(0).Name == "object" && same(reflect.TypeFor[*object](), t.Field(0).Type, map[reflect.Type]reflect.Type{})
}
