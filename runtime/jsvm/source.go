package jsvm

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/robertkrimen/otto/ast"
	"github.com/robertkrimen/otto/parser"

	"github.com/c386954a/sallyport/abi"
)

// source is one parsed and rewritten file.
type source struct {
	program *ast.Program
	weight  int    // see weightOf
	usage   *usage // of underscore
}

// readSource reads the file of a plugin.
func readSource(s *abi.Spec, limit int64) (string, error) {
	f, err := os.Open(s.Source)
	if err != nil {
		return "", fmt.Errorf("script: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("script: %w", err)
	case int64(len(text)) > limit:
		return "", fmt.Errorf("%s: the script is larger than %d bytes", s.Source, limit)
	}
	return string(text), checkDigest(text, s)
}

func checkDigest(text []byte, s *abi.Spec) error {
	sum := sha256.Sum256(text)
	if got := hex.EncodeToString(sum[:]); s.SHA256 != "" && !strings.EqualFold(got, s.SHA256) {
		return fmt.Errorf("%s: sha256 is %s, want %s", s.Source, got, s.SHA256)
	}
	return nil
}

// parse parses a script and prepares it for otto; see rewrite. An error names
// the first mistake as file:line:column.
func parse(name, text string) (*source, error) {
	if at := nested(text); at >= 0 {
		return nil, tooDeep(name, text, at)
	}
	program, err := parser.ParseFile(nil, name, text, 0)
	if err != nil {
		return nil, syntaxError(name, err)
	}
	s := &source{program: program, weight: weightOf(program), usage: usageOf(program)}
	if s.weight > maxWeight {
		return nil, abi.Errorf(abi.Refused, "%s: SyntaxError: a function is nested too deeply, by %d levels", name, s.weight)
	}
	rewrite(program)
	return s, nil
}

func tooDeep(name, text string, at int) error {
	return abi.Errorf(abi.Refused, "%s:%d: SyntaxError: the script is nested too deeply", name, strings.Count(text[:at], "\n")+1)
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
