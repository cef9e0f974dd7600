package script

import (
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/robertkrimen/otto/ast"
	"github.com/robertkrimen/otto/parser"
)

// made is a regular expression that is made at run time.
func (v *visitor) made(arguments []ast.Expression, at int) {
	if len(arguments) == 0 {
		return
	}
	literal, ok := arguments[0].(*ast.StringLiteral)
	if !ok {
		if _, again := arguments[0].(*ast.RegExpLiteral); !again {
			v.find(makesPattern, at)
		}
		return
	}
	if len(literal.Value) > maxPattern {
		v.find(makesPattern, at)
		return
	}
	if err := compiles(literal.Value); err != nil {
		v.find(lookAround, at, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	v.pattern(literal.Value, at)
}

// compiles tries a pattern the way otto does.
func compiles(pattern string) error {
	translated, err := parser.TransformRegExp(pattern)
	if err == nil {
		_, err = regexp.Compile(translated)
	}
	return err
}

// goGroups begin groups that only Go knows; (?<name> is JavaScript as well.
var goGroups = regexp.MustCompile(`\(\?(?:P<|[imsU-]+[:)])`)

// goClasses are classes that JavaScript takes for a set of letters.
var goClasses = regexp.MustCompile(`\[\[:\^?[a-z]+:\]`)

// pattern looks at a regular expression that otto takes.
func (v *visitor) pattern(pattern string, at int) {
	if len(pattern) > maxPattern {
		return
	}
	if blanks(pattern) {
		v.find(blankClass, at)
	}
	if g := goGroups.FindString(pattern); g != "" {
		v.find(goSyntax, at, g)
	}
	if c := goClasses.FindString(pattern); c != "" {
		v.find(goClass, at, c)
	}
	translated, err := parser.TransformRegExp(pattern)
	if err != nil {
		return
	}
	if tree, err := syntax.Parse(translated, syntax.Perl); err == nil && repeats(tree, false) {
		v.find(nested, at)
	}
}

// blanks reports whether \s or \S is in a pattern.
func blanks(pattern string) bool {
	for i := 0; i+1 < len(pattern); i++ {
		if pattern[i] != '\\' {
			continue
		}
		i++
		if pattern[i] == 's' || pattern[i] == 'S' {
			return true
		}
	}
	return false
}

// repeats reports whether an unbounded repeat is within another one.
func repeats(tree *syntax.Regexp, inside bool) bool {
	unbounded := tree.Op == syntax.OpStar || tree.Op == syntax.OpPlus || tree.Op == syntax.OpRepeat && tree.Max < 0
	if unbounded && inside {
		return true
	}
	for _, sub := range tree.Sub {
		if repeats(sub, inside || unbounded) {
			return true
		}
	}
	return false
}
