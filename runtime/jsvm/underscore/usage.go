package underscore

import (
	"maps"
	"slices"

	"github.com/robertkrimen/otto/ast"
	"github.com/robertkrimen/otto/token"
)

// Usage is how scripts use underscore.
type Usage struct {
	members map[string]bool          // read as _.member
	reads   map[*ast.Identifier]bool // the _ of these
	whole   bool                     // a script may need all of it
	dynamic bool                     // a script may make code or variables at run time
}

// NewUsage returns the usage of no script.
func NewUsage() *Usage {
	return &Usage{members: make(map[string]bool), reads: make(map[*ast.Identifier]bool)}
}

// Add finds out how a script uses underscore.
func (u *Usage) Add(p *ast.Program) {
	ast.Walk(u, p)
	for _, d := range p.DeclarationList {
		u.declaration(d)
	}
}

// Members returns the members that the scripts use. It returns none if they
// need all of underscore, or do not name it.
func (u *Usage) Members() []string {
	if u.whole || u.dynamic {
		return nil
	}
	return slices.Sorted(maps.Keys(u.members))
}

// Redirect makes the scripts read the members from the global variable Part.
func (u *Usage) Redirect() {
	for id := range u.reads {
		id.Name = Part
	}
}

// Enter implements ast.Visitor.
func (u *Usage) Enter(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.DotExpression:
		u.member(n)
	case *ast.AssignExpression:
		u.changed(n.Left)
	case *ast.ForInStatement:
		u.changed(n.Into)
	case *ast.UnaryExpression:
		if n.Operator == token.INCREMENT || n.Operator == token.DECREMENT || n.Operator == token.DELETE {
			u.changed(n.Operand)
		}
	case *ast.WithStatement:
		u.dynamic = true
	case *ast.Identifier:
		if n != nil {
			u.name(n.Name, u.reads[n])
		}
	case *ast.VariableExpression:
		u.name(n.Name, false)
	case *ast.StringLiteral:
		u.name(n.Value, false)
	}
	return u
}

// Exit implements ast.Visitor.
func (u *Usage) Exit(ast.Node) {}

// member notes a read of a member, before its _ is visited itself.
func (u *Usage) member(n *ast.DotExpression) {
	if id, ok := n.Left.(*ast.Identifier); ok && id.Name == "_" {
		u.reads[id] = true
		u.members[n.Identifier.Name] = true
	}
}

// changed notes a write to a member.
func (u *Usage) changed(target ast.Node) {
	if d, ok := target.(*ast.DotExpression); ok {
		if id, ok := d.Left.(*ast.Identifier); ok && id.Name == "_" {
			u.whole = true
		}
	}
}

func (u *Usage) name(name string, read bool) {
	switch name {
	case "_":
		u.whole = u.whole || !read
	case "eval", "Function", "defineProperty", "defineProperties":
		u.dynamic = true
	}
}

func (u *Usage) declaration(d ast.Declaration) {
	if f, ok := d.(*ast.FunctionDeclaration); ok && f.Function.Name.Name == "_" {
		u.whole = true
	}
}
