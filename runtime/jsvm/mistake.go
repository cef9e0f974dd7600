package jsvm

import (
	"errors"

	"github.com/robertkrimen/otto/parser"

	"github.com/c386954a/sallyport/abi"
)

const (
	// minStep, growth and steps say how long the parts are in which a long
	// text is parsed: a fraction of what stands before, and of the whole.
	minStep = 4 << 10
	growth  = 4
	steps   = 16
	// aside is how many tokens later a text is cut to make sure of a mistake.
	aside = 64
	// maxCutWork bounds what the brackets may cost that a cut leaves open, in
	// bytes that are looked at.
	maxCutWork = 64 << 20
)

var errStopped = errors.New("stopped while it is parsed")

// cut is a place between two tokens where few brackets are open.
type cut struct{ at, aside, open, token int }

// cuts finds one place to cut in every part of a text.
type cuts struct {
	most   int // the length of the longest part
	next   int // where the next part begins
	tokens int
	list   []cut
}

// newCuts returns nil for a text that is not worth it.
func newCuts(size int) *cuts {
	if size <= minStep {
		return nil
	}
	return &cuts{most: max(minStep, size/steps)}
}

// token takes in a token and how many brackets are open before it.
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

// mistake returns the first mistake of a text, if one of its parts shows it,
// and so keeps otto's parser from taking for ever. That parser goes on after a
// mistake, and for the place of each it reads the whole text up to there: 128
// KiB of "1 1 " take nine seconds, and nothing can interrupt it.
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

// mistake parses what stands before the cut. A mistake counts only if it stays
// the same with some more tokens: otherwise it is due to the cut.
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

// parseForeign parses a script that others have written; see parse. No more
// than limit may be open at any place.
func parseForeign(name, text string, limit int, stopped func() bool) (*source, error) {
	c := newCuts(len(text))
	if at, why := refused(text, limit, c); at >= 0 {
		return nil, refusedAt(name, text, at, why)
	}
	if err := c.mistake(name, text, stopped); err != nil {
		return nil, err
	}
	return parseSafe(name, text)
}

func refusedAt(name, text string, at int, why string) error {
	return abi.Errorf(abi.Refused, "%s:%d: SyntaxError: %s", name, lineOf(text, at), why)
}
