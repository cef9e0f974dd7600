package jsvm

import (
	"github.com/robertkrimen/otto/ast"
	"github.com/robertkrimen/otto/file"
)

// thrown is the global function that records the position of a throw. It is no
// identifier, so no source text can name it.
const thrown = "sallyport thrown"

// rewrite changes a parsed script in ways that the script cannot notice.
//
// Every function body and every loop body begins with a debugger statement,
// where otto calls our handler, which interrupts the script after the deadline.
// Otto's own Interrupt channel yields the processor at every expression. That
// takes longer than the script itself, and on a busy machine each yield waits
// for all other goroutines.
//
// Every throw passes its value through a function that records its position,
// because otto knows the position of errors only.
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

// checked puts a debugger statement in front of a body. The result is a block,
// as otto requires of functions.
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
	if r.file == nil { // a part of underscore, which throws nothing of its own
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
