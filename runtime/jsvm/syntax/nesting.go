package syntax

import (
	"unicode/utf8"
)

// MaxNesting is how deep a text may be nested. Otto's parser takes up to 4 KiB
// of the Go stack for a level, and a Go stack that overflows ends the process.
const MaxNesting = 20000

// nesting counts how much is open at each place of a text that has not been
// parsed: brackets, operators that wait for an operand, and statements without
// a block. Where it cannot know, it counts too much. It tells a regular
// expression from a division as otto does, because quotes and brackets have no
// meaning inside a regular expression. It refuses what it cannot tell apart.
type nesting struct {
	text   string
	at     int
	levels []nestingLevel
	open   int // in all levels together
	prev   lexeme
	line   bool // a line has ended since the last token
	inside bool // a function that is an expression has begun, its body has not
	why    string
	cuts   *cuts // nil for none
}

// nestingLevel is what is open since a bracket.
type nestingLevel struct {
	statements, operators int
	control               bool   // the bracket is the head of an if or a loop
	postfix               bool   // it follows an operand: a call or an index
	end                   lexeme // of a brace
}

// lexeme is the kind of a token, as far as nesting depends on it.
type lexeme uint8

const (
	operator lexeme = iota
	operand         // the end of one
	head            // the end of the head of an if or a loop
	opener          // if, for, while, with: a head follows
	blockEnd        // the end of a block: a statement follows
	unclear         // the end of a block or of an operand
	before          // else, do, try, finally: a block may follow
	jump            // return
	colon
	semicolon
	comma
	dot
)

const (
	nestedTooDeeply = "the script is nested too deeply"
	unclearSlash    = "it is not clear whether this slash divides: put a semicolon or brackets before it"
)

// check returns the first place where a text must not be parsed, and why, or
// -1. The limit is how much may be open.
func check(text string, limit int, c *cuts) (int, string) {
	n := &nesting{text: text, levels: make([]nestingLevel, 1), prev: semicolon, cuts: c}
	for n.at < len(text) {
		if n.blank() || n.comment() {
			continue
		}
		start := n.at
		c.token(start, len(n.levels))
		n.next()
		n.line = false
		if n.why != "" {
			return start, n.why
		}
		if n.open+len(n.levels) > limit {
			return n.at, nestedTooDeeply
		}
	}
	return groups(text)
}

func (n *nesting) next() {
	switch c := n.text[n.at]; {
	case c == '/':
		n.slash()
	case c == '"' || c == '\'':
		n.begin("")
		n.quoted(c)
		n.prev = operand
	case isWord(c):
		n.word()
	case c == '{':
		n.brace()
	case c == '(' || c == '[':
		n.bracket()
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

// ended reports whether an operand or a block has ended.
func (n *nesting) ended() bool { return n.prev == operand || n.prev == blockEnd || n.prev == unclear }

// begin is called for a token that may begin a statement. It closes what can
// no longer be open. An else continues an if, and a while continues a do.
func (n *nesting) begin(word string) {
	l := &n.levels[len(n.levels)-1]
	switch {
	case word == "else" || word == "while" || word == "in" || word == "instanceof":
	case n.prev == semicolon || n.ended():
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
	for n.at < len(n.text) && isWord(n.text[n.at]) && !n.blankHere() {
		n.at++
	}
	word := n.text[start:n.at]
	if n.prev == dot {
		n.prev = operand
		return
	}
	n.begin(word)
	n.keyword(word)
}

func (n *nesting) keyword(word string) {
	was := n.prev
	n.prev = operator
	switch word {
	case "if", "for", "while", "with":
		n.prev = opener
		n.addStatement()
	case "else", "do":
		n.prev = before
		n.addStatement()
	case "try", "finally":
		n.prev = before
	case "typeof", "void", "delete", "new", "in", "instanceof":
		n.addOperator()
	case "return":
		n.prev = jump
	case "break", "continue", "debugger":
		n.prev = semicolon
	case "function":
		n.inside = was == operator || was == comma || was == jump || was == colon
	case "throw", "case", "var", "catch", "switch":
	default:
		n.prev = operand
	}
}

func (n *nesting) addStatement() {
	n.levels[len(n.levels)-1].statements++
	n.open++
}

func (n *nesting) symbol(c byte) {
	if n.increment(c) {
		return
	}
	n.at++
	if n.prev == semicolon || n.prev == comma {
		n.begin("")
	}
	n.addOperator()
	n.prev = operator
	switch c {
	case '.':
		n.prev = dot
	case ':':
		n.prev = colon
	}
}

// increment reads ++ or -- behind an operand on the same line. The operand has
// still ended afterwards.
func (n *nesting) increment(c byte) bool {
	if (c != '+' && c != '-') || n.prev != operand || n.line || n.at+1 >= len(n.text) || n.text[n.at+1] != c {
		return false
	}
	n.at += 2
	n.addOperator()
	return true
}

func (n *nesting) bracket() {
	n.at++
	postfix := n.ended()
	if !postfix && (n.prev == semicolon || n.prev == comma) {
		n.begin("")
	}
	n.levels = append(n.levels, nestingLevel{control: n.prev == opener, postfix: postfix})
	n.prev = operator
}

// brace begins a block, the body of a function or an object.
func (n *nesting) brace() {
	n.at++
	if n.prev == semicolon || n.prev == comma {
		n.begin("")
	}
	end := blockEnd
	switch {
	case n.prev == colon || n.prev == jump && n.line:
		end = unclear // a label or a property
	case n.prev == operand && n.inside, n.prev == operator, n.prev == comma, n.prev == opener, n.prev == jump, n.prev == dot:
		end = operand
	}
	body := end != operand || n.prev == operand
	n.inside = false
	n.levels = append(n.levels, nestingLevel{end: end})
	n.prev = operator
	if body {
		n.prev = semicolon
	}
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
	switch {
	case l.control:
		n.prev = head
	case l.end != operator:
		n.prev = l.end
	}
	if l.postfix {
		n.addOperator()
	}
}

// slash is a regular expression or a division.
func (n *nesting) slash() {
	switch n.prev {
	case operand:
		n.symbol('/')
	case unclear:
		n.why = unclearSlash
	default:
		n.begin("")
		start := n.at
		n.quoted('/')
		n.prev = operand
		if n.at-start > MaxPattern {
			n.why = longPattern
		}
	}
}
