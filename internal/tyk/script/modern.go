package script

import "strings"

// modernizer finds constructs that are younger than the JavaScript of otto.
type modernizer struct {
	source string
	tokens []token
	found  map[string]int // offset of the first of each
}

// modern returns the constructs of a source with the offset of the first one
// of each.
func modern(source string, tokens []token) map[string]int {
	m := &modernizer{source: source, tokens: tokens, found: make(map[string]int)}
	for i := range tokens {
		switch t := tokens[i]; t.kind {
		case template:
			m.add(i, "template literal")
		case word:
			m.word(i)
		case number:
			m.number(i)
		case pattern:
			m.pattern(i)
		case symbol:
			m.symbol(i)
		}
	}
	return m.found
}

func (m *modernizer) add(i int, what string) {
	if _, ok := m.found[what]; !ok {
		m.found[what] = int(m.tokens[i].from)
	}
}

// at returns the text of a token, or "" where there is none.
func (m *modernizer) at(i int) string {
	if i < 0 || i >= len(m.tokens) {
		return ""
	}
	return m.source[m.tokens[i].from:m.tokens[i].to]
}

func (m *modernizer) isWord(i int) bool {
	return i >= 0 && i < len(m.tokens) && m.tokens[i].kind == word
}

var modernSymbols = map[string]string{
	"=>": "arrow function", "...": "spread or rest", "?.": "optional chaining (?.)", "??": "nullish coalescing (??)",
	"**": "exponent (**)", "**=": "exponent (**)",
	"&&=": "logical assignment", "||=": "logical assignment", "??=": "logical assignment",
}

func (m *modernizer) symbol(i int) {
	s := m.at(i)
	if what, ok := modernSymbols[s]; ok {
		m.add(i, what)
	}
	switch {
	case s == "*" && m.at(i-1) == "function":
		m.add(i, "generator function")
	case s == "=" && m.parameter(i):
		m.add(i, "default argument")
	case (s == "{" || s == "[") && m.parameter(i) && (m.at(i-1) == "(" || m.at(i-1) == ","):
		m.add(i, "destructuring")
	case (s == "{" || s == "[") && m.at(i-1) == "var":
		m.add(i, "destructuring")
	case s == "[" && m.property(i):
		m.add(i, "computed property name")
	case s == "{" && m.at(i-1) == "catch":
		m.add(i, "catch without a variable")
	}
}

// parameter reports whether a token stands in the parameters of a function.
func (m *modernizer) parameter(i int) bool {
	open := int(m.tokens[i].open)
	if m.at(open) != "(" {
		return false
	}
	return m.at(open-1) == "function" || m.isWord(open-1) && m.at(open-2) == "function"
}

// property reports whether a token is where the name of a property begins, in
// an object literal.
func (m *modernizer) property(i int) bool {
	open := int(m.tokens[i].open)
	if open < 0 || !m.tokens[open].object {
		return false
	}
	return open == i-1 || m.at(i-1) == ","
}

func (m *modernizer) word(i int) {
	next := m.at(i + 1)
	if m.at(i-1) == "." || m.at(i-1) == "?." {
		return
	}
	switch w := m.at(i); {
	case (w == "let" || w == "const") && (m.isWord(i+1) || next == "{" || next == "["):
		m.add(i, w)
		if next != "" && !m.isWord(i+1) {
			m.add(i+1, "destructuring")
		}
	case w == "class" && (m.isWord(i+1) || next == "{"):
		m.add(i, "class")
	case w == "async" && (next == "function" || m.isWord(i+1) && m.at(i+2) == "=>" || next == "("):
		m.async(i)
	case (w == "await" || w == "yield") && (m.isWord(i+1) || next == "("):
		m.add(i, w)
	case (w == "import" || w == "export") && m.tokens[i].depth == 0 && next != ":" && next != "=":
		m.add(i, w)
	case w == "of" && m.inFor(i) && m.isWord(i-1):
		m.add(i, "for-of")
	case w == "new" && next == ".":
		m.add(i, "new.target")
	case strings.HasPrefix(w, "#"):
		m.add(i, "private member")
	case m.property(i) && (next == "," || next == "}"):
		m.add(i, "shorthand property")
	case m.property(i) && next == "(":
		m.add(i, "shorthand method")
	}
}

// async tells an async function from a call of a function of that name.
func (m *modernizer) async(i int) {
	if m.at(i+1) != "(" {
		m.add(i, "async function")
		return
	}
	depth := m.tokens[i+1].depth
	for j := i + 2; j < min(i+200, len(m.tokens)); j++ {
		if m.at(j) == ")" && m.tokens[j].depth == depth {
			if m.at(j+1) == "=>" {
				m.add(i, "async function")
			}
			return
		}
	}
}

// inFor reports whether a token stands in the head of a for.
func (m *modernizer) inFor(i int) bool {
	open := int(m.tokens[i].open)
	return m.at(open) == "(" && (m.at(open-1) == "for" || m.at(open-1) == "await")
}

func (m *modernizer) number(i int) {
	s := strings.ToLower(m.at(i))
	hex := strings.HasPrefix(s, "0x")
	switch {
	case strings.HasPrefix(s, "0b") || strings.HasPrefix(s, "0o"):
		m.add(i, "binary or octal number (0b, 0o)")
	case strings.Contains(s, "_"):
		m.add(i, "underscore in a number")
	case strings.HasSuffix(s, "n") && !hex:
		m.add(i, "BigInt")
	}
}

func (m *modernizer) pattern(i int) {
	s := m.at(i)
	flags := s[strings.LastIndexByte(s, '/')+1:]
	if strings.ContainsAny(flags, "uysdv") {
		m.add(i, "regular expression flag other than g, i and m")
	}
	if strings.Contains(s, "(?<") && !strings.Contains(s, "(?<=") && !strings.Contains(s, "(?<!") {
		m.add(i, "named group in a regular expression")
	}
}
