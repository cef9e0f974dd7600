package jsvm

import (
	"reflect"

	"github.com/robertkrimen/otto/ast"
	"github.com/robertkrimen/otto/file"
	"github.com/robertkrimen/otto/token"
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
//
// Every sum passes its result through a function that bounds the size of strings,
// and every write that may change the length of an array passes the array through
// a function that bounds it: otto would delete the elements of a sparse array one
// by one, even those that are not there.
//
// It reports false for a script that writes to a variable named length which may
// be that of an array, by a with statement. Code made at run time may be in one.
func rewrite(p *ast.Program, made bool) bool {
	r := &rewriter{file: p.File, wrapped: make(map[ast.Expression]bool), skipped: make(map[ast.Expression]int)}
	if made {
		r.with++
	}
	ast.Walk(r, p)
	return !r.refused
}

type rewriter struct {
	file    *file.File
	wrapped map[ast.Expression]bool
	skipped map[ast.Expression]int // sums that are not wrapped, with the length of their chain
	with    int                    // with statements around the node, and one for code made at run time
	refused bool
}

// Enter implements ast.Visitor.
func (r *rewriter) Enter(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.FunctionLiteral:
		n.Body = checked(n.Body)
	case *ast.ForStatement:
		n.Body = checked(n.Body)
	case *ast.ForInStatement:
		n.Body = checked(n.Body)
		r.written(n.Into)
	case *ast.WhileStatement:
		n.Body = checked(n.Body)
	case *ast.DoWhileStatement:
		n.Body = checked(n.Body)
	case *ast.ThrowStatement:
		n.Argument = r.located(n)
	case *ast.AssignExpression:
		r.written(n.Left)
	case *ast.VariableExpression:
		r.refused = r.refused || r.with > 0 && n.Name == "length"
	case *ast.WithStatement:
		r.with++
	case *ast.UnaryExpression:
		if n.Operator == token.INCREMENT || n.Operator == token.DECREMENT {
			r.written(n.Operand)
		}
	}
	r.sums(n)
	return r
}

// Exit implements ast.Visitor.
func (r *rewriter) Exit(n ast.Node) {
	if _, ok := n.(*ast.WithStatement); ok {
		r.with--
	}
}

// sums wraps the sums among the operands of a node.
func (r *rewriter) sums(n ast.Node) {
	v := reflect.ValueOf(n)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return
	}
	for _, field := range v.Elem().Fields() {
		switch list := field.Interface().(type) {
		case ast.Expression:
			if e := r.sum(n, list); e != list {
				field.Set(reflect.ValueOf(e))
			}
		case []ast.Expression:
			for i, e := range list {
				list[i] = r.sum(n, e)
			}
		case []ast.Property:
			for i, p := range list {
				list[i].Value = r.sum(n, p.Value)
			}
		}
	}
}

// maxSkipped is how many sums of a chain need no check between them, if each adds
// a literal.
const maxSkipped = 8

// sum wraps e if it adds strings, unless it is one of few in a chain that grow by
// a literal only.
func (r *rewriter) sum(parent ast.Node, e ast.Expression) ast.Expression {
	switch n := e.(type) {
	case *ast.AssignExpression:
		if n.Operator != token.PLUS {
			return e
		}
	case *ast.BinaryExpression:
		if n.Operator != token.PLUS {
			return e
		}
		outer, chained := parent.(*ast.BinaryExpression)
		if chained && outer.Operator == token.PLUS && (isLiteral(n.Left) || isLiteral(n.Right)) && r.skipped[outer] < maxSkipped {
			r.skipped[n] = r.skipped[outer] + 1
			return e
		}
		if isLiteral(n.Left) && isLiteral(n.Right) {
			return e
		}
	default:
		return e
	}
	if r.wrapped[e] {
		return e
	}
	r.wrapped[e] = true
	return callOf(sumName, e)
}

func isLiteral(e ast.Expression) bool {
	switch e.(type) {
	case *ast.StringLiteral, *ast.NumberLiteral:
		return true
	}
	return false
}

// written checks the object of a property that is written to, if the property may
// be the length of an array.
func (r *rewriter) written(target ast.Node) {
	switch n := target.(type) {
	case *ast.Identifier:
		r.refused = r.refused || r.with > 0 && n.Name == "length"
	case *ast.DotExpression:
		if n.Identifier.Name == "length" {
			n.Left = callOf(targetName, n.Left)
		}
	case *ast.BracketExpression:
		if s, ok := n.Member.(*ast.StringLiteral); ok && s.Value != "length" {
			return
		}
		if _, ok := n.Member.(*ast.NumberLiteral); !ok {
			n.Left = callOf(targetName, n.Left)
		}
	}
}

// The global functions that check the result of a sum, and an object that is
// written to. They return their argument. Their names are no identifiers.
const (
	sumName    = "sallyport sum"
	targetName = "sallyport target"
)

func callOf(name string, argument ast.Expression) ast.Expression {
	at := argument.Idx0()
	return &ast.CallExpression{
		Callee: &ast.Identifier{Name: name, Idx: at}, LeftParenthesis: at, RightParenthesis: argument.Idx1(),
		ArgumentList: []ast.Expression{argument},
	}
}

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
