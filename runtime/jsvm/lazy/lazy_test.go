package lazy_test

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/internal/tyk/jsapi"
	"github.com/c386954a/sallyport/runtime/jsvm/lazy"
)

// many is more objects than any VM of the tests has.
const many = 1 << 20

func TestTheVersionOfOttoIsSupported(t *testing.T) {
	if !lazy.Supported() {
		t.Fatal("otto's types are not those of lazy.go: describe them anew, and read again how otto uses the fields of objects without a method")
	}
}

// loaded returns a VM with underscore and the objects of testdata/state.js.
func loaded(tb testing.TB) *otto.Otto {
	tb.Helper()
	vm := otto.New()
	for _, text := range []string{jsapi.Underscore(), read(tb, "testdata/state.js")} {
		if _, err := vm.Run(text); err != nil {
			tb.Fatal(err)
		}
	}
	return vm
}

func read(tb testing.TB, name string) string {
	tb.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

// run returns what a script gives as text, or what it throws.
func run(vm *otto.Otto, script string) string {
	v, err := vm.Run(script)
	if err != nil {
		return "error: " + err.Error()
	}
	return v.String()
}

// makers make templates: New with stubs, and the fallback for other versions of
// otto, which must give the same results.
var makers = map[string]func(*otto.Otto, int) *lazy.Template{"lazy": lazy.New, "fallback": lazy.NewComplete}

func TestALazyCopyHasEverythingThatACopyHas(t *testing.T) {
	for name, make := range makers {
		t.Run(name, func(t *testing.T) { hasEverything(t, make) })
	}
}

func hasEverything(t *testing.T, make func(*otto.Otto, int) *lazy.Template) {
	t.Helper()
	dump := read(t, "testdata/dump.js")
	want := run(loaded(t).Copy(), dump)
	if !strings.Contains(want, "[object Arguments]") || strings.Count(want, "\n") < 3000 {
		t.Fatalf("the description is not complete: %d lines", strings.Count(want, "\n"))
	}
	template := make(loaded(t), many)
	for range 2 {
		copied := template.Copy()
		if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(run(copied, dump), "\n")); diff != "" {
			t.Errorf("a lazy copy differs (-want +got):\n%.2000s", diff)
		}
		template.Release(copied)
	}
}

// steps are small scripts, each the first to touch what it touches. Each
// changes something, so that a second run tells whether a copy is fresh.
var steps = []string{
	`++count`, `list.push(5); list.join("|") + list.length`, `list[1][1].a++; JSON.stringify(list)`, `delete list[0]; 0 in list`,
	`when.setFullYear(1999); when.toISOString()`, `when.getTime()`, `when.extra = 1; when.setTime(5); when.getTime() + when.extra`,
	`when.setTime(7); when.extra = 2; when.getTime() + when.extra`, // the value first, then a property
	`pattern.exec("xab"); pattern.lastIndex`, `"ab AB".replace(pattern, "$1")`,
	`Object.preventExtensions(sub); sub.y = 1; sub.y === undefined && !Object.isExtensible(sub)`,
	`Object.preventExtensions(circle); "self" in circle; circle.z = 1; "z" in circle`,
	`Object.isFrozen(frozen) + "" + Object.isSealed(sealed) + Object.isExtensible(closed)`, `frozen.c = 1; frozen.a.b = 2; frozen.c + "" + frozen.a.b`,
	`Object.freeze(list); list.push; list[0] = 9; list[0]`, `Object.seal(counter); delete counter.next; typeof counter.next`,
	`sub instanceof Base && sub instanceof Sub && sub.get()`, `Base.prototype.get = function () { return "new"; }; sub.get()`,
	`Object.getPrototypeOf(sub) === Sub.prototype`, `Base.prototype.isPrototypeOf(sub)`, `sub.constructor === Sub`, `sub.constructor.name`,
	`counter.next() + counter.next() + counter.peek()`, `nested(1) + nested(2)`, `bound() + bound(4)`, `bound.length + bound.name`,
	`given[1] = "changed"; given.length + given[1] + given[2].three`, `mapped.set("n"); mapped.args[0] + mapped.get()`, `mapped.args[0] = "o"; mapped.get()`,
	`access.computed = 21; access.computed + count`, `circle.self.self === circle`, `hidden.deep[0] === circle`, `inScope() + inScope()`, `catcher() + catcher()`,
	`boxed[0].length + boxed[1] + boxed[2]`, `fail instanceof RangeError && fail.message + fail`, `typeof Base`, `typeof list`, `Array.isArray(list)`,
	`String(Base)`, `String.prototype.trim.call(" x ") + "y".toUpperCase()`, `Array.prototype.slice.call(given).length`,
	`String.prototype.added = function () { return this + "!"; }; "a".added()`, `Array.prototype.map = null; [].map`, `Object.prototype.all = 1; ({}).all + [].all + sub.all`,
	`Function.prototype.twice = function (a) { return this(a) + this(a); }; (function (a) { return a; }).twice(2)`, `JSON.parse("[1]").length`, `Math.max = 3; Math.max`,
	`_.map([1, 2], function (n) { return n * 2; })`, `_.extend = 1; _.extend`, `_.uniqueId("u")`, `_.templateSettings.x = 1; _.keys(_.templateSettings).length`, `_([1]).first()`,
	`undefined_ = 1; undefined_`, `delete this.count; typeof count`, `Object.keys(this).length`, `for (var k in this) {} k`, `var late = 1; late`, `function Base() { return 1; } Base()`,
	`eval("count + 1")`, `eval("var inEval = 1"); inEval`, `new Function("return count")()`, `[list, when].concat(list).length`, `isNaN(parseInt("x"))`, `new Date(0).toISOString()`,
	`try { null.x } catch (e) { e.name + e.message }`, `try { missing() } catch (e) { e instanceof ReferenceError }`, `Object.defineProperty(list, "p", {get: function () { return 8; }}); list.p`,
	`Object.getOwnPropertyNames(Sub.prototype)`, `(function () { return this === (function () { return this; })(); })()`, `Object.create(sub).get()`, `list.sort().length`, `list.reverse().length`,
	`"abc".split("").reverse().join("")`, `new Sub().get()`, `new bound(1) instanceof Base`, `Sub.caller`, `isFinite.length`, `encodeURIComponent("ä")`,
}

func TestALazyCopyActsLikeACopy(t *testing.T) {
	for name, make := range makers {
		t.Run(name, func(t *testing.T) { actsLikeACopy(t, make) })
	}
}

func actsLikeACopy(t *testing.T, make func(*otto.Otto, int) *lazy.Template) {
	t.Helper()
	plain, template := loaded(t), make(loaded(t), many)
	for _, step := range steps {
		want := run(plain.Copy(), step)
		for range 2 { // the second copy must not see the first
			copied := template.Copy()
			if got := run(copied, step); got != want {
				t.Errorf("%s = %q, want %q", step, got, want)
			}
			template.Release(copied)
		}
	}
}

func TestStepsOneAfterTheOtherActAlike(t *testing.T) {
	plain, template := loaded(t).Copy(), lazy.New(loaded(t), many)
	copied := template.Copy()
	for _, step := range steps {
		if got, want := run(copied, step), run(plain, step); got != want {
			t.Errorf("%s = %q, want %q", step, got, want)
		}
	}
	dump := read(t, "testdata/dump.js")
	if got, want := run(copied, dump), run(plain, dump); got != want {
		t.Errorf("the copies differ at the end:\n%.2000s", cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
	}
}

func TestCopiesOfManyGoroutinesShareNothing(t *testing.T) {
	template := lazy.New(loaded(t), many)
	want := run(template.Copy(), strings.Join(steps, ";\n"))
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			for range 20 {
				copied := template.Copy()
				if got := run(copied, strings.Join(steps, ";\n")); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
				template.Release(copied)
			}
		})
	}
	running.Wait()
}

func TestACopyOfALazyCopyIsWhole(t *testing.T) {
	template := lazy.New(loaded(t), many)
	copied := template.Copy()
	again := copied.Copy()
	if got := run(again, `counter.next() + list.join() + _.first([4])`); got != "11,2,[object Object],,end4" {
		t.Errorf("the copy of a copy says %q", got)
	}
	if got := run(copied, `counter.peek()`); got != "0" {
		t.Errorf("the first copy has seen it: %q", got)
	}
}

func TestTooManyObjectsMakeNoTemplate(t *testing.T) {
	for name, make := range makers {
		if make(loaded(t), 100) != nil {
			t.Errorf("%s: New() returned a template, want nil: the VM has more than 100 objects", name)
		}
	}
}

func BenchmarkCopy(b *testing.B) {
	for _, c := range []struct{ name, script string }{{"built-ins", ""}, {"underscore", jsapi.Underscore()}} {
		vm := otto.New()
		if _, err := vm.Run(c.script); err != nil {
			b.Fatal(err)
		}
		b.Run(c.name+"/otto", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				vm.Copy()
			}
		})
		t := lazy.New(vm, many)
		b.Run(c.name+"/lazy", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				t.Release(t.Copy())
			}
		})
	}
}
