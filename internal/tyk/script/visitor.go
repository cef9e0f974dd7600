package script

import (
	"strings"

	"github.com/robertkrimen/otto/ast"
	"github.com/robertkrimen/otto/file"
	ottotoken "github.com/robertkrimen/otto/token"
)

// visitor looks for what differs between the engines.
type visitor struct {
	*analysis
	scopes scopes
	// passed are nodes that were dealt with when the one around them was.
	passed map[ast.Node]bool
	dates  map[string]bool // variables that hold a date somewhere
	caught []string        // variables of the catch clauses around
	errors map[string]int  // the same, counted
	with   int             // with statements around
	own    map[string]bool // members the script defines, as prototype.includes
}

func newVisitor(a *analysis) *visitor {
	return &visitor{
		analysis: a,
		scopes:   scopes{counts: make(map[string]int)},
		passed:   make(map[ast.Node]bool),
		dates:    make(map[string]bool),
		own:      make(map[string]bool),
		errors:   make(map[string]int),
	}
}

func (v *visitor) program(p *ast.Program) {
	first := &nameCollector{dates: v.dates, own: v.own}
	ast.Walk(first, p)
	v.scopes.enter(p.DeclarationList, p.Body)
	v.strict(p.Body)
	ast.Walk(v, p)
}

// offset returns where in the source a node begins.
func offset(at file.Idx) int { return int(at) - 1 }

// Enter implements [ast.Visitor].
func (v *visitor) Enter(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.FunctionLiteral:
		v.function(n)
	case *ast.CatchStatement:
		v.catch(n)
	case *ast.WithStatement:
		v.with++
		v.strictOnly(n.With, "with")
	case *ast.AssignExpression:
		v.assigned(n.Left)
	case *ast.ForInStatement:
		v.assigned(n.Into)
	case *ast.UnaryExpression:
		v.unary(n)
	case *ast.BinaryExpression:
		v.binary(n)
	case *ast.CallExpression:
		v.call(n)
	case *ast.NewExpression:
		v.construct(n)
	default:
		v.leaf(n)
	}
	return v
}

// leaf deals with nodes that stand for themselves.
func (v *visitor) leaf(n ast.Node) {
	switch n := n.(type) {
	case *ast.DotExpression:
		v.dot(n)
	case *ast.Identifier:
		v.identifier(n)
	case *ast.LabelledStatement:
		v.passed[n.Label] = true
	case *ast.BranchStatement:
		v.passed[n.Label] = true
	case *ast.ObjectLiteral:
		v.object(n)
	case *ast.NumberLiteral:
		if len(n.Literal) > 1 && n.Literal[0] == '0' && n.Literal[1] >= '0' && n.Literal[1] <= '9' {
			v.strictOnly(n.Idx, "an octal number")
		}
	case *ast.RegExpLiteral:
		v.pattern(n.Pattern, offset(n.Idx))
	}
}

// Exit implements [ast.Visitor].
func (v *visitor) Exit(n ast.Node) {
	switch n := n.(type) {
	case *ast.FunctionLiteral:
		if n != nil {
			v.scopes.leave()
		}
	case *ast.CatchStatement:
		if n != nil {
			v.scopes.leave()
			v.errors[v.caught[len(v.caught)-1]]--
			v.caught = v.caught[:len(v.caught)-1]
		}
	case *ast.WithStatement:
		v.with--
	}
}

func (v *visitor) function(n *ast.FunctionLiteral) {
	if n == nil {
		return
	}
	body := bodyOf(n)
	v.scopes.enter(n.DeclarationList, body)
	v.scopes.declareID(n.Name)
	for _, p := range n.ParameterList.List {
		v.scopes.declareID(p)
	}
	v.strict(body)
}

func (v *visitor) strict(body []ast.Statement) {
	if d := directive(body); d != nil {
		v.find(strictMode, offset(d.Idx))
	}
}

func (v *visitor) catch(n *ast.CatchStatement) {
	if n == nil {
		return
	}
	v.scopes.enter(nil, nil)
	v.scopes.declareID(n.Parameter)
	name := ""
	if n.Parameter != nil {
		name = n.Parameter.Name
	}
	v.caught = append(v.caught, name)
	v.errors[name]++
}

// strictOnly is syntax that strict mode refuses.
func (v *visitor) strictOnly(at file.Idx, what string) {
	if v.scopes.strict() {
		v.find(strictSyntax, offset(at), what)
	}
}

// assigned finds names that become globals by being assigned.
func (v *visitor) assigned(target ast.Node) {
	id, ok := target.(*ast.Identifier)
	if !ok || id == nil || v.with > 0 || v.scopes.declared(id.Name) {
		return
	}
	v.passed[id] = true
	if v.scopes.strict() {
		v.find(strictUndeclared, offset(id.Idx), id.Name)
		return
	}
	v.find(undeclared, offset(id.Idx), id.Name)
}

func (v *visitor) unary(n *ast.UnaryExpression) {
	id, ok := n.Operand.(*ast.Identifier)
	if !ok {
		return
	}
	switch n.Operator {
	case ottotoken.TYPEOF:
		v.passed[id] = true // a test for what may not be there
	case ottotoken.DELETE:
		v.strictOnly(n.Idx, "delete of a name")
	}
}

// binary finds dates and errors that become text by a plus.
func (v *visitor) binary(n *ast.BinaryExpression) {
	if n.Operator != ottotoken.PLUS {
		return
	}
	for _, side := range []ast.Expression{n.Left, n.Right} {
		other := n.Left
		if side == n.Left {
			other = n.Right
		}
		if v.isDate(side) && !isNumber(other) {
			v.find(dateText, offset(side.Idx0()), "by +")
		}
		if v.isError(side) {
			v.find(errorText, offset(side.Idx0()))
		}
	}
}

func isNumber(e ast.Expression) bool {
	_, ok := e.(*ast.NumberLiteral)
	return ok
}

func (v *visitor) isError(e ast.Expression) bool {
	id, ok := e.(*ast.Identifier)
	return ok && v.errors[id.Name] > 0
}

// isDate reports whether an expression is a date as far as can be seen.
func (v *visitor) isDate(e ast.Expression) bool {
	if id, ok := e.(*ast.Identifier); ok {
		return v.dates[id.Name]
	}
	return isNewDate(e)
}

func isNewDate(e ast.Expression) bool {
	n, ok := e.(*ast.NewExpression)
	return ok && named(n.Callee, "Date")
}

func named(e ast.Expression, name string) bool {
	id, ok := e.(*ast.Identifier)
	return ok && id.Name == name
}

// object finds what otto alone takes in an object literal.
func (v *visitor) object(n *ast.ObjectLiteral) {
	for i, p := range n.Value {
		if integerLike(p.Key) && len(n.Value) > 1 {
			v.find(integerKey, offset(n.LeftBrace), p.Key)
		}
		if i+1 < len(n.Value) {
			v.comma(p.Value)
		}
	}
}

// comma looks for the comma behind the value of a property.
func (v *visitor) comma(value ast.Expression) {
	if value == nil {
		return
	}
	p := ottoParser{tokens: v.tokens}
	for i := p.before(offset(value.Idx1())) + 1; i < len(v.tokens); i++ {
		switch t := v.tokens[i]; v.source[t.from:t.to] {
		case ")": // brackets around a value are not part of it
		case ",":
			return
		default:
			v.find(missingComma, int(t.from))
			return
		}
	}
}

func integerLike(key string) bool {
	if key == "" || len(key) > 10 || key[0] == '0' && len(key) > 1 {
		return false
	}
	return strings.Trim(key, "0123456789") == ""
}

// nameCollector finds out what names stand for before the visitor needs it.
type nameCollector struct{ dates, own map[string]bool }

// Enter implements [ast.Visitor].
func (c *nameCollector) Enter(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.VariableExpression:
		if isNewDate(n.Initializer) {
			c.dates[n.Name] = true
		}
	case *ast.AssignExpression:
		c.assign(n)
	}
	return c
}

// Exit implements [ast.Visitor].
func (c *nameCollector) Exit(ast.Node) {}

func (c *nameCollector) assign(n *ast.AssignExpression) {
	switch left := n.Left.(type) {
	case *ast.Identifier:
		if isNewDate(n.Right) {
			c.dates[left.Name] = true
		}
	case *ast.DotExpression:
		c.own[left.Identifier.Name] = true
	}
}
