package jsvm

import "github.com/robertkrimen/otto/ast"

const (
	// maxWeight is how deep the expressions and statements of one function may
	// be nested.
	maxWeight = 5000
	// maxMadeWeight is the same for code that is made at run time, which the
	// stack depth does not take into account.
	maxMadeWeight = 300
	// maxLoad is how deep all functions that are running may be nested
	// together. A level takes about 1 KiB of the Go stack, which ends the
	// process when it overflows at 512 MiB.
	maxLoad = 300 * 1000
)

// weightOf returns how deep the deepest function of a program is nested.
func weightOf(p *ast.Program) int {
	w := &weigher{}
	ast.Walk(w, p)
	return w.most
}

type weigher struct {
	depth, most int
	outer       []int // depths where functions begin
}

// Enter implements ast.Visitor.
func (w *weigher) Enter(n ast.Node) ast.Visitor {
	if _, ok := n.(*ast.FunctionLiteral); ok {
		w.outer = append(w.outer, w.depth)
		w.depth = 0
	}
	w.depth++
	w.most = max(w.most, w.depth)
	return w
}

// Exit implements ast.Visitor.
func (w *weigher) Exit(n ast.Node) {
	w.depth--
	if _, ok := n.(*ast.FunctionLiteral); ok {
		w.depth = w.outer[len(w.outer)-1]
		w.outer = w.outer[:len(w.outer)-1]
	}
}
