package script

import (
	"regexp"
	"slices"
	"strings"

	"github.com/robertkrimen/otto/ast"
)

// hostFunctions are what Tyk's documentation offers to scripts.
var hostFunctions = []string{
	"log", "rawlog", "b64dec", "b64enc", "rawb64dec", "rawb64enc", "TykMakeHttpRequest", "TykBatchRequest",
	"TykGetKeyData", "TykSetKeyData", "TykJsResponse", "TykStorageGet", "TykStorageSet", "TykStorageSetNX",
	"TykStorageDel", "TykStorageTTL", "TykStorageIncr",
}

// missing are names that scripts look for in vain.
var missing = []string{
	"TykGenerateNotification", "setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval",
	"require", "btoa", "atob", "fetch", "XMLHttpRequest", "process", "Buffer", "window", "document",
}

// surface finds what the source defines and uses. It looks at tokens, so that
// it also works where otto cannot parse.
func (a *analysis) surface() {
	s := &surface{analysis: a, tokenText: modernizer{source: a.source, tokens: a.tokens}, uses: make(map[string]int)}
	s.declarations()
	for i, t := range a.tokens {
		switch t.kind {
		case word:
			s.word(i)
		case text, template:
			s.quoted(i)
		}
	}
	slices.Sort(s.origins)
	if s.origins = slices.Compact(s.origins); a.report.SendsRequests() {
		a.report.Origins = s.origins
	}
	slices.SortFunc(a.report.Uses, func(x, y Use) int { return strings.Compare(x.Name, y.Name) })
}

type surface struct {
	*analysis
	tokenText modernizer
	declared  map[string]bool
	uses      map[string]int // index in report.Uses
	origins   []string
}

func (s *surface) at(i int) string { return s.tokenText.at(i) }

// is reports whether the tokens from i on are these.
func (s *surface) is(i int, want ...string) bool {
	for j, w := range want {
		if s.at(i+j) != w {
			return false
		}
	}
	return true
}

// declarations collects names that the script declares itself.
func (s *surface) declarations() {
	s.declared = make(map[string]bool)
	for i, t := range s.tokens {
		if t.kind != word {
			continue
		}
		switch before := s.at(i - 1); {
		case before == "function" || before == "var" || before == "let" || before == "const",
			s.tokenText.parameter(i),
			s.at(i+1) == "=" && before != ".":
			s.declared[s.at(i)] = true
		}
	}
}

func (s *surface) word(i int) {
	name := s.at(i)
	member := s.at(i-1) == "." || s.at(i-1) == "?."
	key := s.at(i+1) == ":" && s.tokenText.property(i)
	switch {
	case member:
		s.member(i, name)
	case key:
		s.key(i, name)
	case name == "new":
		s.object(i)
	case name == "function" && s.tokens[i].depth == 0:
		s.function(i)
	case name == "_" && !s.declared["_"]:
		s.report.Underscore = insert(s.report.Underscore, s.line(i))
	case slices.Contains(hostFunctions, name) && !s.declared[name]:
		s.use(i, name)
	case slices.Contains(missing, name) && !s.declared[name] && s.at(i-1) != "typeof":
		s.find(notOffered, int(s.tokens[i].from), name)
	}
}

func (s *surface) line(i int) int { return s.places.line(int(s.tokens[i].from)) }

func (s *surface) use(i int, name string) {
	at, ok := s.uses[name]
	if !ok {
		at = len(s.report.Uses)
		s.uses[name] = at
		s.report.Uses = append(s.report.Uses, Use{Name: name})
	}
	s.report.Uses[at].Lines = insert(s.report.Uses[at].Lines, s.line(i))
	if strings.HasPrefix(name, "TykStorage") {
		s.report.Storage = true
		s.find(storageOnJSVM, int(s.tokens[i].from))
	}
}

// originOfURL matches the origin at the beginning of a quoted URL, and what is
// behind it.
var originOfURL = regexp.MustCompile(
	"^.(https?://(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?::[1-9][0-9]{0,3})?)([/?\"'`])",
)

func (s *surface) quoted(i int) {
	// With a plus behind it, a host may be only the beginning of one.
	m := originOfURL.FindStringSubmatch(s.at(i))
	if m != nil && len(s.origins) < maxNames && (strings.Contains("/?", m[2]) || s.at(i+1) != "+") {
		s.origins = append(s.origins, m[1])
	}
	if strings.Contains(s.at(i), "tyk://") {
		s.report.Loops = insert(s.report.Loops, s.line(i))
		s.find(loopURL, int(s.tokens[i].from))
	}
}

// object is an object made by one of Tyk's constructors:
// NAME = new TykJS.TykMiddleware.NewMiddleware(…).
func (s *surface) object(i int) {
	what := ""
	switch {
	case s.is(i, "new", "TykJS", ".", "TykMiddleware", ".", "NewMiddleware"):
		what = "middleware"
	case s.is(i, "new", "TykJS", ".", "TykEventHandlers", ".", "NewEventHandler"):
		what = "event handler"
	}
	if what == "" || s.at(i-1) != "=" || !s.tokenText.isWord(i-2) || len(s.report.Objects) == maxNames {
		return
	}
	s.report.Objects = append(s.report.Objects, Object{Name: s.at(i - 2), Kind: what, Line: s.line(i - 2)})
}

// handlers are the members that give an object something to handle.
var handlers = map[string]string{
	"NewProcessRequest": "request", "ProcessRequest": "request",
	"NewProcessResponse": "response", "ProcessResponse": "response",
	"NewHandler": "event", "Handle": "event",
}

// member is a name behind a dot.
func (s *surface) member(i int, name string) {
	if name == "headers" && s.at(i-2) == "ReturnOverrides" {
		s.find(otherHeaders, int(s.tokens[i].from))
	}
	what, next := handlers[name], s.at(i+1)
	if what == "" || next != "(" && next != "=" || strings.HasPrefix(name, "New") != (next == "(") {
		return
	}
	for j := range s.report.Objects {
		if o := &s.report.Objects[j]; o.Name == s.at(i-2) && !slices.Contains(o.Handles, what) {
			o.Handles = append(o.Handles, what)
		}
	}
}

// key is the name of a property in an object literal.
func (s *surface) key(i int, name string) {
	open := int(s.tokens[i].open)
	if name != "headers" || open < 2 {
		return
	}
	if s.at(open-2) == "ReturnOverrides" && (s.at(open-1) == ":" || s.at(open-1) == "=") {
		s.find(otherHeaders, int(s.tokens[i].from))
	}
}

// function is a function at the top of the source: declared, or assigned to a
// name.
func (s *surface) function(i int) {
	name := i + 1
	if s.at(i-1) == "=" {
		name = i - 2
	}
	if !s.tokenText.isWord(name) || s.at(name-1) == "." || len(s.report.Functions) == maxNames {
		return
	}
	s.report.Functions = append(s.report.Functions, s.place(s.at(name), int(s.tokens[name].from)))
}

// scopes are the functions around a node, with the names declared in them. What
// is nested too deeply must not make a look-up slow, so names are counted.
type scopes struct {
	stack  []scope
	counts map[string]int // scopes that declare a name
}

// scope is a function, a catch clause or the whole source.
type scope struct {
	names  []string
	strict bool
}

func (s *scopes) declared(name string) bool { return s.counts[name] > 0 }

func (s *scopes) strict() bool { return len(s.stack) > 0 && s.stack[len(s.stack)-1].strict }

// enter opens the scope of a function or of a source.
func (s *scopes) enter(declarations []ast.Declaration, body []ast.Statement) {
	s.stack = append(s.stack, scope{strict: s.strict() || directive(body) != nil})
	for _, d := range declarations {
		switch d := d.(type) {
		case *ast.VariableDeclaration:
			for _, v := range d.List {
				s.declare(v.Name)
			}
		case *ast.FunctionDeclaration:
			s.declareID(d.Function.Name)
		}
	}
}

func (s *scopes) leave() {
	last := len(s.stack) - 1
	for _, name := range s.stack[last].names {
		s.counts[name]--
	}
	s.stack = s.stack[:last]
}

func (s *scopes) declare(name string) {
	last := &s.stack[len(s.stack)-1]
	last.names = append(last.names, name)
	s.counts[name]++
}

func (s *scopes) declareID(id *ast.Identifier) {
	if id != nil {
		s.declare(id.Name)
	}
}

// directive returns the "use strict" at the head of a body, or nil.
func directive(body []ast.Statement) *ast.StringLiteral {
	for _, statement := range body {
		e, ok := statement.(*ast.ExpressionStatement)
		if !ok {
			return nil
		}
		literal, ok := e.Expression.(*ast.StringLiteral)
		if !ok {
			return nil
		}
		if literal.Value == "use strict" {
			return literal
		}
	}
	return nil
}

func bodyOf(n *ast.FunctionLiteral) []ast.Statement {
	if block, ok := n.Body.(*ast.BlockStatement); ok {
		return block.List
	}
	return nil
}
