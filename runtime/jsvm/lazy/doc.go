// Package lazy copies otto VMs, and in a copy only the objects that are used.
//
// [otto.Otto.Copy] copies every object of a VM, the built-in functions among
// them: 400 objects for a script of ten lines, 2,000 with underscore, of which
// a call looks at 40. A copy made here has them all, but most as stubs: an
// object without properties, whose table of methods is ours. Whatever otto does
// with the properties of an object goes through that table, so the first use of
// a stub fills it in, by otto's own code, and gives it its real table. What a
// script can see of a copy is the same in every case.
//
//	template := lazy.New(vm) // vm never runs again
//	copied := template.Copy()
//	defer template.Release(copied)
//
// # How it depends on otto
//
// Otto has no door for this, so the package knows the memory layout of a few of
// its types: an object, its table of methods, the state of a copy in the making
// (see layout.go). It changes the tables of the template's objects, and the
// functions that [Guard] is asked to guard (see native.go). Before any of that it compares its picture of the types with otto's own,
// field by field; if they differ in any way it leaves everything alone, and Copy
// is otto's. [Supported] tells which, and a test asserts that it is so for the
// version in go.mod.
//
// # Concurrency
//
// A template may be copied by many goroutines at once, since nobody writes to
// it. A copy belongs to one goroutine at a time, as every otto VM.
package lazy
