package script

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
