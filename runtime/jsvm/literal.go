package jsvm

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/robertkrimen/otto/ast"
	"github.com/robertkrimen/otto/token"
)

// literal returns a program whose value is that of a JSON text. The text must be
// valid JSON without white space, as this module writes it. Otto's parser would
// take four times as long.
func literal(text []byte) *ast.Program {
	l := &literals{text: string(text)}
	return &ast.Program{Body: []ast.Statement{&ast.ExpressionStatement{Expression: l.value()}}}
}

// Line separators are legal in JSON but not in JavaScript strings.
var (
	lineSeparator      = []byte("\u2028")
	paragraphSeparator = []byte("\u2029")
)

// expression turns a JSON text into JavaScript source text.
func expression(text []byte) string {
	if bytes.Contains(text, lineSeparator) || bytes.Contains(text, paragraphSeparator) {
		text = bytes.ReplaceAll(text, lineSeparator, []byte(`\u2028`))
		text = bytes.ReplaceAll(text, paragraphSeparator, []byte(`\u2029`))
	}
	return "(" + string(text) + ")"
}

// literals reads a JSON text.
type literals struct {
	text string
	at   int
}

func (l *literals) value() ast.Expression {
	switch l.text[l.at] {
	case '{':
		return l.object()
	case '[':
		return l.array()
	case '"':
		return &ast.StringLiteral{Value: l.string()}
	case 't':
		l.at += len("true")
		return &ast.BooleanLiteral{Value: true}
	case 'f':
		l.at += len("false")
		return &ast.BooleanLiteral{}
	case 'n':
		l.at += len("null")
		return &ast.NullLiteral{}
	}
	return l.number()
}

func (l *literals) object() ast.Expression {
	o := &ast.ObjectLiteral{}
	for l.next('}') {
		key := l.string()
		l.at++ // the colon
		o.Value = append(o.Value, ast.Property{Key: key, Kind: "value", Value: l.value()})
	}
	return o
}

func (l *literals) array() ast.Expression {
	a := &ast.ArrayLiteral{}
	for l.next(']') {
		a.Value = append(a.Value, l.value())
	}
	return a
}

// next skips the character before a member, and reports false at the end.
func (l *literals) next(end byte) bool {
	c := l.text[l.at]
	l.at++
	if c == end {
		return false
	}
	if l.text[l.at] == end { // there is no comma before the end
		l.at++
		return false
	}
	return true
}

// string reads a string. Most strings have no escapes.
func (l *literals) string() string {
	begin := l.at + 1
	for l.at = begin; l.text[l.at] != '"'; l.at++ {
		if l.text[l.at] == '\\' {
			l.at++
		}
	}
	s := l.text[begin:l.at]
	l.at++
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var plain string
	_ = json.Unmarshal([]byte(l.text[begin-1:l.at]), &plain) // we have written it
	return plain
}

func (l *literals) number() ast.Expression {
	begin := l.at
	for l.at < len(l.text) && strings.IndexByte("+-.0123456789eE", l.text[l.at]) >= 0 {
		l.at++
	}
	n, _ := strconv.ParseFloat(l.text[begin:l.at], 64) // we have written it
	if n < 0 {
		return &ast.UnaryExpression{Operator: token.MINUS, Operand: &ast.NumberLiteral{Value: -n}}
	}
	return &ast.NumberLiteral{Value: n}
}
