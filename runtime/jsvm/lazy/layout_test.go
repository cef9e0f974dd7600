package lazy

import (
	"reflect"
	"testing"

	"github.com/robertkrimen/otto"
)

// TestTheLayoutIsThatOfOtto compares the memory of our descriptions with that of
// otto's types in the version that go.mod pins.
func TestTheLayoutIsThatOfOtto(t *testing.T) {
	if !Supported() {
		t.Fatal("otto's types are not those of lazy.go: describe them anew, and read again how otto uses the fields of objects without a method")
	}
	theirs := fieldOf(fieldOf(reflect.TypeFor[otto.Otto](), "runtime"), "globalObject")
	class := fieldOf(theirs, "objectClass")
	f, err := otto.New().Object("(function () {})")
	if err != nil {
		t.Fatal(err)
	}
	code := reflect.ValueOf(f).Elem().FieldByName("object").Elem().FieldByName("value").Elem().Type()
	for _, c := range []struct{ ours, theirs reflect.Type }{
		{reflect.TypeFor[object](), theirs},
		{reflect.TypeFor[objectClass](), class},
		{reflect.TypeFor[property](), fieldOf(theirs, "property")},
		{reflect.TypeFor[cloner](), fieldOf(class, "clone")},
		{reflect.TypeFor[nodeFunctionObject](), code},
	} {
		if c.ours.Size() != c.theirs.Size() || c.ours.Align() != c.theirs.Align() || c.ours.NumField() != c.theirs.NumField() {
			t.Errorf("%v has %d bytes and %d fields, %v has %d and %d",
				c.ours, c.ours.Size(), c.ours.NumField(), c.theirs, c.theirs.Size(), c.theirs.NumField())
			continue
		}
		for i := range c.ours.NumField() {
			a, b := c.ours.Field(i), c.theirs.Field(i)
			if a.Name != b.Name || a.Offset != b.Offset || !sameKind(a.Type, b.Type) {
				t.Errorf("%v: %s %v at %d, otto has %s %v at %d", c.ours, a.Name, a.Type, a.Offset, b.Name, b.Type, b.Offset)
			}
		}
	}
}

// sameKind lets an unsafe.Pointer stand for any pointer or map, and stasher for
// any interface. Functions have the same parameters and results, by the same
// rule.
func sameKind(ours, theirs reflect.Type) bool {
	switch {
	case ours.Kind() == reflect.UnsafePointer:
		return theirs.Kind() == reflect.Pointer || theirs.Kind() == reflect.Map
	case ours == reflect.TypeFor[stasher]():
		return theirs.Kind() == reflect.Interface
	case ours.Kind() != theirs.Kind() || ours.Size() != theirs.Size():
		return false
	case ours.Kind() != reflect.Func:
		return true
	}
	if ours.NumIn() != theirs.NumIn() || ours.NumOut() != theirs.NumOut() {
		return false
	}
	for i := range ours.NumIn() {
		if !sameKind(ours.In(i), theirs.In(i)) {
			return false
		}
	}
	for i := range ours.NumOut() {
		if !sameKind(ours.Out(i), theirs.Out(i)) {
			return false
		}
	}
	return true
}
