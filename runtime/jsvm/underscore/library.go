// Package underscore cuts the library underscore down to the functions that a
// script uses. A copy of a VM with all of underscore costs ten times as much as
// a copy without it.
package underscore

import (
	"slices"

	"github.com/robertkrimen/otto/ast"
	"github.com/robertkrimen/otto/token"
)

// Part is the global variable that holds the part of underscore that a script
// uses. It is no identifier, so no source text can name it.
const Part = "sallyport _"

// whole are the members that need all of underscore: they return the library
// object, change it, or keep state in it.
var whole = []string{"chain", "default", "iteratee", "mixin", "partial", "template", "uniqueId"}

// unit is one statement of underscore's factory function, or one of the
// variables of a statement.
type unit struct {
	statement ast.Statement
	defines   string          // the variable or function; empty for other statements
	changes   map[string]bool // what it assigns to, other than defines
	uses      map[string]bool // free names
}

// library is underscore split into its statements.
type library struct {
	units    []unit
	declared map[string]ast.Declaration
	exports  map[string]ast.Expression
}

// newLibrary splits underscore into its statements. It exports nothing if the
// text does not have the expected form.
func newLibrary(p *ast.Program) *library {
	l := &library{declared: make(map[string]ast.Declaration), exports: make(map[string]ast.Expression)}
	factory := factoryOf(p)
	if factory == nil {
		return l
	}
	for _, s := range factory.Body.(*ast.BlockStatement).List {
		l.add(s)
	}
	for _, d := range factory.DeclarationList {
		if f, ok := d.(*ast.FunctionDeclaration); ok {
			l.declared[f.Function.Name.Name] = d
		}
	}
	for _, name := range whole {
		delete(l.exports, name)
	}
	return l
}

// factoryOf finds the function that makes underscore: the last argument of a
// call.
func factoryOf(p *ast.Program) *ast.FunctionLiteral {
	if len(p.Body) != 1 {
		return nil
	}
	s, _ := p.Body[0].(*ast.ExpressionStatement)
	if s == nil {
		return nil
	}
	not, _ := s.Expression.(*ast.UnaryExpression)
	if not == nil {
		return nil
	}
	call, _ := not.Operand.(*ast.CallExpression)
	if call == nil || len(call.ArgumentList) == 0 {
		return nil
	}
	f, _ := call.ArgumentList[len(call.ArgumentList)-1].(*ast.FunctionLiteral)
	return f
}

func (l *library) add(s ast.Statement) {
	switch s := s.(type) {
	case *ast.VariableStatement:
		for _, e := range s.List {
			l.addVariable(s, e.(*ast.VariableExpression))
		}
	case *ast.FunctionStatement:
		l.units = append(l.units, newUnit(s, s.Function.Name.Name))
	case *ast.ExpressionStatement:
		for _, e := range sequence(s.Expression) {
			l.units = append(l.units, newUnit(&ast.ExpressionStatement{Expression: e}, ""))
		}
	case *ast.ReturnStatement, *ast.EmptyStatement:
	default:
		l.units = append(l.units, newUnit(s, ""))
	}
}

func sequence(e ast.Expression) []ast.Expression {
	if s, ok := e.(*ast.SequenceExpression); ok {
		return s.Sequence
	}
	return []ast.Expression{e}
}

// addVariable adds a variable; the one that is made of all functions gives
// the exports.
func (l *library) addVariable(s *ast.VariableStatement, v *ast.VariableExpression) {
	if call, ok := v.Initializer.(*ast.CallExpression); ok && len(call.ArgumentList) == 1 {
		if o, ok := call.ArgumentList[0].(*ast.ObjectLiteral); ok && len(o.Value) > 100 {
			for _, p := range o.Value {
				if p.Kind == "value" && p.Key != "__proto__" {
					l.exports[p.Key] = p.Value
				}
			}
			return
		}
	}
	l.units = append(l.units, newUnit(&ast.VariableStatement{Var: s.Var, List: []ast.Expression{v}}, v.Name))
}

func newUnit(s ast.Statement, defines string) unit {
	f := newFree(s)
	return unit{statement: s, defines: defines, changes: f.changes, uses: f.uses}
}

// Slice takes the program of underscore and returns one whose value is an
// object with the members. It reports false if it cannot make one. It changes
// and uses parts of the given program.
func Slice(p *ast.Program, members []string) (*ast.Program, bool) {
	l := newLibrary(p)
	result := &ast.ObjectLiteral{}
	needed := make(map[string]bool)
	for _, name := range members {
		e, ok := l.exports[name]
		if !ok {
			return nil, false
		}
		result.Value = append(result.Value, ast.Property{Key: name, Kind: "value", Value: e})
		include(needed, newFree(&ast.ExpressionStatement{Expression: e}).uses)
	}
	factory := l.factory(needed)
	factory.Body = &ast.BlockStatement{List: append(l.statements(needed), &ast.ReturnStatement{Argument: result})}
	call := &ast.ExpressionStatement{Expression: &ast.CallExpression{Callee: factory}}
	return &ast.Program{Body: []ast.Statement{call}}, true
}

// factory returns the function around the slice without its body. It also
// completes what is needed.
func (l *library) factory(needed map[string]bool) *ast.FunctionLiteral {
	for grown := true; grown; {
		grown = false
		for i := range l.units {
			if l.units[i].wanted(needed) && include(needed, l.units[i].uses) {
				grown = true
			}
		}
	}
	f := &ast.FunctionLiteral{ParameterList: &ast.ParameterList{}}
	variables := &ast.VariableDeclaration{}
	for i := range l.units {
		u := &l.units[i]
		if !u.wanted(needed) || u.defines == "" {
			continue
		}
		if d := l.declared[u.defines]; d != nil {
			f.DeclarationList = append(f.DeclarationList, d)
			continue
		}
		variables.List = append(variables.List, u.statement.(*ast.VariableStatement).List[0].(*ast.VariableExpression))
	}
	f.DeclarationList = append(f.DeclarationList, variables)
	return f
}

func (l *library) statements(needed map[string]bool) (list []ast.Statement) {
	for i := range l.units {
		if l.units[i].wanted(needed) {
			list = append(list, l.units[i].statement)
		}
	}
	return list
}

// wanted reports whether the unit defines or changes what is needed.
func (u *unit) wanted(needed map[string]bool) bool {
	if u.defines != "" {
		return needed[u.defines]
	}
	for name := range u.changes {
		if needed[name] {
			return true
		}
	}
	return false
}

// include adds names and reports whether one was new.
func include(to, names map[string]bool) (grown bool) {
	for name := range names {
		grown = grown || !to[name]
		to[name] = true
	}
	return grown
}

// free finds the free names of a piece of program. It is a visitor.
type free struct {
	scopes  [][]string // names that are bound, innermost last
	uses    map[string]bool
	changes map[string]bool
}

func newFree(n ast.Node) *free {
	f := &free{uses: make(map[string]bool), changes: make(map[string]bool)}
	ast.Walk(f, n)
	return f
}

// Enter implements ast.Visitor.
func (f *free) Enter(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.FunctionLiteral:
		f.scopes = append(f.scopes, boundBy(n))
	case *ast.CatchStatement:
		var names []string
		if n != nil {
			names = []string{n.Parameter.Name}
		}
		f.scopes = append(f.scopes, names)
	case *ast.AssignExpression:
		f.change(n.Left)
	case *ast.UnaryExpression:
		if n.Operator == token.INCREMENT || n.Operator == token.DECREMENT || n.Operator == token.DELETE {
			f.change(n.Operand)
		}
	case *ast.DotExpression:
		ast.Walk(f, n.Left) // the name of a member is no variable
		return nil
	case *ast.Identifier:
		if n != nil && !f.bound(n.Name) {
			f.uses[n.Name] = true
		}
	}
	return f
}

// Exit implements ast.Visitor.
func (f *free) Exit(n ast.Node) {
	switch n.(type) {
	case *ast.FunctionLiteral, *ast.CatchStatement:
		f.scopes = f.scopes[:len(f.scopes)-1]
	}
}

func boundBy(n *ast.FunctionLiteral) []string {
	names := []string{"arguments"}
	if n.Name != nil {
		names = append(names, n.Name.Name)
	}
	for _, p := range n.ParameterList.List {
		names = append(names, p.Name)
	}
	for _, d := range n.DeclarationList {
		switch d := d.(type) {
		case *ast.FunctionDeclaration:
			names = append(names, d.Function.Name.Name)
		case *ast.VariableDeclaration:
			for _, v := range d.List {
				names = append(names, v.Name)
			}
		}
	}
	return names
}

func (f *free) bound(name string) bool {
	for _, names := range f.scopes {
		if slices.Contains(names, name) {
			return true
		}
	}
	return false
}

// change notes an assignment: to a variable from anywhere, to a member only if
// it is done at once and not by a function that may never be called.
func (f *free) change(target ast.Expression) {
	member := false
	for {
		switch t := target.(type) {
		case *ast.DotExpression:
			target, member = t.Left, true
			continue
		case *ast.BracketExpression:
			target, member = t.Left, true
			continue
		case *ast.Identifier:
			if !f.bound(t.Name) && (!member || len(f.scopes) == 0) {
				f.changes[t.Name] = true
			}
		}
		return
	}
}
