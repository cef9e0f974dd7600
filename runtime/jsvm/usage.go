package jsvm

import (
	"maps"
	"slices"

	"github.com/robertkrimen/otto/ast"
	"github.com/robertkrimen/otto/token"
)

// usage is what scripts say of underscore.
type usage struct {
	members map[string]bool          // read as _.member
	reads   map[*ast.Identifier]bool // the _ of these
	whole   bool                     // it may be used in a way that is not seen
	tricks  bool                     // code may be made, or variables, behind our back
}

func newUsage() *usage {
	return &usage{members: make(map[string]bool), reads: make(map[*ast.Identifier]bool)}
}

// add finds out how a script uses underscore.
func (u *usage) add(p *ast.Program) {
	ast.Walk(u, p)
	for _, d := range p.DeclarationList {
		u.declaration(d)
	}
}

// slice returns the members the script uses; none if it needs all of
// underscore, or names it nowhere.
func (u *usage) slice() []string {
	if u.whole || u.tricks {
		return nil
	}
	return slices.Sorted(maps.Keys(u.members))
}

// redirect makes the script use the slice.
func (u *usage) redirect() {
	for id := range u.reads {
		id.Name = sliced
	}
}

// Enter implements ast.Visitor.
func (u *usage) Enter(n ast.Node) ast.Visitor {
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
		u.tricks = true
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
func (u *usage) Exit(ast.Node) {}

// member notes a read of a member, before its _ is visited itself.
func (u *usage) member(n *ast.DotExpression) {
	if id, ok := n.Left.(*ast.Identifier); ok && id.Name == "_" {
		u.reads[id] = true
		u.members[n.Identifier.Name] = true
	}
}

// changed notes a write to a member.
func (u *usage) changed(target ast.Node) {
	if d, ok := target.(*ast.DotExpression); ok {
		if id, ok := d.Left.(*ast.Identifier); ok && id.Name == "_" {
			u.whole = true
		}
	}
}

func (u *usage) name(name string, read bool) {
	switch name {
	case "_":
		u.whole = u.whole || !read
	case "eval", "Function", "defineProperty", "defineProperties":
		u.tricks = true
	}
}

func (u *usage) declaration(d ast.Declaration) {
	if f, ok := d.(*ast.FunctionDeclaration); ok && f.Function.Name.Name == "_" {
		u.whole = true
	}
}
