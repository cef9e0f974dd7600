package jsvm

import (
	_ "embed" // our own script
	"fmt"
	"strings"

	"github.com/robertkrimen/otto"

	"github.com/c386954a/sallyport/runtime/jsvm/syntax"
)

//go:embed natives.js
var nativesText string

// native is one of otto's functions that must not run before its arguments have
// been checked.
type native struct {
	holder, name string
	check        func(*guarded)
}

// natives lists these functions. The constructor RegExp has no holder.
// String.prototype.split is not among them: it compiles no regular expression.
var natives = []native{
	{"", "RegExp", (*guarded).pattern},
	{"String.prototype", "match", (*guarded).pattern},
	{"String.prototype", "search", (*guarded).pattern},
	{"String.prototype", "replace", (*guarded).pattern},
}

// guarded is one call of such a function.
type guarded struct {
	*host
	vm   *otto.Otto
	args *otto.Object // the arguments, which a check may change
}

// guardNatives replaces the functions by ones with the same name and length that
// call their check first. It must run before any script.
func (h *host) guardNatives(vm *otto.Otto) error {
	byHolder := make(map[string]*strings.Builder)
	for i, n := range natives {
		if byHolder[n.holder] == nil {
			byHolder[n.holder] = new(strings.Builder)
		}
		f, err := replacement(vm, i)
		if err != nil {
			return err
		}
		byHolder[n.holder].WriteString(f)
	}
	for holder, functions := range byHolder {
		if holder == "" {
			holder = "this"
		}
		object, err := vm.Run(holder)
		if err != nil {
			return err
		}
		// One scope for all functions of a holder: each scope costs a copy.
		text := "(function (check, originals) {\nvar replacements = {};\n" + functions.String() + "return replacements;\n})"
		factory, err := vm.Run(text)
		if err != nil {
			return err
		}
		if _, err := function(vm, shimName, nativesText, object, factory, h.check); err != nil {
			return err
		}
	}
	return nil
}

// replacement returns the source text of the function that replaces a native.
func replacement(vm *otto.Otto, i int) (string, error) {
	n := &natives[i]
	length, err := vm.Run(strings.TrimPrefix(n.holder+"."+n.name+".length", "."))
	if err != nil {
		return "", err
	}
	count, err := length.ToInteger()
	if err != nil {
		return "", err
	}
	parameters := strings.Join([]string{"a", "b", "c", "d", "e", "f", "g"}[:count], ", ")
	construct := ""
	if n.holder == "" {
		construct = fmt.Sprintf("if (this instanceof %s) { return new originals.%[1]s(arguments[0], arguments[1]); }\n", n.name)
	}
	return fmt.Sprintf("replacements.%s = %[1]s;\nfunction %[1]s(%[2]s) {\ncheck(%[3]d, arguments);\n%[4]sreturn originals.%[1]s.apply(this, arguments);\n}\n",
		n.name, parameters, i, construct), nil
}

// check runs the check of a native: the arguments are its index and those of its
// call. It throws if the native must not run.
func (h *host) check(call otto.FunctionCall) otto.Value {
	i, err := call.Argument(0).ToInteger()
	if err == nil {
		natives[i].check(&guarded{host: h, vm: call.Otto, args: call.Argument(1).Object()})
	}
	return otto.UndefinedValue()
}

// pattern throws a SyntaxError if the first argument is a regular expression
// that is too long. It converts an object to a string once, because a second
// conversion may give another text.
func (g *guarded) pattern() {
	v, err := g.args.Get("0")
	if err != nil {
		return
	}
	if v.IsObject() && v.Class() != "RegExp" {
		s, err := v.ToString()
		if err != nil {
			g.rethrow(&otto.FunctionCall{Otto: g.vm}, err)
		}
		v = text(s)
		if err := g.args.Set("0", v); err != nil {
			g.rethrow(&otto.FunctionCall{Otto: g.vm}, err)
		}
	}
	if v.IsString() {
		if err := syntax.CheckPattern(v.String()); err != nil {
			panic(g.vm.MakeSyntaxError(err.Error()))
		}
	}
}
