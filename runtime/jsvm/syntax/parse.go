// Package syntax parses scripts without trusting them.
//
// Otto's parser works by recursion, continues after a mistake, and cannot be
// interrupted. A script that is nested too deeply would overflow the Go stack,
// which ends the process, and one with many mistakes would take minutes. So
// this package measures the nesting of a text before it is parsed, and parses a
// long text in growing parts, until one of them has a mistake.
package syntax

import (
	"errors"
	"fmt"
	"strings"

	"github.com/robertkrimen/otto/ast"
	"github.com/robertkrimen/otto/parser"

	"github.com/c386954a/sallyport/abi"
)

const (
	// MaxPattern is the length of the longest regular expression in bytes.
	// Otto reads the groups of one by recursion and has no limit: eight million
	// of them overflow the Go stack.
	MaxPattern = 32 << 10
	// maxGroups is how many opening brackets one line may have. It bounds
	// regular expressions that are not recognised as such, and is far below
	// what ends the process.
	maxGroups = 1 << 20

	// A part of a long text has at least minStep bytes, and at most 1/growth of
	// the text before it and 1/steps of the whole.
	minStep = 4 << 10
	growth  = 4
	steps   = 16
	// aside is how many tokens later the text is cut a second time to confirm a
	// mistake.
	aside = 64
	// maxCutWork bounds the cost of the brackets that a cut leaves open: their
	// number times the length of the text.
	maxCutWork = 64 << 20
)

var longPattern = fmt.Sprintf("a regular expression is longer than %d bytes", MaxPattern)

var errStopped = errors.New("stopped while it is parsed")

// CheckPattern returns an error if the text of a regular expression is too long
// to be compiled.
func CheckPattern(text string) error {
	if len(text) > MaxPattern {
		return errors.New(longPattern)
	}
	return nil
}

// Parse parses a script and returns how deep its most deeply nested function
// is. No more than limit brackets, operators and statements may be open at any
// place. The error has kind [abi.Refused] and names the first mistake as
// file:line:column. stopped reports whether to give up; nil is for scripts that
// are known to be correct.
func Parse(name, text string, limit int, stopped func() bool) (*ast.Program, int, error) {
	var c *cuts
	if stopped != nil {
		c = newCuts(len(text))
	}
	if at, why := check(text, limit, c); at >= 0 {
		line := strings.Count(text[:at], "\n") + 1
		return nil, 0, abi.Errorf(abi.Refused, "%s:%d: SyntaxError: %s", name, line, why)
	}
	if err := c.mistake(name, text, stopped); err != nil {
		return nil, 0, err
	}
	program, err := parser.ParseFile(nil, name, text, 0)
	if err != nil {
		return nil, 0, syntaxError(name, err)
	}
	depth := depthOf(program)
	if depth > maxDepth {
		return nil, 0, abi.Errorf(abi.Refused, "%s: SyntaxError: a function is nested too deeply, by %d levels", name, depth)
	}
	return program, depth, nil
}

func syntaxError(name string, err error) error {
	if list, ok := errors.AsType[*parser.ErrorList](err); ok && len(*list) > 0 {
		return syntaxErrorAt((*list)[0])
	}
	return abi.Errorf(abi.Refused, "%s: SyntaxError: %w", name, err)
}

func syntaxErrorAt(e *parser.Error) error {
	return abi.Errorf(abi.Refused, "%s:%d:%d: SyntaxError: %s", e.Position.Filename, e.Position.Line, e.Position.Column, e.Message)
}

// cut is a place between two tokens where few brackets are open.
type cut struct{ at, aside, open, token int }

// cuts finds one place to cut in each part of a text.
type cuts struct {
	most   int // the length of the longest part
	next   int // where the next part begins
	tokens int
	list   []cut
}

// newCuts returns nil for a text that is short enough to be parsed at once.
func newCuts(size int) *cuts {
	if size <= minStep {
		return nil
	}
	return &cuts{most: max(minStep, size/steps)}
}

// token records a token and how many brackets are open before it.
func (c *cuts) token(at, open int) {
	if c == nil {
		return
	}
	c.tokens++
	for i := max(len(c.list)-2, 0); i < len(c.list); i++ {
		if c.tokens == c.list[i].token+aside {
			c.list[i].aside = at
		}
	}
	found := cut{at: at, open: open, token: c.tokens}
	switch last := len(c.list) - 1; {
	case at >= c.next:
		c.next = at + min(max(minStep, at/growth), c.most)
		c.list = append(c.list, found)
	case open <= c.list[last].open:
		c.list[last] = found
	}
}

// mistake returns the first mistake of a text if one of its parts shows it.
// Otto's parser continues after a mistake, and reads the whole text again to
// find the position of each: 128 KiB of "1 1 " take nine seconds.
func (c *cuts) mistake(name, text string, stopped func() bool) error {
	if c == nil {
		return nil
	}
	for _, place := range c.list {
		if stopped() {
			return errStopped
		}
		if place.open*place.at > maxCutWork {
			continue
		}
		if e := place.mistake(name, text); e != nil {
			return syntaxErrorAt(e)
		}
	}
	return nil
}

// mistake parses the text before the cut. A mistake counts only if it stays the
// same with some more tokens; otherwise the cut has caused it.
func (p *cut) mistake(name, text string) *parser.Error {
	first := firstMistake(name, text[:p.at])
	if first == nil || first.Message == "Unexpected end of input" {
		return nil
	}
	end := len(text)
	if p.aside > 0 {
		end = p.aside
	}
	again := firstMistake(name, text[:end])
	if again == nil || *again != *first {
		return nil
	}
	return first
}

func firstMistake(name, text string) *parser.Error {
	_, err := parser.ParseFile(nil, name, text, 0)
	if list, ok := errors.AsType[*parser.ErrorList](err); ok && len(*list) > 0 {
		return (*list)[0]
	}
	return nil
}
