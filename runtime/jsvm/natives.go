package jsvm

import (
	"cmp"
	"crypto/rand"
	_ "embed" // our own script
	"fmt"
	"strconv"
	"strings"

	"github.com/robertkrimen/otto"
	"github.com/robertkrimen/otto/ast"
	"github.com/robertkrimen/otto/parser"
)

//go:embed natives.js
var nativesText string

// native is one of otto's functions that must not run before its arguments have
// been checked.
type native struct {
	holder, name string
	check        func(*guarded)
}

// guarded is one call of such a function.
type guarded struct {
	*host
	m    *machine
	vm   *otto.Otto
	this otto.Value
	args *otto.Object // the arguments, which a check may change
}

// guardName names the global function that checks a call and returns the original of
// the function. Only the replacements know the name, which is random, because a
// script that got the originals could call them without a check.
var guardName = "sallyport " + rand.Text()

// guardNatives replaces the functions by ones with the same name and length that
// call their check first. It must run before any script.
func (h *host) guardNatives(vm *otto.Otto) error {
	parts := make([]string, len(natives))
	for i, n := range natives {
		length, err := vm.Run(strings.TrimPrefix(n.holder+"."+n.name+".length", "."))
		if err != nil {
			return err
		}
		count, err := length.ToInteger()
		if err != nil {
			return err
		}
		construct := ""
		if n.name == "RegExp" {
			construct = fmt.Sprintf("if (this instanceof %s) { return new (checked(%d, this, arguments))(arguments[0], arguments[1]); }\n", n.name, i)
		}
		parts[i] = fmt.Sprintf("[%s, %q, function %s(%s) {\n%sreturn checked(%d, this, arguments).apply(this, arguments);\n}]",
			cmp.Or(n.holder, "this"), n.name, n.name, strings.Join(parameterNames[:count], ", "), construct, i)
	}
	program, err := parser.ParseFile(nil, shimName, "["+strings.Join(parts, ",\n")+"]", 0)
	if err != nil {
		return err
	}
	ast.Walk(renamer{}, program)
	replacements, err := vm.Run(program)
	if err != nil {
		return err
	}
	global, err := vm.Run("this")
	if err != nil {
		return err
	}
	_, err = function(vm, shimName, nativesText, global, replacements, guardName, h.check)
	return err
}

var parameterNames = []string{"a", "b", "c", "d", "e", "f", "g"}

// renamer gives the function checked its real name, which no source text can
// contain.
type renamer struct{}

// Enter implements ast.Visitor.
func (r renamer) Enter(n ast.Node) ast.Visitor {
	if id, ok := n.(*ast.Identifier); ok && id != nil && id.Name == "checked" {
		id.Name = guardName
	}
	return r
}

// Exit implements ast.Visitor.
func (renamer) Exit(ast.Node) {}

// check runs the check of a native and returns the original. Its arguments are
// the originals, to which it is bound, the index of the native, and this and the
// arguments of the call. It throws if the native must not run.
func (h *host) check(call otto.FunctionCall) otto.Value {
	i, err := call.Argument(1).ToInteger()
	if err != nil {
		return otto.UndefinedValue()
	}
	if m := h.machineOf(&call); m != nil {
		m.check(call.Otto)
		natives[i].check(&guarded{host: h, m: m, vm: call.Otto, this: call.Argument(2), args: call.Argument(3).Object()})
	}
	original, _ := call.Argument(0).Object().Get(strconv.FormatInt(i, 10))
	return original
}
