package config

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a file. They keep a mistake (a wrong file, an alias that doubles
// itself) from using up memory or the parser's stack.
const (
	maxBytes = 8 << 20
	maxDepth = 64
	maxNodes = 500_000
)

// document parses data and returns its one document as a tree. It returns nil
// if there is none, which has been reported then.
func (r *reader) document(data []byte) *node {
	body := r.body(data)
	if body == nil {
		return nil
	}
	t := tree{reader: r, anchors: map[string]*node{}}
	return t.build(body, 0)
}

// body returns the root of the syntax tree, or nil after reporting why not.
func (r *reader) body(data []byte) ast.Node {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !r.readable(data) {
		return nil
	}
	tokens := lexer.Tokenize(string(data))
	if !r.nesting(tokens) {
		return nil
	}
	file, err := parseTokens(tokens)
	if err != nil {
		r.syntax(data, err)
		return nil
	}
	return r.single(file)
}

// readable reports whether data is text of a sensible size.
func (r *reader) readable(data []byte) bool {
	if len(data) > maxBytes {
		r.problemf(Pos{File: r.file}, "", "the file is larger than %s", formatSize(maxBytes))
		return false
	}
	for i := 0; i < len(data); {
		c, n := utf8.DecodeRune(data[i:])
		if c == utf8.RuneError && n == 1 {
			r.problemf(r.offset(data[:i]), "save the file as UTF-8", "the file is not UTF-8 text")
			return false
		}
		i += n
	}
	return true
}

// offset returns the place after the text before.
func (r *reader) offset(before []byte) Pos {
	line := bytes.LastIndexByte(before, '\n') + 1
	return Pos{r.file, bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[line:]) + 1}
}

// single returns the body of the only document of the file.
func (r *reader) single(file *ast.File) ast.Node {
	docs := file.Docs
	for len(docs) > 1 && docs[len(docs)-1].Body == nil {
		docs = docs[:len(docs)-1]
	}
	if len(docs) > 1 {
		r.problemf(r.start(docs[1].Body), "keep one document per file", "a second YAML document begins")
		return nil
	}
	if len(docs) == 0 || docs[0].Body == nil {
		r.problemf(Pos{r.file, 1, 1}, "begin with `version: 1`", "the configuration is empty")
		return nil
	}
	return docs[0].Body
}

// errParser stands for a panic of the parser, which has no place.
var errParser = errors.New("the parser cannot tell where")

// parseTokens parses what the lexer found. Several versions of the parser
// panic on some broken input; a gateway that reloads must not go down with it.
func parseTokens(tokens token.Tokens) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			err = errParser
		}
	}()
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// nesting reports what the recursive parser must not see: brackets, or block
// entries on one line, that nest too deep, and brackets closed but not opened.
func (r *reader) nesting(tokens token.Tokens) bool {
	depth, entries, line := 0, 0, 0
	for _, tk := range tokens {
		if tk.Position.Line != line {
			line, entries = tk.Position.Line, 0
		}
		switch tk.Type {
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType:
			entries++
		}
		if depth < 0 {
			r.problemf(r.at(tk), "", "not valid YAML: `%s` closes nothing", tk.Value)
			return false
		}
		if depth > maxDepth || entries > 4*maxDepth {
			r.problemf(r.at(tk), "", "nested deeper than %d levels", maxDepth)
			return false
		}
	}
	return true
}

// syntaxError is what the YAML library's errors can tell.
type syntaxError interface {
	error
	GetToken() *token.Token
	GetMessage() string
}

// syntax reports that the file is not YAML.
func (r *reader) syntax(data []byte, err error) {
	e, ok := errors.AsType[syntaxError](err)
	if !ok || e.GetToken() == nil {
		r.problemf(Pos{File: r.file}, "", "not valid YAML: %v", err)
		return
	}
	pos := r.at(e.GetToken())
	r.problemf(pos, syntaxHint(data, pos), "not valid YAML: %s", e.GetMessage())
}

// syntaxHint guesses what went wrong from the line of the error.
func syntaxHint(data []byte, pos Pos) string {
	lines := strings.Split(string(data), "\n")
	if pos.Line < 1 || pos.Line > len(lines) {
		return ""
	}
	line := lines[pos.Line-1]
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	switch {
	case strings.Contains(indent, "\t"):
		return "indent with spaces, not with tabs"
	case strings.Contains(line, "${") && strings.ContainsAny(line, "[{"):
		return "inside [ ] and { }, put `${NAME}` in quotes"
	}
	return ""
}

// at returns the place of a token.
func (r *reader) at(tk *token.Token) Pos {
	if tk == nil || tk.Position == nil {
		return Pos{File: r.file}
	}
	return Pos{r.file, max(tk.Position.Line, 1), max(tk.Position.Column, 1)}
}
