package archtest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// shared are the type names that many packages have, because they mean the
// same in each.
var shared = map[string]string{
	"Config":  "the settings of the package",
	"Runtime": "an implementation of abi.Runtime, and that interface",
	"plugin":  "an implementation of abi.Plugin",

	"Options":  "what the caller of a package may choose",
	"Sessions": "what a package needs of the store of sessions",
	"Store":    "what a package needs of the store, and the store itself",
}

// mirrors are the folders whose types mirror the contract for plugins, and test
// packages. They have its names on purpose.
var mirrors = []string{"sdk/", "examples/", "abi/abitest/", "internal/compare/bench/guest/"}

func isMirror(p string) bool {
	return slices.ContainsFunc(mirrors, func(dir string) bool { return strings.HasPrefix(p, dir) })
}

func TestATypeNameExistsOnce(t *testing.T) {
	places := map[string]map[string]bool{}
	for _, p := range goFiles(t) {
		if strings.HasSuffix(p, "_test.go") || isMirror(p) {
			continue
		}
		for _, name := range typesOf(t, p) {
			if places[name] == nil {
				places[name] = map[string]bool{}
			}
			places[name][filepath.ToSlash(filepath.Dir(p))] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(places)) {
		if in := slices.Sorted(maps.Keys(places[name])); len(in) > 1 && shared[name] == "" {
			t.Errorf("type %s is in %s: one thing has one name, and one name is one thing", name, strings.Join(in, ", "))
		}
	}
}

// typesOf returns the names of the types that a file declares at its top,
// aliases aside.
func typesOf(t *testing.T, p string) (names []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, p), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.TYPE {
			continue
		}
		for _, s := range g.Specs {
			if spec := s.(*ast.TypeSpec); !spec.Assign.IsValid() { // an alias is the same type
				names = append(names, spec.Name.Name)
			}
		}
	}
	return names
}

// TestTheGlossaryIsKept looks for the words that the glossary of
// ARCHITECTURE.md has another word for.
func TestTheGlossaryIsKept(t *testing.T) {
	terms := glossary(t)
	if len(terms) < 15 {
		t.Fatalf("the glossary has %d terms: is its table still there?", len(terms))
	}
	for _, p := range goFiles(t) {
		text, err := os.ReadFile(filepath.Join(root, p))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(p, "internal/archtest/") {
			continue
		}
		for _, term := range terms {
			for _, not := range term.not {
				if m := not.FindIndex(text); m != nil {
					line := 1 + strings.Count(string(text[:m[0]]), "\n")
					t.Errorf("%s:%d: %q: the glossary says %s", p, line, text[m[0]:m[1]], term.name)
				}
			}
		}
	}
}

type term struct {
	name string
	not  []*regexp.Regexp
}

// glossary reads the rows "| term | meaning | words not used |".
func glossary(t *testing.T) (terms []term) {
	t.Helper()
	for _, row := range rows(t, "## Glossary") {
		n := term{name: row[0]}
		for word := range strings.SplitSeq(row[2], ",") {
			if word = strings.TrimSpace(word); word != "" {
				n.not = append(n.not, wordOrPart(word))
			}
		}
		terms = append(terms, n)
	}
	return terms
}

// wordOrPart finds a word in prose, and as a part of an identifier in mixed
// case.
func wordOrPart(word string) *regexp.Regexp {
	upper := strings.ToUpper(word[:1]) + word[1:]
	return regexp.MustCompile(`\b` + word + `(?:s|ed|ing)?\b|\b` + word + `[A-Z]\w*|[a-z0-9]` + upper + `(?:[A-Z]\w*|s?\b)|\b` + upper + `(?:s|ed|ing)?(?:[A-Z]\w*)?\b`)
}

// rows returns the cells of the first table below a heading of ARCHITECTURE.md.
func rows(t *testing.T, heading string) (out [][]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(text), "\n"+heading+"\n")
	if !ok {
		t.Fatalf("ARCHITECTURE.md has no %q", heading)
	}
	for line := range strings.SplitSeq(after, "\n") {
		if strings.HasPrefix(line, "## ") {
			break
		}
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.Trim(strings.TrimSpace(cells[i]), "`")
		}
		out = append(out, cells)
	}
	if len(out) < 2 {
		t.Fatalf("no table below %q", heading)
	}
	return out[1:]
}
