package jsvm

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/robertkrimen/otto/ast"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/internal/artifact"
	"github.com/c386954a/sallyport/runtime/jsvm/syntax"
	"github.com/c386954a/sallyport/runtime/jsvm/underscore"
)

// source is one file. The fields below text are there once it is parsed, until
// it has run.
type source struct {
	name, text string

	program *ast.Program
	depth   int // see [syntax.Parse]
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

// parse parses a script of our own and prepares it for otto; see rewrite.
func parse(name, text string) (*source, error) {
	return parseForeign(name, text, syntax.MaxNesting, nil)
}

// parseForeign does the same for a script that others have written. No more
// than limit may be open at any place of it.
func parseForeign(name, text string, limit int, stopped func() bool) (*source, error) {
	program, depth, err := syntax.Parse(name, text, limit, stopped)
	if err != nil {
		return nil, err
	}
	if !rewrite(program, name == madeName) {
		return nil, abi.Errorf(abi.Refused, "%s: SyntaxError: a with statement must not change length", name)
	}
	return &source{program: program, depth: depth}, nil
}

// files are the texts of a program, in the order in which they run.
type files struct {
	name    string   // of the first, for messages
	names   []string // of all of them, each once
	id      string   // digest of names and texts
	preload *source  // nil if there is none
	sources []*source
}

// readFiles reads the files of a plugin, each once.
func readFiles(s *abi.Spec, limit int64) (*files, error) {
	read := make(map[string]*source)
	f := &files{name: s.Source}
	digest := sha256.New()
	if s.Preload != "" {
		src, err := f.read(read, s.Preload, limit)
		if err != nil {
			return nil, err
		}
		f.preload = src
		src.addTo(digest)
	}
	digest.Write([]byte{0}) // a preload file is not a source
	list := s.Sources
	if len(list) == 0 {
		list = []string{s.Source}
	}
	for _, name := range list {
		src, err := f.read(read, name, limit)
		if err != nil {
			return nil, err
		}
		f.sources = append(f.sources, src)
		src.addTo(digest)
	}
	if f.name == "" {
		f.name = list[0]
	}
	f.id = hex.EncodeToString(digest.Sum(nil))
	return f, checkDigest(f, s)
}

func (f *files) read(known map[string]*source, name string, limit int64) (*source, error) {
	if src := known[name]; src != nil {
		return src, nil
	}
	text, err := readSource(name, limit)
	if err != nil {
		return nil, err
	}
	known[name] = &source{name: name, text: text}
	f.names = append(f.names, name)
	return known[name], nil
}

// checkDigest compares a single file with the digest that it is to have.
func checkDigest(f *files, s *abi.Spec) error {
	if s.SHA256 == "" {
		return nil
	}
	if len(f.sources) > 1 {
		return fmt.Errorf("%s: sha256 is for a plugin of one file, this one has %d", f.name, len(f.sources))
	}
	if err := artifact.Verify([]byte(f.sources[0].text), s.SHA256); err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return nil
}

// each yields every file once.
func (f *files) each(yield func(*source) bool) {
	var seen []*source
	for _, s := range append([]*source{f.preload}, f.sources...) {
		if s == nil || slices.Contains(seen, s) {
			continue
		}
		if !yield(s) {
			return
		}
		seen = append(seen, s)
	}
}

// parse parses all files, until it is stopped.
func (f *files) parse(stopped func() bool) error {
	for s := range f.each {
		parsed, err := parseForeign(s.name, s.text, syntax.MaxNesting, stopped)
		if err != nil {
			return err
		}
		s.program, s.depth = parsed.program, parsed.depth
	}
	return nil
}

// depth is that of the most deeply nested function in any of the files.
func (f *files) depth() (most int) {
	for s := range f.each {
		most = max(most, s.depth)
	}
	return most
}

// size is the length of all files, which bounds that of their strings.
func (f *files) size() (n int) {
	for s := range f.each {
		n += len(s.text)
	}
	return n
}

// usage is how all files together use underscore.
func (f *files) usage() *underscore.Usage {
	u := underscore.NewUsage()
	for s := range f.each {
		u.Add(s.program)
	}
	return u
}

// forget lets go of what only running needs.
func (f *files) forget() { f.preload, f.sources = nil, nil }

// defines names the global variables and functions of the files.
func (f *files) defines() string {
	var names []string
	for s := range f.each {
		names = append(names, s.defines()...)
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
