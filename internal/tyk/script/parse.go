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
