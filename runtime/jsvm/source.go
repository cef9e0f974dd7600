package jsvm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"strings"

	"github.com/robertkrimen/otto/ast"
	"github.com/robertkrimen/otto/parser"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/artifact"
)

// source is one file. The fields below text are there once it is parsed, until
// it has run.
type source struct {
	name, text string

	program *ast.Program
	weight  int // see weightOf
}

func readSource(name string, limit int64) (string, error) {
	text, err := artifact.Read(name, limit, "")
	if err != nil {
		return "", fmt.Errorf("script: %s: %w", name, err)
	}
	return string(text), nil
}

// addTo adds a file to a digest, with the lengths of its parts.
func (s *source) addTo(h hash.Hash) {
	for _, part := range []string{s.name, s.text} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
}

func (s *source) defines() (names []string) {
	for _, d := range s.program.DeclarationList {
		switch d := d.(type) {
		case *ast.FunctionDeclaration:
			names = append(names, d.Function.Name.Name)
		case *ast.VariableDeclaration:
			for _, v := range d.List {
				names = append(names, v.Name)
			}
		}
	}
	return names
}

// parse parses a script of our own and prepares it for otto; see rewrite. An
// error names the first mistake as file:line:column.
func parse(name, text string) (*source, error) {
	if at, why := refused(text, maxNesting, nil); at >= 0 {
		return nil, refusedAt(name, text, at, why)
	}
	return parseSafe(name, text)
}

// parseSafe parses what otto's parser can be given.
func parseSafe(name, text string) (*source, error) {
	program, err := parser.ParseFile(nil, name, text, 0)
	if err != nil {
		return nil, syntaxError(name, err)
	}
	s := &source{program: program, weight: weightOf(program)}
	if s.weight > maxWeight {
		return nil, abi.Errorf(abi.Refused, "%s: SyntaxError: a function is nested too deeply, by %d levels", name, s.weight)
	}
	rewrite(program)
	return s, nil
}

func lineOf(text string, at int) int { return strings.Count(text[:at], "\n") + 1 }

func syntaxError(name string, err error) error {
	if list, ok := errors.AsType[*parser.ErrorList](err); ok && len(*list) > 0 {
		return syntaxErrorAt((*list)[0])
	}
	return abi.Errorf(abi.Refused, "%s: SyntaxError: %w", name, err)
}

func syntaxErrorAt(e *parser.Error) error {
	return abi.Errorf(abi.Refused, "%s:%d:%d: SyntaxError: %s", e.Position.Filename, e.Position.Line, e.Position.Column, e.Message)
}
