package config

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Pos is a place in a configuration file. Line and Column count from 1,
// columns in Unicode code points; a Line of 0 stands for the whole file.
type Pos struct {
	File   string
	Line   int
	Column int
}

// String returns the place as editors and compilers write it.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
}

// Problem is one mistake in a configuration, or a warning: something that will
// not work as it should and is configured to be let pass.
type Problem struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Text   string `json:"text"`           // what is wrong
	Hint   string `json:"hint,omitempty"` // what to do about it, if known

	Warning bool `json:"-"`
}

func newProblem(pos Pos, hint, text string) Problem {
	return Problem{File: pos.File, Line: pos.Line, Column: pos.Column, Text: text, Hint: hint}
}

// Pos returns the place of the problem.
func (p Problem) Pos() Pos { return Pos{p.File, p.Line, p.Column} }

// String returns the problem on one line: "file:line:column: what. hint".
func (p Problem) String() string {
	s := p.Pos().String() + ": "
	if p.Warning {
		s += "warning: "
	}
	s += p.Text
	if p.Hint != "" {
		s += ". " + p.Hint
	}
	return s
}

// Problems are all the mistakes of a configuration. It is an error if it is
// not empty.
type Problems []Problem

// Error returns the problems, one per line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Warnings takes the warnings apart from the mistakes.
func (ps Problems) Warnings() (warnings, mistakes Problems) {
	for _, p := range ps {
		if p.Warning {
			warnings = append(warnings, p)
			continue
		}
		mistakes = append(mistakes, p)
	}
	return warnings, mistakes
}

// Sort puts the problems in the order of their places and drops those said
// twice, which happens where two aliases repeat one mistake.
func (ps Problems) Sort() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(ps)
}

// err returns the problems as an error, which is nil if there are none.
func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps.Sort()
}
