package jsvm

import (
	"reflect"
	"strings"

	"github.com/robertkrimen/otto"
)

// maxObjects is how many objects and scopes a template may have. Otto copies
// them by recursion: a chain of so many takes 200 MiB of the Go stack, which
// ends the process when it overflows. The copy is made for every call, so a
// template of this size would be too slow anyway.
const maxObjects = 100000

// objectsOf counts the objects and scopes of a VM, up to maxObjects+1. Otto
// shows only some of them to scripts, so this looks at its memory.
func objectsOf(vm *otto.Otto) int {
	c := &counter{seen: make(map[uintptr]bool)}
	c.push(reflect.ValueOf(vm))
	for len(c.todo) > 0 && c.found <= maxObjects {
		v := c.todo[len(c.todo)-1]
		c.todo = c.todo[:len(c.todo)-1]
		c.visit(v)
	}
	return c.found
}

type counter struct {
	todo  []reflect.Value
	seen  map[uintptr]bool
	found int
}

// push puts a value on the list of those that are to be visited, if there can
// be objects behind it.
func (c *counter) push(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice, reflect.Struct, reflect.Array:
		c.todo = append(c.todo, v)
	}
}

func (c *counter) visit(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		c.pointer(v)
	case reflect.Interface:
		if !v.IsNil() {
			c.push(v.Elem())
		}
	case reflect.Map:
		for entry := v.MapRange(); entry.Next(); {
			c.push(entry.Value())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			c.push(v.Index(i))
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			c.push(field)
		}
	}
}

// pointer follows a pointer once, and never into the program.
func (c *counter) pointer(v reflect.Value) {
	name := v.Type().Elem().Name()
	if v.IsNil() || strings.HasPrefix(name, "node") || name == "objectClass" || name == "File" || c.seen[v.Pointer()] {
		return
	}
	c.seen[v.Pointer()] = true
	if name == "object" || strings.HasSuffix(name, "Stash") {
		c.found++
	}
	c.push(v.Elem())
}
