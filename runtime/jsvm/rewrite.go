package jsvm

import (
	"github.com/robertkrimen/otto/ast"
	"github.com/robertkrimen/otto/file"
)

// thrown is the global function that remembers where a throw stands. No
// script can write its name.
const thrown = "sallyport thrown"

// rewrite changes a parsed script in two ways that it cannot notice.
//
// Every function body and every loop body begins with a debugger statement:
// otto calls our handler there, which breaks the script off after the
// deadline. Otto's own way, the Interrupt channel, yields the processor at
// every single expression: that takes longer than the script itself, and on a
// busy machine each of the yields waits for everybody else.
//
// Every throw passes its value through a function that remembers its
// position: otto knows it for errors, but not for any other value.
func rewrite(p *ast.Program) { ast.Walk(&rewriter{file: p.File}, p) }

type rewriter struct{ file *file.File }

// Enter implements ast.Visitor.
func (r *rewriter) Enter(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.FunctionLiteral:
		n.Body = checked(n.Body)
	case *ast.ForStatement:
		n.Body = checked(n.Body)
	case *ast.ForInStatement:
		n.Body = checked(n.Body)
	case *ast.WhileStatement:
		n.Body = checked(n.Body)
	case *ast.DoWhileStatement:
		n.Body = checked(n.Body)
	case *ast.ThrowStatement:
		n.Argument = r.located(n)
	}
	return r
}

// Exit implements ast.Visitor.
func (r *rewriter) Exit(ast.Node) {}

// checked puts a debugger statement in front of a body. The body stays a
// block, which otto wants of functions.
func checked(body ast.Statement) ast.Statement {
	block, ok := body.(*ast.BlockStatement)
	if !ok {
		block = &ast.BlockStatement{LeftBrace: body.Idx0(), List: []ast.Statement{body}, RightBrace: body.Idx1()}
	}
	list := make([]ast.Statement, 0, len(block.List)+1)
	list = append(list, &ast.DebuggerStatement{Debugger: block.LeftBrace})
	block.List = append(list, block.List...)
	return block
}

// located wraps the operand of a throw.
func (r *rewriter) located(n *ast.ThrowStatement) ast.Expression {
	at := &ast.StringLiteral{Idx: n.Throw}
	if r.file == nil { // a slice of underscore, which throws nothing of its own
		return n.Argument
	}
	if p := r.file.Position(n.Throw); p != nil {
		at.Value = p.String()
	}
	return &ast.CallExpression{
		Callee:       &ast.Identifier{Name: thrown, Idx: n.Throw},
		ArgumentList: []ast.Expression{n.Argument, at},
	}
}
