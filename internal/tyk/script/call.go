package script

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"

	"github.com/robertkrimen/otto/ast"
	"github.com/robertkrimen/otto/parser"
)

// absentGlobals are globals that otto does not have and younger engines do.
var absentGlobals = []string{
	"Promise", "Map", "Set", "WeakMap", "WeakSet", "Symbol", "Proxy", "Reflect", "BigInt", "globalThis",
	"ArrayBuffer", "DataView", "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array",
	"Float32Array", "Float64Array",
}

// absentStatics are members of built-in objects that otto does not have.
var absentStatics = map[string][]string{
	"Object": {
		"assign", "entries", "fromEntries", "is", "setPrototypeOf", "getOwnPropertySymbols", "getOwnPropertyDescriptors",
	},
	"Array": {"from", "of"},
	"Number": {
		"isInteger", "isSafeInteger", "isFinite", "parseInt", "parseFloat", "EPSILON", "MAX_SAFE_INTEGER",
		"MIN_SAFE_INTEGER",
	},
	"String": {"raw", "fromCodePoint"},
}

// absentMethods are methods of arrays and strings that otto does not have.
var absentMethods = []string{
	"includes", "find", "findIndex", "findLast", "fill", "copyWithin", "flat", "flatMap", "endsWith", "repeat",
	"padStart", "padEnd", "codePointAt", "normalize", "matchAll", "replaceAll",
}

// localeMethods make text that depends on a locale.
var localeMethods = []string{"toLocaleString", "toLocaleDateString", "toLocaleTimeString"}

// identifier is a name that stands for a value.
func (v *visitor) identifier(n *ast.Identifier) {
	if n == nil || v.passed[n] || v.scopes.declared(n.Name) {
		return
	}
	if slices.Contains(absentGlobals, n.Name) {
		v.find(absentGlobal, offset(n.Idx), n.Name)
	}
}

// dot is a member behind a dot.
func (v *visitor) dot(n *ast.DotExpression) {
	v.passed[n.Identifier] = true
	name := n.Identifier.Name
	if id, ok := n.Left.(*ast.Identifier); ok {
		if slices.Contains(absentStatics[id.Name], name) && !v.own[name] && !v.scopes.declared(id.Name) {
			v.find(absentMember, offset(n.Identifier.Idx), id.Name+"."+name)
		}
		if v.isError(id) && (name == "message" || name == "stack" || name == "description") {
			v.find(errorText, offset(n.Identifier.Idx))
		}
	}
}

func (v *visitor) call(n *ast.CallExpression) {
	at := offset(n.Callee.Idx0())
	switch callee := n.Callee.(type) {
	case *ast.Identifier:
		v.callName(n, callee.Name, at)
	case *ast.DotExpression:
		v.callMember(n, callee)
	}
}

// callName is the call of a plain name.
func (v *visitor) callName(n *ast.CallExpression, name string, at int) {
	if v.scopes.declared(name) {
		return
	}
	switch name {
	case "eval":
		v.find(makesCode, at, "eval")
	case "Function":
		v.find(makesCode, at, "Function")
	case "RegExp":
		v.made(n.ArgumentList, at)
	case "Date":
		v.find(dateText, at, "by Date()")
	case "String":
		v.toText(n.ArgumentList, at)
	case "log", "rawlog", "TykMakeHttpRequest", "TykBatchRequest", "TykSetKeyData":
		v.orderless(n)
	}
}

// toText is a conversion by String().
func (v *visitor) toText(arguments []ast.Expression, at int) {
	for _, a := range arguments {
		if v.isDate(a) {
			v.find(dateText, at, "by String()")
		}
		if v.isError(a) {
			v.find(errorText, at)
		}
	}
}

// orderless passes over JSON text whose readers do not look at the order.
func (v *visitor) orderless(n *ast.CallExpression) {
	for _, a := range n.ArgumentList {
		v.passed[a] = true
	}
}

func (v *visitor) callMember(n *ast.CallExpression, callee *ast.DotExpression) {
	name, at := callee.Identifier.Name, offset(callee.Identifier.Idx)
	switch {
	case named(callee.Left, "console"):
		v.orderless(n)
	case named(callee.Left, "JSON") && name == "stringify" && !v.passed[n]:
		v.find(stringify, at)
	case named(callee.Left, "Date") && name == "parse":
		v.parsesDate(n.ArgumentList, at)
	case slices.Contains(localeMethods, name):
		v.find(localeText, at, name)
	case name == "toString" && v.isDate(callee.Left):
		v.find(dateText, at, "by toString()")
	case name == "toString" && v.isError(callee.Left):
		v.find(errorText, at)
	case slices.Contains(absentMethods, name) && !v.own[name] && !named(callee.Left, "_"):
		v.find(absentMember, at, "the method "+name)
	}
}

func (v *visitor) construct(n *ast.NewExpression) {
	at := offset(n.New)
	id, ok := n.Callee.(*ast.Identifier)
	if !ok || v.scopes.declared(id.Name) {
		return
	}
	switch id.Name {
	case "Function":
		v.find(makesCode, at, "new Function")
	case "RegExp":
		v.made(n.ArgumentList, at)
	case "Date":
		if len(n.ArgumentList) == 1 {
			v.parsesDate(n.ArgumentList, at)
		}
	}
}

// parsesDate is a date made from one value: text unless it is seen to be
// something else, or to be in the form that every engine takes.
func (v *visitor) parsesDate(arguments []ast.Expression, at int) {
	if len(arguments) == 0 {
		return
	}
	switch a := arguments[0].(type) {
	case *ast.NumberLiteral, *ast.UnaryExpression:
		return
	case *ast.StringLiteral:
		if _, err := time.Parse(time.RFC3339Nano, a.Value); err == nil {
			return
		}
	case *ast.BinaryExpression:
		if !hasText(a) {
			return
		}
	default:
		if v.isDate(a) {
			return
		}
	}
	v.find(dateParse, at)
}

// hasText reports whether a sum has a string in it.
func hasText(e ast.Expression) bool {
	for {
		switch n := e.(type) {
		case *ast.StringLiteral:
			return true
		case *ast.BinaryExpression:
			if _, ok := n.Right.(*ast.StringLiteral); ok {
				return true
			}
			e = n.Left
		default:
			return false
		}
	}
}

// made is a regular expression that is made at run time.
func (v *visitor) made(arguments []ast.Expression, at int) {
	if len(arguments) == 0 {
		return
	}
	literal, ok := arguments[0].(*ast.StringLiteral)
	if !ok {
		if _, again := arguments[0].(*ast.RegExpLiteral); !again {
			v.find(makesPattern, at)
		}
		return
	}
	if len(literal.Value) > maxPattern {
		v.find(makesPattern, at)
		return
	}
	if err := compiles(literal.Value); err != nil {
		v.find(lookAround, at, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	v.pattern(literal.Value, at)
}

// compiles tries a pattern the way otto does.
func compiles(pattern string) error {
	translated, err := parser.TransformRegExp(pattern)
	if err == nil {
		_, err = regexp.Compile(translated)
	}
	return err
}

// goGroups begin groups that only Go knows; (?<name> is JavaScript as well.
var goGroups = regexp.MustCompile(`\(\?(?:P<|[imsU-]+[:)])`)

// goClasses are classes that JavaScript takes for a set of letters.
var goClasses = regexp.MustCompile(`\[\[:\^?[a-z]+:\]`)

// pattern looks at a regular expression that otto takes.
func (v *visitor) pattern(pattern string, at int) {
	if len(pattern) > maxPattern {
		return
	}
	if blanks(pattern) {
		v.find(blankClass, at)
	}
	if g := goGroups.FindString(pattern); g != "" {
		v.find(goSyntax, at, g)
	}
	if c := goClasses.FindString(pattern); c != "" {
		v.find(goClass, at, c)
	}
	translated, err := parser.TransformRegExp(pattern)
	if err != nil {
		return
	}
	if tree, err := syntax.Parse(translated, syntax.Perl); err == nil && repeats(tree, false) {
		v.find(nested, at)
	}
}

// blanks reports whether \s or \S is in a pattern.
func blanks(pattern string) bool {
	for i := 0; i+1 < len(pattern); i++ {
		if pattern[i] != '\\' {
			continue
		}
		i++
		if pattern[i] == 's' || pattern[i] == 'S' {
			return true
		}
	}
	return false
}

// repeats reports whether an unbounded repeat is within another one.
func repeats(tree *syntax.Regexp, inside bool) bool {
	unbounded := tree.Op == syntax.OpStar || tree.Op == syntax.OpPlus || tree.Op == syntax.OpRepeat && tree.Max < 0
	if unbounded && inside {
		return true
	}
	for _, sub := range tree.Sub {
		if repeats(sub, inside || unbounded) {
			return true
		}
	}
	return false
}
