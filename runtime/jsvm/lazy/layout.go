package lazy

import (
	"encoding/json"
	"reflect"
	"unsafe"

	"github.com/robertkrimen/otto"
)

// The types below are otto's own, as far as this package touches them.
type (
	vm struct {
		Interrupt chan func()
		runtime   unsafe.Pointer
	}

	object struct {
		value         any
		runtime       unsafe.Pointer
		objectClass   *methods
		prototype     *object
		property      unsafe.Pointer // a map
		class         string
		propertyOrder []string
		extensible    bool
	}

	methods struct {
		getOwnProperty    func(*object, string) unsafe.Pointer
		getProperty       func(*object, string) unsafe.Pointer
		get               func(*object, string) otto.Value
		canPut            func(*object, string) bool
		put               func(*object, string, otto.Value, bool)
		hasProperty       func(*object, string) bool
		hasOwnProperty    func(*object, string) bool
		defineOwnProperty func(*object, string, property, bool) bool
		delete            func(*object, string, bool) bool
		enumerate         func(*object, bool, func(string) bool)
		clone             func(*object, *object, *cloner) *object
		marshalJSON       func(*object) json.Marshaler
	}

	property struct {
		value any //nolint:unused // the type is otto's
		mode  int //nolint:unused // as above
	}

	cloner struct {
		runtime     unsafe.Pointer
		obj         map[*object]*object
		objectstash map[unsafe.Pointer]unsafe.Pointer
		dclstash    map[unsafe.Pointer]unsafe.Pointer //nolint:unused // the type is otto's
		fnstash     map[unsafe.Pointer]unsafe.Pointer
	}

	// function is the value of an object that is a function of a script.
	function struct {
		node  unsafe.Pointer
		stash scope
	}

	// scope is an interface that holds a pointer, any is one as well.
	scope struct{ kind, at unsafe.Pointer }
)

// Supported reports whether otto's types are those that the package knows. If
// not, copies are complete: slower, and the same otherwise.
func Supported() bool {
	return same(reflect.TypeFor[vm](), reflect.TypeFor[otto.Otto](), nil) && knowsObjects()
}

// knowsObjects compares the types that are found behind a VM's runtime.
func knowsObjects() bool {
	runtime, ok := reflect.TypeFor[otto.Otto]().FieldByName("runtime")
	if !ok || runtime.Type.Kind() != reflect.Pointer || runtime.Type.Elem().Kind() != reflect.Struct {
		return false
	}
	global, ok := runtime.Type.Elem().FieldByName("globalObject")
	return ok && same(reflect.TypeFor[*object](), global.Type, map[reflect.Type]reflect.Type{})
}

// same reports whether ours describes the memory of theirs. The names of the
// fields have to be the same, too; an unsafe.Pointer stands for any pointer or
// map.
func same(ours, theirs reflect.Type, seen map[reflect.Type]reflect.Type) bool {
	if ours == theirs {
		return true
	}
	if known, ok := seen[ours]; ok {
		return known == theirs
	}
	if ours.Kind() == reflect.UnsafePointer {
		return theirs.Kind() == reflect.Pointer || theirs.Kind() == reflect.Map
	}
	if ours == reflect.TypeFor[scope]() && theirs.Kind() == reflect.Interface {
		return theirs.Size() == ours.Size()
	}
	if ours.Kind() != theirs.Kind() || ours.Size() != theirs.Size() || ours.Align() != theirs.Align() {
		return false
	}
	switch ours.Kind() {
	case reflect.Struct:
		if seen == nil {
			seen = map[reflect.Type]reflect.Type{}
		}
		seen[ours] = theirs
		return sameFields(ours, theirs, seen)
	case reflect.Func:
		return sameSignature(ours, theirs, seen)
	case reflect.Map:
		return same(ours.Key(), theirs.Key(), seen) && same(ours.Elem(), theirs.Elem(), seen)
	case reflect.Pointer, reflect.Slice, reflect.Chan:
		return same(ours.Elem(), theirs.Elem(), seen)
	case reflect.Interface:
		return ours.NumMethod() == 0 && theirs.NumMethod() == 0
	}
	return true
}

func sameFields(ours, theirs reflect.Type, seen map[reflect.Type]reflect.Type) bool {
	if ours.NumField() != theirs.NumField() {
		return false
	}
	for i := range ours.NumField() {
		a, b := ours.Field(i), theirs.Field(i)
		if a.Name != b.Name || a.Offset != b.Offset || !same(a.Type, b.Type, seen) {
			return false
		}
	}
	return true
}

func sameSignature(ours, theirs reflect.Type, seen map[reflect.Type]reflect.Type) bool {
	if ours.NumIn() != theirs.NumIn() || ours.NumOut() != theirs.NumOut() || ours.IsVariadic() != theirs.IsVariadic() {
		return false
	}
	for i := range ours.NumIn() {
		if !same(ours.In(i), theirs.In(i), seen) {
			return false
		}
	}
	for i := range ours.NumOut() {
		if !same(ours.Out(i), theirs.Out(i), seen) {
			return false
		}
	}
	return true
}
