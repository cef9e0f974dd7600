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
	w := &walk{
		todo: []reflect.Value{reflect.ValueOf(vm)}, seen: make(map[unsafe.Pointer]bool),
		fields: make(map[reflect.Type][]int), most: most,
	}
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
	fields  map[reflect.Type][]int // of structs, those that are visited
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

func (w *walk) visit(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		w.pointer(v)
	case reflect.Interface:
		if e := v.Elem(); e.IsValid() && leads(e.Type()) {
			w.todo = append(w.todo, e)
		}
	case reflect.Map:
		for entry := v.MapRange(); entry.Next(); {
			w.todo = append(w.todo, entry.Value())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			w.todo = append(w.todo, v.Index(i))
		}
	case reflect.Struct:
		for _, i := range w.fieldsOf(v.Type()) {
			w.todo = append(w.todo, v.Field(i))
		}
	}
}

// fieldsOf returns the fields of a struct behind which there can be objects.
func (w *walk) fieldsOf(of reflect.Type) []int {
	fields, ok := w.fields[of]
	if ok {
		return fields
	}
	for i := range of.NumField() {
		if leads(of.Field(i).Type) {
			fields = append(fields, i)
		}
	}
	w.fields[of] = fields
	return fields
}

// leads reports whether there can be objects behind a type. None are in the
// program of a function.
func leads(of reflect.Type) bool {
	switch of.Kind() {
	case reflect.Pointer:
		to := of.Elem()
		return to.PkgPath() == ottoPath && !strings.HasPrefix(to.Name(), "node") && to.Name() != "objectClass"
	case reflect.Map, reflect.Slice, reflect.Array:
		return leads(of.Elem())
	case reflect.Interface, reflect.Struct:
		return true
	}
	return false
}

// pointer follows a pointer once.
func (w *walk) pointer(v reflect.Value) {
	if v.IsNil() || w.seen[v.UnsafePointer()] {
		return
	}
	w.seen[v.UnsafePointer()] = true
	name := v.Type().Elem().Name()
	if name == "object" {
		w.objects = append(w.objects, (*object)(v.UnsafePointer()))
	}
	if name == "object" || strings.HasSuffix(name, "Stash") {
		w.found++
	}
	w.todo = append(w.todo, v.Elem())
}
