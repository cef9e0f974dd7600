package lazy_test

import (
	"testing"

	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/runtime/jsvm/lazy"
)

// guardRegExp makes a VM whose RegExp takes "b" where a script gives it "a",
// and throws where it gives it "bad".
func guardRegExp(t *testing.T) *otto.Otto {
	t.Helper()
	vm := otto.New()
	f, err := vm.Object("RegExp")
	if err != nil {
		t.Fatal(err)
	}
	ok := lazy.Guard(f, func(vm *otto.Otto, v otto.Value) (otto.Value, bool) {
		switch v.String() {
		case "a":
			b, _ := otto.ToValue("b")
			return b, true
		case "bad":
			panic(vm.MakeSyntaxError("guarded"))
		}
		return v, false
	})
	if !ok {
		t.Fatal("Guard() = false: otto's types are not those of native.go; describe them anew")
	}
	return vm
}

func TestAGuardRunsBeforeCallsAndConstructions(t *testing.T) {
	vm := guardRegExp(t)
	template := lazy.New(guardRegExp(t), many)
	for _, c := range []struct{ script, want string }{
		{`String(RegExp("a"))`, "/b/"},
		{`String(new RegExp("a", "g"))`, "/b/g"},
		{`String(new RegExp("c"))`, "/c/"},
		{`String(new RegExp())`, "//"},
		{`String(new RegExp(String.fromCharCode(99)))`, "/c/"},
		{`try { new RegExp("bad") } catch (e) { e instanceof SyntaxError && e.message }`, "guarded"},
		{`try { RegExp("bad") } catch (e) { e instanceof SyntaxError && e.message }`, "guarded"},
		{`String(RegExp.bind(null, "a")())`, "/b/"},
		{`/x(.)/.test("xy"); RegExp.$1`, "y"},
		{`/x/.constructor === RegExp && new RegExp("x") instanceof RegExp`, "true"},
	} {
		copied := template.Copy()
		for name, vm := range map[string]*otto.Otto{"itself": vm, "copy": vm.Copy(), "lazy copy": copied} {
			if got := run(vm, c.script); got != c.want {
				t.Errorf("%s: %s = %q, want %q", name, c.script, got, c.want)
			}
		}
		template.Release(copied)
	}
}

func TestOnlyOttosOwnFunctionsAreGuarded(t *testing.T) {
	vm := otto.New()
	for _, expression := range []string{`({})`, `(function () {})`, `(function () {}).bind(null)`, `Math`} {
		o, err := vm.Object(expression)
		if err != nil {
			t.Fatal(err)
		}
		if lazy.Guard(o, func(_ *otto.Otto, v otto.Value) (otto.Value, bool) { return v, false }) {
			t.Errorf("Guard(%s) = true", expression)
		}
	}
	if lazy.Guard(nil, nil) {
		t.Error("Guard(nil) = true")
	}
}
