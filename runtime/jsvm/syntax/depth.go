package syntax

import (
	"github.com/robertkrimen/otto/ast"
)

// maxDepth is how deep the expressions and statements of one function may be
// nested.
const maxDepth = 5000

// depthOf returns the nesting of the most deeply nested function of a program.
func depthOf(p *ast.Program) int {
	w := &depthVisitor{}
	ast.Walk(w, p)
	return w.most
}

type depthVisitor struct {
	depth, most int
	outer       []int // depths where functions begin
}

// Enter implements ast.Visitor.
func (w *depthVisitor) Enter(n ast.Node) ast.Visitor {
	if _, ok := n.(*ast.FunctionLiteral); ok {
		w.outer = append(w.outer, w.depth)
		w.depth = 0
	}
	w.depth++
	w.most = max(w.most, w.depth)
	return w
}

// Exit implements ast.Visitor.
func (w *depthVisitor) Exit(n ast.Node) {
	w.depth--
	if _, ok := n.(*ast.FunctionLiteral); ok {
		w.depth = w.outer[len(w.outer)-1]
		w.outer = w.outer[:len(w.outer)-1]
	}
}
