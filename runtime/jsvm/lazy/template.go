package lazy

import (
	"reflect"
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
func New(vm *otto.Otto, most int) *Template {
	t := &Template{vm: vm, copies: make(map[unsafe.Pointer]*cloner)}
	objects, ok := objectsOf(vm, most)
	if !ok {
		return nil
	}
	if Supported() {
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
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.copies, runtimeOf(copied))
}

// derive gives the objects of the template tables of methods that copy them as
// stubs.
func (t *Template) derive(objects []*object) {
	plain, functions, bound := map[*methods]*derived{}, map[*methods]*derived{}, map[*methods]*derived{}
	global := globalOf(t.vm)
	for _, o := range objects {
		original := o.objectClass
		switch {
		case o == global:
			o.objectClass = &newDerived(original, t.copyGlobal).methods
		case original.marshalJSON != nil || original.clone == nil:
			// A value of Go; otto copies it as it is.
		case valueIsPlain(o):
			o.objectClass = kept(plain, original, t.copyPlain)
		case valueIsFunction(o):
			o.objectClass = kept(functions, original, t.copyFunction)
		default:
			o.objectClass = kept(bound, original, t.copyBound)
		}
	}
}

type cloneFunc = func(in, out *object, c *cloner) *object

func newDerived(original *methods, clone cloneFunc) *derived {
	d := &derived{methods: *original, original: original}
	d.clone = clone
	return d
}

// kept returns the derived table of an original one, and keeps it.
func kept(in map[*methods]*derived, original *methods, clone cloneFunc) *methods {
	if in[original] == nil {
		in[original] = newDerived(original, clone)
	}
	return &in[original].methods
}

// valueIsPlain reports whether a copy may share the value of an object, which
// otto then keeps as it is, too.
func valueIsPlain(o *object) bool {
	return o.value == nil || reflect.TypeOf(o.value).Name() == "nativeFunctionObject"
}

// valueIsFunction reports whether an object is a function of a script.
func valueIsFunction(o *object) bool {
	of := reflect.TypeOf(o.value)
	return of.Name() == "nodeFunctionObject" && same(reflect.TypeFor[function](), of, nil)
}

func originalOf(in *object) *methods { return (*derived)(unsafe.Pointer(in.objectClass)).original }

func runtimeOf(copied *otto.Otto) unsafe.Pointer { return (*vm)(unsafe.Pointer(copied)).runtime }
