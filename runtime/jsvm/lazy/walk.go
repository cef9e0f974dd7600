package lazy

import (
	"reflect"
	"strings"
	"unsafe"

	"github.com/robertkrimen/otto"
)

// objectsOf returns all objects of a VM; ok is false if it has more than most
// objects and scopes. Otto shows only some of them to scripts, so this looks at
// its memory.
func objectsOf(vm *otto.Otto, most int) (objects []*object, ok bool) {
	w := &walk{todo: []reflect.Value{reflect.ValueOf(vm)}, seen: make(map[unsafe.Pointer]bool), most: most}
	w.run()
	return w.objects, w.found <= most
}

// ottoPath is where the types of objects are from. What is behind others, such
// as compiled regular expressions, has none.
var ottoPath = reflect.TypeFor[otto.Otto]().PkgPath()

// globalOf returns the global object.
func globalOf(vm *otto.Otto) *object {
	return (*object)(reflect.ValueOf(vm).Elem().FieldByName("runtime").Elem().FieldByName("globalObject").UnsafePointer())
}

// walk visits the memory of a VM without recursion.
type walk struct {
	todo    []reflect.Value
	seen    map[unsafe.Pointer]bool
	found   int
	most    int
	objects []*object
}

func (w *walk) run() {
	for len(w.todo) > 0 && w.found <= w.most {
		v := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		w.visit(v)
	}
}

// push puts a value on the list of those that are to be visited, if there can
// be objects behind it.
func (w *walk) push(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice, reflect.Struct, reflect.Array:
		w.todo = append(w.todo, v)
	}
}

func (w *walk) visit(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		w.pointer(v)
	case reflect.Interface:
		if !v.IsNil() {
			w.push(v.Elem())
		}
	case reflect.Map:
		for entry := v.MapRange(); entry.Next(); {
			w.push(entry.Value())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			w.push(v.Index(i))
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			w.push(field)
		}
	}
}

// pointer follows a pointer once, and never into the program.
func (w *walk) pointer(v reflect.Value) {
	of := v.Type().Elem()
	name := of.Name()
	if v.IsNil() || of.PkgPath() != ottoPath || strings.HasPrefix(name, "node") || name == "objectClass" || w.seen[v.UnsafePointer()] {
		return
	}
	w.seen[v.UnsafePointer()] = true
	if name == "object" {
		w.objects = append(w.objects, (*object)(v.UnsafePointer()))
	}
	if name == "object" || strings.HasSuffix(name, "Stash") {
		w.found++
	}
	w.push(v.Elem())
}
