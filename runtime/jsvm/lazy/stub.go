package lazy

import (
	"unsafe"

	"github.com/robertkrimen/otto"
)

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
