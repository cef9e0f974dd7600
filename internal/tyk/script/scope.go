package script

import "github.com/robertkrimen/otto/ast"

// scopes are the functions around a node, with the names declared in them. What
// is nested too deeply must not make a look-up slow, so names are counted.
type scopes struct {
	stack  []scope
	counts map[string]int // scopes that declare a name
}

// scope is a function, a catch clause or the whole source.
type scope struct {
	names  []string
	strict bool
}

func (s *scopes) declared(name string) bool { return s.counts[name] > 0 }

func (s *scopes) strict() bool { return len(s.stack) > 0 && s.stack[len(s.stack)-1].strict }

// enter opens the scope of a function or of a source.
func (s *scopes) enter(declarations []ast.Declaration, body []ast.Statement) {
	s.stack = append(s.stack, scope{strict: s.strict() || directive(body) != nil})
	for _, d := range declarations {
		switch d := d.(type) {
		case *ast.VariableDeclaration:
			for _, v := range d.List {
				s.declare(v.Name)
			}
		case *ast.FunctionDeclaration:
			s.declareID(d.Function.Name)
		}
	}
}

func (s *scopes) leave() {
	last := len(s.stack) - 1
	for _, name := range s.stack[last].names {
		s.counts[name]--
	}
	s.stack = s.stack[:last]
}

func (s *scopes) declare(name string) {
	last := &s.stack[len(s.stack)-1]
	last.names = append(last.names, name)
	s.counts[name]++
}

func (s *scopes) declareID(id *ast.Identifier) {
	if id != nil {
		s.declare(id.Name)
	}
}

// directive returns the "use strict" at the head of a body, or nil.
func directive(body []ast.Statement) *ast.StringLiteral {
	for _, statement := range body {
		e, ok := statement.(*ast.ExpressionStatement)
		if !ok {
			return nil
		}
		literal, ok := e.Expression.(*ast.StringLiteral)
		if !ok {
			return nil
		}
		if literal.Value == "use strict" {
			return literal
		}
	}
	return nil
}

func bodyOf(n *ast.FunctionLiteral) []ast.Statement {
	if block, ok := n.Body.(*ast.BlockStatement); ok {
		return block.List
	}
	return nil
}
