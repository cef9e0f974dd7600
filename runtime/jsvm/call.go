package jsvm

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/robertkrimen/otto"
	"github.com/robertkrimen/otto/ast"
	"github.com/robertkrimen/otto/token"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/tyk/object"
)

// call is what a VM needs of an exchange. It holds only copies.
type call struct {
	plugin  *plugin
	method  string // of the entry; empty calls the entry itself
	args    []argument
	api     *abi.API
	request string
	gone    <-chan struct{} // closed when the client has gone
	limit   int             // of the result, in bytes; 0 means no limit
}

// argument is one object given to a script.
type argument struct {
	script *otto.Script // makes the object; nil uses json
	json   []byte
	body   string // raw bytes for its Body; empty leaves the Body of json
	zero   bool   // the object is the zero form of a session
}

// newCall copies what the hook's script will see out of x.
func (p *plugin) newCall(x *abi.Exchange) *call {
	c := &call{plugin: p, api: x.API, request: string(x.RequestID), gone: x.Gone}
	if x.BodyLimit > 0 {
		c.limit = x.BodyLimit/3*4 + 1<<20
	}
	switch x.Hook {
	case abi.Response:
		c.method = "DoProcessResponse"
		c.args = []argument{
			withBody(object.AppendResponse(nil, x), x.Reply.Body),
			{json: object.AppendSeenRequest(nil, x)},
			p.session(x), p.spec(x),
		}
	case abi.Virtual:
		c.args = []argument{withBody(object.AppendVirtualRequest(nil, x), x.Request.Body), p.session(x), p.spec(x)}
	case abi.Event:
		c.method = "DoProcessEvent"
		c.args = []argument{
			{json: object.AppendEvent(nil, &x.Notice, time.Now().String())},
			{json: object.AppendContext(nil, x.API)},
			p.spec(x),
		}
	default:
		c.method = "DoProcessRequest"
		c.args = []argument{{json: object.AppendRequest(nil, x)}, p.session(x), p.spec(x)}
	}
	return c
}

// session returns the session, or its zero form for a hook that does not get it.
func (p *plugin) session(x *abi.Exchange) argument {
	if x.Session == nil || !p.options.Gives(x.Hook) {
		return argument{zero: true}
	}
	return argument{json: object.AppendSession(nil, x.Session)}
}

func (p *plugin) spec(x *abi.Exchange) argument {
	if script := p.specs[specKey{x.API, x.Hook}]; script != nil {
		return argument{script: script}
	}
	return argument{json: object.AppendSpec(nil, x.API, x.Hook, p.config)}
}

// withBody adds the body to an object if its bytes cannot be written as JSON.
func withBody(text, body []byte) argument {
	if utf8.Valid(body) {
		return argument{json: text}
	}
	return argument{json: text, body: string(body)}
}

// script makes the call on the VM's goroutine.
func (r *run) script() (string, error) {
	m, c := r.machine, r.call
	m.large = r.pool.program.large || len(c.plugin.config) > 4*unchecked || c.api != nil && len(c.api.Config) > 4*unchecked
	args := make([]any, len(c.args))
	for i := range c.args {
		m.large = m.large || len(c.args[i].json)+len(c.args[i].body) > 4*unchecked
		v, err := c.args[i].value(m.vm)
		if err != nil {
			return "", err
		}
		args[i] = v
	}
	entry, err := m.vm.Run(c.plugin.entry)
	if err != nil {
		return "", err
	}
	v, err := c.invoke(entry, args)
	if err != nil || c.method == "DoProcessEvent" {
		return "", err
	}
	return c.result(v, m.task.file)
}

// value makes the object in a VM.
func (a *argument) value(vm *otto.Otto) (otto.Value, error) {
	if a.zero {
		return deferredValue(vm, zeroSession)
	}
	v, err := a.made(vm)
	if err != nil || a.body == "" {
		return v, err
	}
	return v, v.Object().Set("Body", a.body)
}

func (a *argument) made(vm *otto.Otto) (otto.Value, error) {
	if a.script != nil {
		return vm.Run(a.script)
	}
	return vm.Run(literal(a.json))
}

func (c *call) invoke(entry otto.Value, args []any) (otto.Value, error) {
	if c.method == "" {
		return entry.Call(otto.UndefinedValue(), args...)
	}
	if !entry.IsObject() {
		return otto.Value{}, abi.Errorf(abi.Trap, "the entry is no longer an object")
	}
	return entry.Object().Call(c.method, args...)
}

// result returns the text that the script returned.
func (c *call) result(v otto.Value, file string) (string, error) {
	if !v.IsString() {
		return "", abi.Errorf(abi.Protocol, "%s: the script returned no result: %s", file, v.Class())
	}
	s := v.String()
	if c.limit > 0 && len(s) > c.limit {
		return "", abi.Errorf(abi.Limit, "%s: the result has %d bytes, more than %d", file, len(s), c.limit)
	}
	return s, nil
}

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
