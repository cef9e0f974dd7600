package jsvm

import (
	"strings"
	"unicode/utf8"
)

// maxNesting is how deep a text may be nested. Otto's parser takes up to 4 KiB
// of the Go stack for a level, and a Go stack that overflows ends the process.
const maxNesting = 20000

// nesting counts, in a text that has not been parsed, how much is open at any
// place: brackets, operators that wait for an operand, and statements without
// a block. It counts rather too much than too little.
type nesting struct {
	text   string
	at     int
	levels []nestingLevel
	open   int // in all levels together
	prev   lexeme
}

// nestingLevel is what is open since a bracket.
type nestingLevel struct {
	statements, operators int
	control               bool // the bracket is the head of an if or a loop
	postfix               bool // it follows an operand: a call or an index
}

// lexeme is the kind of a token, as far as nesting depends on it.
type lexeme uint8

const (
	operator lexeme = iota
	operand         // the end of one
	head            // the end of the head of an if or a loop
	opener          // if, for, while, with: a head follows
	semicolon
	comma
	dot
)

// nested returns where a text is nested too deeply, or -1.
func nested(text string) int {
	n := &nesting{text: text, levels: make([]nestingLevel, 1)}
	for n.at < len(text) {
		n.next()
		if n.open+len(n.levels) > maxNesting {
			return n.at
		}
	}
	return -1
}

func (n *nesting) next() {
	switch c := n.text[n.at]; {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r':
		n.at++
	case c == '/':
		n.slash()
	case c == '"' || c == '\'':
		n.begin("")
		n.quoted(c)
		n.prev = operand
	case isWord(c):
		n.word()
	case c == '(' || c == '[' || c == '{':
		n.bracket(c)
	case c == ')' || c == ']' || c == '}':
		n.unbracket()
	case c == ';':
		n.at++
		n.prev = semicolon
	case c == ',':
		n.at++
		n.prev = comma
	default:
		n.symbol(c)
	}
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c == '\\' || c >= utf8.RuneSelf || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// begin closes what cannot be open any more when a token begins that may
// begin a statement. An else goes on with an if, and a while with a do.
func (n *nesting) begin(word string) {
	l := &n.levels[len(n.levels)-1]
	switch {
	case word == "else" || word == "while" || word == "in" || word == "instanceof":
	case n.prev == semicolon || n.prev == operand:
		n.open -= l.statements + l.operators
		l.statements, l.operators = 0, 0
	case n.prev == comma:
		n.open -= l.operators
		l.operators = 0
	}
}

func (n *nesting) addOperator() {
	n.levels[len(n.levels)-1].operators++
	n.open++
}

func (n *nesting) word() {
	start := n.at
	for n.at < len(n.text) && isWord(n.text[n.at]) {
		n.at++
	}
	word := n.text[start:n.at]
	if n.prev == dot {
		n.prev = operand
		return
	}
	n.begin(word)
	n.prev = operator
	switch word {
	case "if", "for", "while", "with":
		n.prev = opener
		fallthrough
	case "else", "do":
		n.levels[len(n.levels)-1].statements++
		n.open++
	case "typeof", "void", "delete", "new", "in", "instanceof":
		n.addOperator()
	case "return", "throw", "case", "var", "function", "try", "finally", "catch", "switch":
	default:
		n.prev = operand
	}
}

func (n *nesting) symbol(c byte) {
	n.at++
	if n.prev == semicolon || n.prev == comma {
		n.begin("")
	}
	n.addOperator()
	n.prev = operator
	if c == '.' {
		n.prev = dot
	}
}

func (n *nesting) bracket(c byte) {
	n.at++
	postfix := n.prev == operand && c != '{'
	if !postfix && (n.prev != operand || c == '{') && (n.prev == semicolon || n.prev == comma) {
		n.begin("")
	}
	n.levels = append(n.levels, nestingLevel{control: n.prev == opener, postfix: postfix})
	n.prev = operator
}

func (n *nesting) unbracket() {
	n.at++
	n.prev = operand
	if len(n.levels) == 1 {
		return // a syntax error
	}
	l := n.levels[len(n.levels)-1]
	n.levels = n.levels[:len(n.levels)-1]
	n.open -= l.statements + l.operators
	if l.control {
		n.prev = head
	}
	if l.postfix {
		n.addOperator()
	}
}

// slash is a comment, a regular expression or a division.
func (n *nesting) slash() {
	rest := n.text[n.at:]
	switch {
	case strings.HasPrefix(rest, "//"):
		n.skip("\n", 2)
	case strings.HasPrefix(rest, "/*"):
		n.skip("*/", 2)
	case n.prev == operand:
		n.symbol('/')
	default:
		n.begin("")
		n.quoted('/')
		n.prev = operand
	}
}

func (n *nesting) skip(end string, from int) {
	i := strings.Index(n.text[n.at+from:], end)
	if i < 0 {
		n.at = len(n.text)
		return
	}
	n.at += from + i + len(end)
}

// quoted skips a string or a regular expression, which end with their line.
func (n *nesting) quoted(end byte) {
	class := false
	for n.at++; n.at < len(n.text); n.at++ {
		switch c := n.text[n.at]; {
		case c == '\\':
			n.at++
		case c == '\n':
			return
		case end == '/' && c == '[':
			class = true
		case end == '/' && c == ']':
			class = false
		case c == end && !class:
			n.at++
			return
		}
	}
	n.at = min(n.at, len(n.text))
}
