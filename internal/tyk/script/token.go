package script

import (
	"strings"
	"unicode/utf8"
)

// tokenKind is what a token is.
type tokenKind uint8

const (
	word tokenKind = iota // a name or a keyword
	number
	text     // a string
	template // a template literal, or a part of one
	pattern  // a regular expression with its flags
	symbol
)

// token is a piece of the source. It knows enough of its surroundings to tell
// a division from a regular expression and an object from a block.
type token struct {
	kind     tokenKind
	object   bool // {: of an object literal, not of a block
	head     bool // ): of the head of an if, a loop or the like
	newline  bool // a line break stands before it
	from, to int32
	depth    int32 // brackets that are open before it
	open     int32 // index of the innermost open bracket before it, or -1
}

// bracket is one that is open.
type bracket struct {
	at        int32 // its token
	control   bool  // the head of an if or a loop
	object    bool
	template  bool  // ${ of a template literal
	questions int32 // ? that wait for their colon
}

// jsScanner splits JavaScript of any year into tokens. It never fails: what it
// cannot make sense of becomes a symbol.
type jsScanner struct {
	text    string
	at      int
	newline bool
	operand bool // the last token ends an operand, so that a slash divides
	tokens  []token
	open    []bracket
}

func scan(source string) []token {
	s := &jsScanner{text: source}
	if strings.HasPrefix(source, "#!") {
		s.skipLine()
	}
	for s.space(); s.at < len(s.text); s.space() {
		s.next()
	}
	return s.tokens
}

// space skips blanks and comments.
func (s *jsScanner) space() {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '\n' || c == '\r':
			s.newline = true
			s.at++
		case c == ' ' || c == '\t' || c == '\v' || c == '\f':
			s.at++
		case strings.HasPrefix(s.text[s.at:], "//"):
			s.skipLine()
		case strings.HasPrefix(s.text[s.at:], "/*"):
			s.skipComment()
		case c >= utf8.RuneSelf && s.wideSpace() > 0:
			s.at += s.wideSpace()
		default:
			return
		}
	}
}

// wideSpace returns the length of a blank or line break outside of ASCII.
func (s *jsScanner) wideSpace() int {
	switch r, size := utf8.DecodeRuneInString(s.text[s.at:]); r {
	case '\u2028', '\u2029', '\u00a0', '\ufeff', '\u3000':
		return size
	}
	return 0
}

func (s *jsScanner) skipLine() {
	i := strings.IndexByte(s.text[s.at:], '\n')
	if i < 0 {
		i = len(s.text) - s.at
	}
	s.at += i
}

func (s *jsScanner) skipComment() {
	i := strings.Index(s.text[s.at+2:], "*/")
	if i < 0 {
		s.at = len(s.text)
		return
	}
	s.newline = s.newline || strings.Contains(s.text[s.at:s.at+2+i], "\n")
	s.at += i + 4
}

func (s *jsScanner) next() {
	switch c := s.text[s.at]; {
	case c == '"' || c == '\'':
		s.add(text, s.quoted(c))
		s.operand = true
	case c == '`':
		s.template()
	case c >= '0' && c <= '9' || c == '.' && s.digitAt(s.at+1):
		s.add(number, s.number())
		s.operand = true
	case isWord(c):
		s.word()
	case c == '/' && !s.operand:
		s.add(pattern, s.pattern())
		s.operand = true
	case strings.IndexByte("([{", c) >= 0:
		s.push(c)
	case strings.IndexByte(")]}", c) >= 0:
		s.pop()
	default:
		s.symbol()
	}
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c == '\\' || c == '#' || c >= utf8.RuneSelf ||
		c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func (s *jsScanner) digitAt(i int) bool {
	return i < len(s.text) && s.text[i] >= '0' && s.text[i] <= '9'
}

// add makes a token that ends before to.
func (s *jsScanner) add(k tokenKind, to int) *token {
	depth := int32(len(s.open))                                                                       //nolint:gosec // bounded by MaxBytes
	t := token{kind: k, from: int32(s.at), to: int32(to), newline: s.newline, depth: depth, open: -1} //nolint:gosec // as above
	if n := len(s.open); n > 0 {
		t.open = s.open[n-1].at
	}
	s.tokens = append(s.tokens, t)
	s.at, s.newline = to, false
	return &s.tokens[len(s.tokens)-1]
}

// last returns the text of the last token.
func (s *jsScanner) last() string {
	if n := len(s.tokens); n > 0 {
		return s.text[s.tokens[n-1].from:s.tokens[n-1].to]
	}
	return ""
}

func (s *jsScanner) lastKind() tokenKind {
	if n := len(s.tokens); n > 0 {
		return s.tokens[n-1].kind
	}
	return symbol
}

// quoted returns the end of a string, which ends with its line at the latest.
func (s *jsScanner) quoted(end byte) int {
	for i := s.at + 1; i < len(s.text); i++ {
		switch s.text[i] {
		case '\\':
			i++
		case '\n':
			return i
		case end:
			return i + 1
		}
	}
	return len(s.text)
}

// template reads a template literal up to its end or its next ${, after which
// ordinary tokens follow.
func (s *jsScanner) template() {
	for i := s.at + 1; i < len(s.text); i++ {
		switch {
		case s.text[i] == '\\':
			i++
		case s.text[i] == '`':
			s.add(template, i+1)
			s.operand = true
			return
		case strings.HasPrefix(s.text[i:], "${"):
			s.add(template, i+2)
			s.open = append(s.open, bracket{at: int32(len(s.tokens) - 1), template: true}) //nolint:gosec // bounded by MaxBytes
			s.operand = false
			return
		}
	}
	s.add(template, len(s.text))
}

func (s *jsScanner) number() int {
	for i := s.at; i < len(s.text); i++ {
		c := s.text[i]
		sign := (c == '+' || c == '-') && (s.text[i-1] == 'e' || s.text[i-1] == 'E') && !strings.HasPrefix(
			s.text[s.at:], "0x",
		)
		if c != '.' && !isWord(c) && !sign {
			return i
		}
	}
	return len(s.text)
}

// pattern returns the end of a regular expression, flags included.
func (s *jsScanner) pattern() int {
	class := false
	for i := s.at + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '\\':
			i++
		case c == '\n':
			return i
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && !class:
			for i++; i < len(s.text) && isWord(s.text[i]); i++ {
			}
			return i
		}
	}
	return len(s.text)
}

// wantsOperand are the keywords that an operand follows.
var wantsOperand = map[string]bool{
	"return": true, "typeof": true, "case": true, "do": true, "else": true, "in": true, "instanceof": true,
	"new": true, "void": true, "delete": true, "throw": true, "yield": true, "await": true, "of": true,
}

func (s *jsScanner) word() {
	i := s.at
	for i < len(s.text) && isWord(s.text[i]) {
		i++
	}
	member := s.last() == "." || s.last() == "?."
	w := s.text[s.at:i]
	s.add(word, i)
	s.operand = member || !wantsOperand[w]
}

func (s *jsScanner) push(c byte) {
	b := bracket{
		at:      int32(len(s.tokens)), //nolint:gosec // bounded by MaxBytes
		control: c == '(' && s.controls(),
		object:  c == '{' && s.isObject(),
	}
	s.add(symbol, s.at+1).object = b.object
	s.open = append(s.open, b)
	s.operand = false
}

// controls reports whether a bracket that follows is the head of a statement.
func (s *jsScanner) controls() bool {
	if s.lastKind() != word || len(s.tokens) > 1 && s.name(len(s.tokens)-2) == "." {
		return false
	}
	switch s.last() {
	case "if", "for", "while", "with", "catch", "switch":
		return true
	}
	return false
}

func (s *jsScanner) name(i int) string { return s.text[s.tokens[i].from:s.tokens[i].to] }

// isObject reports whether a brace that follows opens an object literal.
func (s *jsScanner) isObject() bool {
	last := s.last()
	switch {
	case s.lastKind() == word:
		return !s.operand && last != "else" && last != "do"
	case s.lastKind() != symbol || s.operand:
		return false
	}
	switch last {
	case "", ";", ")", "}", "=>":
		return false
	case "{":
		return false
	case ":":
		return len(s.open) > 0 && (s.open[len(s.open)-1].object || s.open[len(s.open)-1].questions < 0)
	}
	return true
}

func (s *jsScanner) pop() {
	c := s.text[s.at]
	var b bracket
	if n := len(s.open); n > 0 {
		b = s.open[n-1]
		s.open = s.open[:n-1]
	}
	if c == '}' && b.template {
		s.template()
		return
	}
	t := s.add(symbol, s.at+1)
	t.object, t.head = b.object, b.control
	s.operand = c == ']' || c == ')' && !b.control || c == '}' && b.object
}

// symbols are those of more than one byte, longest first.
var symbols = [...]string{
	">>>=", "...", "===", "!==", "**=", "<<=", ">>=", ">>>", "&&=", "||=", "??=",
	"=>", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=",
	"<<", ">>", "**",
}

func (s *jsScanner) symbol() {
	n := 1
	for _, long := range symbols {
		if strings.HasPrefix(s.text[s.at:], long) {
			n = len(long)
			break
		}
	}
	sign := s.text[s.at : s.at+n]
	if sign == "?." && s.digitAt(s.at+2) {
		sign, n = "?", 1
	}
	s.add(symbol, s.at+n)
	s.ternary(sign)
	if sign != "++" && sign != "--" {
		s.operand = false
	}
}

// ternary follows ? and :, so that a brace after a colon is known for what it
// is. A count below zero says that the last colon belongs to a question mark.
func (s *jsScanner) ternary(sign string) {
	if len(s.open) == 0 {
		return
	}
	b := &s.open[len(s.open)-1]
	switch {
	case sign == "?":
		b.questions = max(b.questions, 0) + 1
	case sign == ":" && b.questions > 0:
		b.questions = -b.questions
	case b.questions < 0:
		b.questions = -b.questions - 1
	}
}
