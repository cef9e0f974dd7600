// Package lazy copies otto VMs, and in a copy only the objects that are used.
//
// [otto.Otto.Copy] copies every object of a VM: 400 for a script of ten lines
// and 2,000 with underscore, of which a call uses about 40. In a copy made here
// most objects are stubs, which have no properties and a table of methods from
// this package. Otto reaches the properties of an object only through that
// table, so the first use of a stub fills it by otto's own code and gives it
// its real table. A script sees no difference.
//
//	template := lazy.New(vm, most) // vm must not run again
//	copied := template.Copy()
//	defer template.Release(copied)
//
// # Unsafe
//
// Otto has no public way to do this, so the package reads and writes some of
// otto's private structs. Before it does, it compares its description of them
// with otto's types, field by field. If anything differs it changes nothing, and
// Copy is otto's own: [Supported] reports which. RATIONALE.md says why this is
// worth it, and runtime/jsvm/README.md how much it saves.
//
// Many goroutines may copy a template at once. A copy belongs to one goroutine
// at a time, as every otto VM does.
package lazy

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"unsafe"

	"github.com/robertkrimen/otto"
)

// Template is a VM that is copied. It is safe for concurrent use.
type Template struct {
	vm    *otto.Otto
	stubs *methods // of objects that have not been used yet; nil copies all

	// mu protects the map below, of copies that exist, by their runtimes.
	mu     sync.Mutex
	copies map[unsafe.Pointer]*cloner
}

// derived is the table of methods of an object of a template: like the one it
// had, but it is copied as a stub.
type derived struct {
	methods
	original *methods
}

// New makes a template of a VM, which must not run again, not even to compile.
// It returns nil if the VM has more than most objects and scopes.
func New(vm *otto.Otto, most int) *Template { return newTemplate(vm, most, Supported()) }

// NewComplete makes a template whose copies are otto's own, which is what New
// does if otto's types are not known.
func NewComplete(vm *otto.Otto, most int) *Template { return newTemplate(vm, most, false) }

func newTemplate(vm *otto.Otto, most int, supported bool) *Template {
	t := &Template{vm: vm, copies: make(map[unsafe.Pointer]*cloner)}
	objects, ok := objectsOf(vm, most)
	if !ok {
		return nil
	}
	if supported {
		t.stubs = t.newStubs()
		t.derive(objects)
	}
	return t
}

// Copy returns a VM in the state of the template. Its debugger handler, and
// what else a VM has beside objects, is as [otto.Otto.Copy] leaves it.
func (t *Template) Copy() *otto.Otto { return t.vm.Copy() }

// Release forgets a copy. It must not be used afterwards.
func (t *Template) Release(copied *otto.Otto) {
	if t.stubs == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.copies, reflect.ValueOf(copied).Elem().FieldByName("runtime").UnsafePointer())
}

// derive gives the objects of the template tables of methods that copy them as
// stubs.
func (t *Template) derive(objects []*object) {
	plain, functions, bound := map[*methods]*derived{}, map[*methods]*derived{}, map[*methods]*derived{}
	global := (*object)(reflect.ValueOf(t.vm).Elem().FieldByName("runtime").Elem().FieldByName("globalObject").UnsafePointer())
	for _, o := range objects {
		original := o.objectClass
		switch {
		case o == global:
			o.objectClass = sharedTable(map[*methods]*derived{}, original, t.copyGlobal)
		case original.marshalJSON != nil || original.clone == nil:
			// A value of Go; otto copies it as it is.
		case o.value == nil || reflect.TypeOf(o.value).Name() == "nativeFunctionObject":
			// Otto shares the value between copies, too.
			o.objectClass = sharedTable(plain, original, t.copyPlain)
		case known(reflect.TypeOf(o.value)): // the function of a script
			o.objectClass = sharedTable(functions, original, t.copyFunction)
		default:
			o.objectClass = sharedTable(bound, original, t.copyBound)
		}
	}
}

// sharedTable returns the derived table of an original one.
func sharedTable(tables map[*methods]*derived, original *methods, clone func(in, out *object, c *cloner) *object) *methods {
	if tables[original] == nil {
		d := &derived{methods: *original, original: original}
		d.clone = clone
		tables[original] = d
	}
	return &tables[original].methods
}

func originalOf(in *object) *methods { return (*derived)(unsafe.Pointer(in.objectClass)).original }

// copyGlobal copies the global object, the first of every copy and never a
// stub, and keeps the state of the copy for the stubs.
func (t *Template) copyGlobal(in, out *object, c *cloner) *object {
	state := *c // otto empties its own at the end of the copy
	t.mu.Lock()
	t.copies[c.runtime] = &state
	t.mu.Unlock()
	original := originalOf(in)
	original.clone(in, out, c)
	out.objectClass = original
	return out
}

// copyPlain makes a stub of an object whose value can be shared.
func (t *Template) copyPlain(in, out *object, c *cloner) *object {
	*out = *in
	out.runtime = c.runtime
	if in.prototype != nil {
		out.prototype = c.object(in.prototype)
	}
	return t.stub(in, out)
}

// copyFunction makes a stub of a function, which has its scope in its value.
func (t *Template) copyFunction(in, out *object, c *cloner) *object {
	value := (*scope)(unsafe.Pointer(&in.value)) // any, to be exact
	f := (*function)(value.at)
	at := c.fnstash[f.stash.at]
	if at == nil {
		at = c.objectstash[f.stash.at]
	}
	if at == nil {
		return t.copyBound(in, out, c) // the first function of its scope
	}
	t.copyPlain(in, out, c)
	copied := &function{node: f.node, stash: scope{f.stash.kind, at}}
	(*scope)(unsafe.Pointer(&out.value)).at = unsafe.Pointer(copied)
	return out
}

// copyBound makes a stub of an object whose value belongs to the VM.
func (t *Template) copyBound(in, out *object, c *cloner) *object {
	bare := *in
	bare.property, bare.propertyOrder = nil, nil
	originalOf(in).clone(&bare, out, c)
	return t.stub(in, out)
}

// object is otto's method of the same name.
func (c *cloner) object(in *object) *object {
	if out, ok := c.obj[in]; ok {
		return out
	}
	out := new(object)
	c.obj[in] = out
	return in.objectClass.clone(in, out, c)
}

// stub takes the properties off an object and remembers where they are: an
// empty list that points to the object of the template.
func (t *Template) stub(in, out *object) *object {
	out.property = nil
	out.propertyOrder = unsafe.Slice((*string)(unsafe.Pointer(in)), 0)
	out.objectClass = t.stubs
	return out
}

// fill makes an object of a stub. What a script may have changed of a stub
// stays: otto writes value and extensible without a method.
func (t *Template) fill(o *object) *methods {
	in := (*object)(unsafe.Pointer(unsafe.SliceData(o.propertyOrder)))
	t.mu.Lock()
	c := t.copies[o.runtime]
	t.mu.Unlock()
	was, original := *o, originalOf(in)
	original.clone(in, o, c)
	o.objectClass, o.value, o.prototype, o.extensible = original, was.value, was.prototype, was.extensible
	return original
}

// newStubs is the table of methods of a stub.
func (t *Template) newStubs() *methods {
	return &methods{
		getOwnProperty: func(o *object, name string) unsafe.Pointer { return t.fill(o).getOwnProperty(o, name) },
		getProperty:    func(o *object, name string) unsafe.Pointer { return t.fill(o).getProperty(o, name) },
		get:            func(o *object, name string) otto.Value { return t.fill(o).get(o, name) },
		canPut:         func(o *object, name string) bool { return t.fill(o).canPut(o, name) },
		put:            func(o *object, name string, v otto.Value, throw bool) { t.fill(o).put(o, name, v, throw) },
		hasProperty:    func(o *object, name string) bool { return t.fill(o).hasProperty(o, name) },
		hasOwnProperty: func(o *object, name string) bool { return t.fill(o).hasOwnProperty(o, name) },
		defineOwnProperty: func(o *object, name string, p property, throw bool) bool {
			return t.fill(o).defineOwnProperty(o, name, p, throw)
		},
		delete:    func(o *object, name string, throw bool) bool { return t.fill(o).delete(o, name, throw) },
		enumerate: func(o *object, all bool, each func(string) bool) { t.fill(o).enumerate(o, all, each) },
		clone:     func(o, out *object, c *cloner) *object { return t.fill(o).clone(o, out, c) },
	}
}

// objectsOf returns all objects of a VM; ok is false if it has more than most
// objects and scopes. Otto shows only some of them to scripts, so this looks at
// its memory.
func objectsOf(vm *otto.Otto, most int) (objects []*object, ok bool) {
	w := &walk{todo: []reflect.Value{reflect.ValueOf(vm)}, seen: make(map[unsafe.Pointer]bool)}
	for len(w.todo) > 0 && w.found <= most {
		v := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		w.visit(v)
	}
	return w.objects, w.found <= most
}

// walk visits the memory of a VM without recursion.
type walk struct {
	todo    []reflect.Value
	seen    map[unsafe.Pointer]bool
	found   int
	objects []*object
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
		for _, field := range v.Fields() {
			if leads(field.Type()) {
				w.todo = append(w.todo, field)
			}
		}
	}
}

// leads reports whether objects can be reached through a type. They are behind
// types of otto only, and not in the program of a function.
func leads(of reflect.Type) bool {
	switch of.Kind() {
	case reflect.Pointer:
		to := of.Elem()
		return to.PkgPath() == reflect.TypeFor[otto.Otto]().PkgPath() && !strings.HasPrefix(to.Name(), "node") && to.Name() != "objectClass"
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

// The types below are otto's own, as far as this package touches them.
type (
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

// layouts are the fields of otto's types as this package knows them. Types with
// the same fields have the same memory layout as those above, which a test
// compares.
var layouts = map[string]string{
	"object": "value interface {}; runtime *otto.runtime; objectClass *otto.objectClass; prototype *otto.object; " +
		"property map[string]otto.property; class string; propertyOrder []string; extensible bool",
	"objectClass": "getOwnProperty func(*otto.object, string) *otto.property; getProperty func(*otto.object, string) *otto.property; " +
		"get func(*otto.object, string) otto.Value; canPut func(*otto.object, string) bool; " +
		"put func(*otto.object, string, otto.Value, bool); hasProperty func(*otto.object, string) bool; " +
		"hasOwnProperty func(*otto.object, string) bool; " +
		"defineOwnProperty func(*otto.object, string, otto.property, bool) bool; delete func(*otto.object, string, bool) bool; " +
		"enumerate func(*otto.object, bool, func(string) bool); clone func(*otto.object, *otto.object, *otto.cloner) *otto.object; " +
		"marshalJSON func(*otto.object) json.Marshaler",
	"property": "value interface {}; mode otto.propertyMode",
	"cloner": "runtime *otto.runtime; obj map[*otto.object]*otto.object; objectstash map[*otto.objectStash]*otto.objectStash; " +
		"dclstash map[*otto.dclStash]*otto.dclStash; fnstash map[*otto.fnStash]*otto.fnStash",
	"nodeFunctionObject": "node *otto.nodeFunctionLiteral; stash otto.stasher",
}

// Supported reports whether otto's types are those that the package knows. If
// they are not, copies are complete: slower, and otherwise the same.
func Supported() (ok bool) {
	defer func() {
		if recover() != nil { // a field that led to the next type is missing
			ok = false
		}
	}()
	object := fieldOf(fieldOf(reflect.TypeFor[otto.Otto](), "runtime"), "globalObject")
	class := fieldOf(object, "objectClass")
	return known(object) && known(class) && known(fieldOf(object, "property")) && known(fieldOf(class, "clone"))
}

// known reports whether a type is one of layouts.
func known(t reflect.Type) bool {
	if layouts[t.Name()] == "" {
		return false
	}
	var fields []string
	for f := range t.Fields() {
		fields = append(fields, f.Name+" "+f.Type.String())
	}
	return layouts[t.Name()] == strings.Join(fields, "; ")
}

// fieldOf returns the type that a field of a struct leads to: behind a pointer,
// in a map, or the last parameter of a function.
func fieldOf(t reflect.Type, name string) reflect.Type {
	f, _ := t.FieldByName(name)
	if f.Type.Kind() == reflect.Func {
		return f.Type.In(f.Type.NumIn() - 1).Elem()
	}
	return f.Type.Elem()
}
