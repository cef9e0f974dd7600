package script

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/robertkrimen/otto/ast"
	"github.com/robertkrimen/otto/parser"
)

const (
	// step is how much more of a source each try of parse takes in.
	step = 16 << 10
	// aside is how many tokens later a source is cut to make sure of an error.
	aside = 64
	// maxWork bounds what the ends of the tries may cost, in bytes looked at.
	maxWork = 1 << 30
	// maxPattern is the length of the longest regular expression. Otto reads
	// the groups of one by recursion.
	maxPattern = 32 << 10
)

// ottoError is why otto does not take a source.
type ottoError struct {
	line, column int
	message      string
}

// ottoParser parses a source with otto's parser and keeps it from taking for
// ever. That parser goes on after an error, and for the place of each it reads
// the whole text up to there: see RATIONALE.md. So a long source is parsed in
// longer and longer parts, until one has an error.
type ottoParser struct {
	name, text string
	tokens     []token
	work       int
}

func (p *ottoParser) parse() (*ast.Program, *ottoError) {
	if e := p.check(); e != nil {
		return nil, e
	}
	for at := step; at < len(p.text); at += step {
		i := p.cut(at)
		if i < 0 || int(p.tokens[i].from) < at-step {
			continue
		}
		if e := p.try(i); e != nil {
			return nil, e
		}
		if p.work > maxWork {
			return nil, p.errorAt(int(p.tokens[i].from), "the script is nested too deeply to be analysed")
		}
	}
	program, e := p.run(len(p.text))
	return program, e
}

// check finds what otto's parser must not be given.
func (p *ottoParser) check() *ottoError {
	if at := invalid(p.text); at >= 0 {
		return p.errorAt(at, "the script is not UTF-8")
	}
	if i := tooDeep(p.text, p.tokens); i >= 0 {
		return p.errorAt(int(p.tokens[i].from), "the script is nested too deeply")
	}
	depth := 0
	for _, t := range p.tokens {
		switch s := p.text[t.from:t.to]; {
		case t.kind == pattern && len(s) > maxPattern:
			return p.errorAt(int(t.from), fmt.Sprintf("a regular expression is longer than %d bytes", maxPattern))
		case t.kind != symbol:
		case strings.Contains("([{", s):
			depth++
		case strings.Contains(")]}", s):
			depth--
		}
		if depth < 0 {
			return p.errorAt(int(t.from), "a bracket is closed that was not opened")
		}
	}
	return nil
}

func invalid(s string) int {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd") {
			return i
		}
	}
	return -1
}

func (p *ottoParser) errorAt(at int, message string) *ottoError {
	line, column := newPlaces(p.text).of(at)
	return &ottoError{line, column, message}
}

// cut returns the token before at, among the last ones, that has the fewest
// brackets open: each of them is one more error.
func (p *ottoParser) cut(at int) int {
	i := p.before(at)
	best := i
	for ; i >= 0 && int(p.tokens[i].from) > at-step; i-- {
		if p.tokens[i].depth < p.tokens[best].depth {
			best = i
		}
	}
	return best
}

// before returns the last token that begins before at, or -1.
func (p *ottoParser) before(at int) int {
	low, high := 0, len(p.tokens)
	for low < high {
		if middle := (low + high) / 2; int(p.tokens[middle].from) < at {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low - 1
}

// try parses what stands before a token. An error counts only if it stays the
// same with some more tokens: otherwise it is due to the cut.
func (p *ottoParser) try(i int) *ottoError {
	_, first := p.run(p.end(i))
	if first == nil || first.message == "Unexpected end of input" {
		return nil
	}
	if _, again := p.run(p.end(min(i+aside, len(p.tokens)-1))); again == nil || *again != *first {
		return nil
	}
	return first
}

// end returns where the text before a token is to be cut.
func (p *ottoParser) end(i int) int {
	at := int(p.tokens[i].from)
	p.work += (1 + int(p.tokens[i].depth)) * at
	return at
}

// run parses the text up to an offset.
func (p *ottoParser) run(end int) (*ast.Program, *ottoError) {
	// Otto would read a source map at the end, which is of no use here.
	source := strings.Replace(p.text[:end], "//# sourceMappingURL=", "//_ sourceMappingURL=", 1)
	program, err := parser.ParseFile(nil, p.name, source, 0)
	if err == nil {
		return program, nil
	}
	list, ok := errors.AsType[*parser.ErrorList](err)
	if !ok || len(*list) == 0 {
		return nil, &ottoError{1, 1, err.Error()}
	}
	e := (*list)[0]
	return nil, &ottoError{e.Position.Line, e.Position.Column, e.Message}
}

// maxOpen is how much may be open at one place: brackets, operators that wait
// for an operand and statements without a block. Otto's parser takes up to
// 4 KiB of the Go stack for each, and a Go stack that overflows ends the
// process. The jsvm runtime has the same limit.
const maxOpen = 20000

// level is what is open since a bracket.
type level struct{ statements, operators int }

// depthMeter counts what is open, rather too much than too little.
type depthMeter struct {
	source string
	levels []level
	open   int
	prev   string
	ended  bool // the last token ends an operand or a block
}

// tooDeep returns the first token at which too much is open, or -1.
func tooDeep(source string, tokens []token) int {
	m := &depthMeter{source: source, levels: make([]level, 1)}
	for i := range tokens {
		m.token(&tokens[i])
		if m.open+len(m.levels) > maxOpen {
			return i
		}
	}
	return -1
}

func (m *depthMeter) token(t *token) {
	s := m.source[t.from:t.to]
	m.begin(t, s)
	switch {
	case t.kind == word:
		m.word(s)
	case t.kind == template:
		m.template(s)
	case t.kind != symbol:
		m.ended = true
	default:
		m.symbol(t, s)
	}
	m.prev = s
}

func (m *depthMeter) symbol(t *token, s string) {
	switch s {
	case "(", "[", "{":
		if m.ended && s != "{" {
			m.add() // a call or an index
		}
		m.levels = append(m.levels, level{})
		m.ended = false
	case ")", "]", "}":
		m.close()
		m.ended = !t.head
	case ";", ",":
		m.ended = false
	default:
		m.add()
		m.ended = m.ended && (s == "++" || s == "--")
	}
}

func (m *depthMeter) add() {
	m.levels[len(m.levels)-1].operators++
	m.open++
}

// template is a template literal or a part of one.
func (m *depthMeter) template(s string) {
	if s[0] == '}' {
		m.close()
	}
	m.ended = s[len(s)-1] != '{'
	if !m.ended {
		m.levels = append(m.levels, level{})
	}
}

func (m *depthMeter) word(s string) {
	if m.prev == "." {
		m.ended = true
		return
	}
	switch s {
	case "if", "for", "while", "with", "else", "do":
		m.levels[len(m.levels)-1].statements++
		m.open++
	case "typeof", "void", "delete", "new", "in", "instanceof", "await", "yield":
		m.add()
	}
	m.ended = !wantsOperand[s]
}

// begin closes what cannot be open any more when a token begins that may begin
// a statement. An else goes on with an if, and a while with a do.
func (m *depthMeter) begin(t *token, s string) {
	if t.kind == symbol && s != "{" && s != "(" && s != "[" {
		return
	}
	l := &m.levels[len(m.levels)-1]
	switch {
	case s == "else" || s == "while" || s == "in" || s == "instanceof" || s == "catch" || s == "finally":
	case m.prev == ",":
		m.open -= l.operators
		l.operators = 0
	case m.prev == ";", m.ended && t.kind != symbol && t.kind != template:
		m.open -= l.statements + l.operators
		*l = level{}
	}
}

func (m *depthMeter) close() {
	if len(m.levels) == 1 {
		return // a syntax error
	}
	l := m.levels[len(m.levels)-1]
	m.levels = m.levels[:len(m.levels)-1]
	m.open -= l.statements + l.operators
}
