// Package lazy copies otto VMs, and in a copy only the objects that are used.
//
// [otto.Otto.Copy] copies every object of a VM: 400 for a script of ten lines
// and 2,000 with underscore, of which a call uses about 40. In a copy made here
// most objects are stubs, which have no properties and a table of methods from
// this package. Otto reaches the properties of an object only through that
// table, so the first use of a stub fills it by otto's own code and gives it
// its real table. A script sees no difference.
//
// Otto has no public way to do this, so the package reads and writes some of
// otto's private structs. If they are not those that it knows, which [Supported]
// reports, it changes nothing and Copy is otto's own. README.md of runtime/jsvm
// shows what that would cost.
package lazy

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"unsafe"

	"github.com/robertkrimen/otto"
)

// Template is a VM that is copied. It is safe for concurrent use. A copy belongs
// to one goroutine at a time.
type Template struct {
	vm      *otto.Otto
	objects []*object
	stubs   *objectClass // of objects that have not been used yet; nil copies all

	// mu protects the map below, of copies that exist, by their runtimes.
	mu     sync.Mutex
	copies map[*runtime]*cloner
}

// derived is the original table of an object, except that it copies as a stub.
type derived struct {
	objectClass
	original *objectClass
}

// New makes a template of a VM, which must not run again, not even to compile.
// It returns nil if the VM has more than most objects and scopes.
func New(vm *otto.Otto, most int) *Template {
	t := NewComplete(vm, most)
	if t != nil && Supported() {
		t.derive()
	}
	return t
}

// NewComplete makes a template whose copies are otto's, as New does if it is not [Supported].
func NewComplete(vm *otto.Otto, most int) *Template {
	objects, ok := objectsOf(vm, most)
	if !ok {
		return nil
	}
	return &Template{vm: vm, objects: objects, copies: make(map[*runtime]*cloner)}
}

// Copy returns a VM in the state of the template. What else a VM has is as
// [otto.Otto.Copy] leaves it.
func (t *Template) Copy() *otto.Otto { return t.vm.Copy() }

// Release forgets a copy. It must not be used afterwards.
func (t *Template) Release(copied *otto.Otto) {
	if t.stubs == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.copies, (*runtime)(reflect.ValueOf(copied).Elem().FieldByName("runtime").UnsafePointer()))
}

// derive gives the objects of the template tables that copy them as stubs.
func (t *Template) derive() {
	t.stubs = t.newStubs()
	plain, functions, bound := map[*objectClass]*derived{}, map[*objectClass]*derived{}, map[*objectClass]*derived{}
	global := (*object)(reflect.ValueOf(t.vm).Elem().FieldByName("runtime").Elem().FieldByName("globalObject").UnsafePointer())
	for _, o := range t.objects {
		original := o.objectClass
		switch {
		case o == global:
			o.objectClass = sharedTable(map[*objectClass]*derived{}, original, t.copyGlobal)
		case original.marshalJSON != nil || original.clone == nil:
			// A value of Go; otto copies it as it is.
		case o.value == nil || reflect.TypeOf(o.value).Name() == "nativeFunctionObject":
			// Otto shares the value between copies, too.
			o.objectClass = sharedTable(plain, original, t.copyPlain)
		case reflect.TypeOf(o.value).Name() == "nodeFunctionObject" && matches[nodeFunctionObject](reflect.TypeOf(o.value)):
			o.objectClass = sharedTable(functions, original, t.copyFunction)
		default:
			o.objectClass = sharedTable(bound, original, t.copyBound)
		}
	}
}

// sharedTable returns the derived table of an original one.
func sharedTable(tables map[*objectClass]*derived, original *objectClass, clone func(in, out *object, c *cloner) *object) *objectClass {
	if tables[original] == nil {
		tables[original] = &derived{objectClass: *original, original: original}
		tables[original].clone = clone
	}
	return &tables[original].objectClass
}

// copyGlobal copies the global object, which is the first of every copy and no
// stub. It keeps the state of the copy for the stubs.
func (t *Template) copyGlobal(in, out *object, c *cloner) *object {
	state := *c // otto empties its own at the end of the copy
	t.mu.Lock()
	t.copies[c.runtime] = &state
	t.mu.Unlock()
	in.original().clone(in, out, c)
	out.objectClass = in.original()
	return out
}

// copyPlain makes a stub of an object with a value that copies share.
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
	value := (*stasher)(unsafe.Pointer(&in.value)) // any, to be exact
	f := (*nodeFunctionObject)(value.at)
	at := unsafe.Pointer(c.fnstash[(*fnStash)(f.stash.at)])
	if at == nil {
		at = unsafe.Pointer(c.objectstash[(*objectStash)(f.stash.at)])
	}
	if at == nil {
		return t.copyBound(in, out, c) // the first function of its scope
	}
	t.copyPlain(in, out, c)
	copied := &nodeFunctionObject{node: f.node, stash: stasher{f.stash.kind, at}}
	(*stasher)(unsafe.Pointer(&out.value)).at = unsafe.Pointer(copied)
	return out
}

// copyBound makes a stub of an object whose value belongs to the VM.
func (t *Template) copyBound(in, out *object, c *cloner) *object {
	bare := *in
	bare.property, bare.propertyOrder = nil, nil
	in.original().clone(&bare, out, c)
	return t.stub(in, out)
}

// original is the table that an object of a template had before.
func (o *object) original() *objectClass { return (*derived)(unsafe.Pointer(o.objectClass)).original }

// object is otto's method of the same name.
func (c *cloner) object(in *object) *object {
	if out, ok := c.obj[in]; ok {
		return out
	}
	out := new(object)
	c.obj[in] = out
	return in.objectClass.clone(in, out, c)
}

// stub removes the properties of an object. It records the original in an empty
// list that points to it.
func (t *Template) stub(in, out *object) *object {
	out.property = nil
	out.propertyOrder = unsafe.Slice((*string)(unsafe.Pointer(in)), 0)
	out.objectClass = t.stubs
	return out
}

// originOf returns the original of a stub, and the state of the copy.
func (t *Template) originOf(o *object) (*object, *cloner) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return (*object)(unsafe.Pointer(unsafe.SliceData(o.propertyOrder))), t.copies[o.runtime]
}

// maxPeeked is how many reads of a stub copy one property only. The capacity of
// the list counts them.
const maxPeeked = 6

// fill makes an object of a stub. It keeps the fields that otto may have written
// without a method of the table.
func (t *Template) fill(o *object) *objectClass {
	in, c := t.originOf(o)
	was := *o
	in.original().clone(in, o, c)
	o.objectClass, o.value, o.prototype, o.extensible = in.original(), was.value, was.prototype, was.extensible
	return o.objectClass
}

// peek copies one property of a stub, and returns nil if there is none. It reports
// false if the stub must be filled: for an accessor, an element, or many reads.
func (t *Template) peek(o *object, name string) (*property, bool) {
	in, c := t.originOf(o)
	p, found := in.property[name]
	v, plain := p.value.(otto.Value)
	elements := in.class == "Arguments" || in.class == "String" && name[:min(1, len(name))] <= "9"
	if elements || found && (!plain || cap(o.propertyOrder) == maxPeeked) {
		return nil, false
	} else if !found {
		return nil, true
	}
	o.propertyOrder = unsafe.Slice((*string)(unsafe.Pointer(in)), cap(o.propertyOrder)+1)[:0]
	if v.IsObject() {
		at := &(*stasher)(unsafe.Pointer(&v)).at // a value begins with an interface
		*at = unsafe.Pointer(c.object((*object)(*at)))
		p.value = v
	}
	return &p, true
}

func (t *Template) getProperty(o *object, name string) *property {
	if p, ok := t.peek(o, name); !ok {
		return t.fill(o).getProperty(o, name)
	} else if p != nil || o.prototype == nil {
		return p
	}
	return o.prototype.objectClass.getProperty(o.prototype, name)
}

// newStubs is the table of methods of a stub.
func (t *Template) newStubs() *objectClass {
	return &objectClass{
		getOwnProperty: func(o *object, name string) *property { return t.fill(o).getOwnProperty(o, name) },
		getProperty:    t.getProperty,
		get: func(o *object, name string) otto.Value {
			p := t.getProperty(o, name)
			if p == nil {
				return otto.Value{}
			} else if v, ok := p.value.(otto.Value); ok {
				return v
			} else if o.objectClass == t.stubs { // the property is an accessor
				t.fill(o)
			}
			return o.objectClass.get(o, name)
		},
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

// objectsOf finds the objects of a VM in otto's memory, because scripts reach only some of
// them. It reports false if the VM has more than most objects and scopes.
func objectsOf(vm *otto.Otto, most int) (objects []*object, ok bool) {
	todo, seen, found := []reflect.Value{reflect.ValueOf(vm)}, make(map[unsafe.Pointer]bool), 0
	types := make(map[reflect.Type]bool)
	add := func(v reflect.Value) {
		if !v.IsValid() {
			return
		}
		if _, known := types[v.Type()]; !known {
			types[v.Type()] = leads(v.Type())
		}
		if types[v.Type()] {
			todo = append(todo, v)
		}
	}
	for len(todo) > 0 && found <= most {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch v.Kind() {
		case reflect.Pointer:
			if v.IsNil() || seen[v.UnsafePointer()] {
				continue
			}
			seen[v.UnsafePointer()] = true
			if name := v.Type().Elem().Name(); name == "object" {
				objects = append(objects, (*object)(v.UnsafePointer()))
				found++
			} else if strings.HasSuffix(name, "Stash") {
				found++
			}
			add(v.Elem())
		case reflect.Interface:
			add(v.Elem())
		case reflect.Map, reflect.Slice, reflect.Array:
			for _, element := range v.Seq2() {
				add(element)
			}
		case reflect.Struct:
			for _, field := range v.Fields() {
				add(field)
			}
		}
	}
	return objects, found <= most
}

// leads reports whether a type can lead to objects. The program of a function has none.
func leads(of reflect.Type) bool {
	switch kind := of.Kind(); kind {
	case reflect.Pointer:
		to := of.Elem()
		return to.PkgPath() == reflect.TypeFor[otto.Otto]().PkgPath() && !strings.HasPrefix(to.Name(), "node") && to.Name() != "objectClass"
	case reflect.Map, reflect.Slice, reflect.Array:
		return leads(of.Elem())
	default:
		return kind == reflect.Interface || kind == reflect.Struct
	}
}

// The types below are otto's own. Those without fields stand for types behind pointers.
type (
	runtime             struct{}
	objectStash         struct{}
	dclStash            struct{} //nolint:unused // linters miss the map below
	fnStash             struct{}
	nodeFunctionLiteral struct{}
	propertyMode        int //nolint:unused // as above

	object struct {
		value         any
		runtime       *runtime
		objectClass   *objectClass
		prototype     *object
		property      map[string]property
		class         string
		propertyOrder []string
		extensible    bool
	}
	objectClass struct {
		getOwnProperty    func(*object, string) *property
		getProperty       func(*object, string) *property
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
		value any
		mode  propertyMode //nolint:unused // it is copied with the property
	}
	cloner struct {
		runtime     *runtime
		obj         map[*object]*object
		objectstash map[*objectStash]*objectStash
		dclstash    map[*dclStash]*dclStash //nolint:unused // only the layout matters
		fnstash     map[*fnStash]*fnStash
	}
	// nodeFunctionObject is the value of a function of a script.
	nodeFunctionObject struct {
		node  *nodeFunctionLiteral
		stash stasher
	}
	// stasher is an interface that holds a pointer, as any is one.
	stasher struct{ kind, at unsafe.Pointer }
)

// Supported reports whether the package knows otto's types. If not, copies are complete.
func Supported() (ok bool) {
	defer func() { ok = recover() == nil && ok }() // a field on the way to a type is missing
	theirs := fieldOf(fieldOf(reflect.TypeFor[otto.Otto](), "runtime"), "globalObject")
	class := fieldOf(theirs, "objectClass")
	return matches[object](theirs) && matches[objectClass](class) && matches[property](fieldOf(theirs, "property")) &&
		matches[cloner](fieldOf(class, "clone")) && reflect.TypeFor[otto.Value]().Field(0).Type.Kind() == reflect.Interface
}

// matches reports whether a type above has the fields of otto's, and so its layout.
func matches[ours any](theirs reflect.Type) bool {
	return fields(reflect.TypeFor[ours]()) == fields(theirs)
}

func fields(t reflect.Type) string {
	var list []string
	for f := range t.Fields() {
		list = append(list, f.Name+" "+strings.ReplaceAll(f.Type.String(), "lazy.", "otto."))
	}
	return strings.Join(list, "; ")
}

// fieldOf returns the type behind a pointer, in a map, or of the last parameter of a function.
func fieldOf(t reflect.Type, name string) reflect.Type {
	f, _ := t.FieldByName(name)
	if f.Type.Kind() == reflect.Func {
		return f.Type.In(f.Type.NumIn() - 1).Elem()
	}
	return f.Type.Elem()
}
