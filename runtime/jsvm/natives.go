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

// guardName names the global function that checks a call and returns the original
// of the function.
const guardName = "sallyport native"

// guardToken is what the replacements hand to that function. No script knows it:
// a script that got the originals could call them without a check.
var guardToken = rand.Text()

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
			construct = fmt.Sprintf("if (this instanceof %s) { return new (checked(%d, this, arguments, 'token'))(arguments[0], arguments[1]); }\n", n.name, i)
		}
		call := fmt.Sprintf("checked(%d, this, arguments, 'token').apply(this, arguments)", i)
		if n.name == "search" { // its result is in bytes
			call = "checked(-1, this, " + call + ", 'token')"
		}
		parts[i] = fmt.Sprintf("[%s, %q, function %s(%s) {\n%sreturn %s;\n}]",
			cmp.Or(n.holder, "this"), n.name, n.name, strings.Join(parameterNames[:count], ", "), construct, call)
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

// renamer puts guardName and guardToken in the place of the words that stand for
// them. So the source text that a script can get of a function has neither.
type renamer struct{}

// Enter implements ast.Visitor.
func (r renamer) Enter(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.Identifier:
		if n != nil && n.Name == "checked" {
			n.Name = guardName
		}
	case *ast.StringLiteral:
		if n.Value == "token" {
			n.Value = guardToken
		}
	}
	return r
}

// Exit implements ast.Visitor.
func (renamer) Exit(ast.Node) {}

// check runs the check of a native and returns the original. Its arguments are
// the originals, to which it is bound, the index of the native, this and the
// arguments of the call, and guardToken. It throws if the native must not run.
func (h *host) check(call otto.FunctionCall) otto.Value {
	i, err := call.Argument(1).ToInteger()
	if err != nil || call.Argument(4).String() != guardToken {
		panic(call.Otto.MakeTypeError("not for scripts"))
	}
	if i < 0 {
		return position(call.Argument(2), call.Argument(3))
	}
	if m := h.machineOf(&call); m != nil {
		m.check(call.Otto)
		natives[i].check(&guarded{host: h, m: m, vm: call.Otto, this: call.Argument(2), args: call.Argument(3).Object()})
	}
	original, _ := call.Argument(0).Object().Get(strconv.FormatInt(i, 10))
	return original
}
