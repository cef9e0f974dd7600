package config

import (
	"errors"
	"regexp"
	"regexp/syntax"
)

// ExemptPattern selects requests by their path, and by their method unless that is
// empty. The expression is looked for in the path without the API's own path
// before it, and then in the whole path; it is not anchored.
type ExemptPattern struct {
	Path   *regexp.Regexp
	Method string
}

// exempt reads the requests that need no key.
func (f *fields) exempt() []ExemptPattern {
	n := f.take("exempt")
	if n == nil || !f.want(n, label("exempt"), list) {
		return nil
	}
	var all []ExemptPattern
	for _, item := range n.items {
		m := f.fields(item, item.pos, "an entry of "+label("exempt"))
		p := ExemptPattern{Path: m.pattern("path", "write a regular expression: `^/health$`"), Method: m.method()}
		m.done()
		if p.Path != nil {
			all = append(all, p)
		}
	}
	return all
}

// pattern reads a regular expression that must be there; nil stands for one
// that could not be read.
func (f *fields) pattern(key, hint string) *regexp.Regexp {
	t := f.need(key, hint)
	if t.Value == "" {
		return nil
	}
	re, err := regexp.Compile(t.Value)
	if err != nil {
		f.problemf(t.Pos, patternHint(err), "%s is no regular expression: %s", label(key), patternReason(err))
		return nil
	}
	return re
}

// patternReason returns what is wrong, and the part that is, on one line and
// without values of the environment that stand elsewhere in it.
func patternReason(err error) string {
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		return e.Code.String() + ": " + quote(e.Expr)
	}
	return err.Error()
}

func patternHint(err error) string {
	e, ok := errors.AsType[*syntax.Error](err)
	if ok && e.Code == syntax.ErrInvalidPerlOp {
		return "look-around is not supported: see the syntax of RE2"
	}
	return ""
}
