// Package script reads one JavaScript source of Tyk and reports what it
// defines, what it uses of its host, and what would change in each engine.
//
// Nothing is run. What the report says of an engine is what can be seen in the
// text: code that is made at run time, and values that decide what a name
// stands for, it cannot see.
//
// A source may be hostile. Its size, its nesting and the work it can cause are
// bounded, and the same source always gives the same report.
package script

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
)

const (
	// MaxBytes is the size of the largest source that is analysed.
	MaxBytes = 1 << 20

	maxLines    = 100 // of one finding or use
	maxFindings = 500
	maxNames    = 1000 // of objects, and of functions
)

// EngineVerdict is what becomes of a script, or of one thing in it, in an engine.
type EngineVerdict string

// Verdicts, from good to bad.
const (
	// Runs says that nothing changes.
	Runs EngineVerdict = "runs as is"
	// Check says that it runs, and that somebody should look at what it does.
	Check EngineVerdict = "check"
	// Fails says that the engine does not load it, or that it throws. In the
	// column of the sandbox it means that the script stays on jsvm.
	Fails EngineVerdict = "fails"
)

// worse returns the worse of two verdicts.
func worse(a, b EngineVerdict) EngineVerdict {
	order := []EngineVerdict{Runs, Check, Fails}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

// SourceReport is what Analyze finds out. All lists are in the order of the source
// or sorted, and never hold the same thing twice.
type SourceReport struct {
	Name  string `json:"name"`
	Bytes int    `json:"bytes"`
	Lines int    `json:"lines"`

	// JSVM and Sandbox are the worst verdicts of all findings.
	JSVM    EngineVerdict `json:"jsvm"`
	Sandbox EngineVerdict `json:"sandbox"`

	// Syntax is why otto does not parse the source; nil if it does.
	Syntax *Place `json:"syntax,omitempty"`
	// Modern is the first construct that otto has not, if Syntax is set and
	// one was found.
	Modern *Place `json:"modern,omitempty"`

	// Objects are the JS objects: middleware and event handlers.
	Objects []Object `json:"objects,omitempty"`
	// Functions are the functions at the top of the source, which is where
	// those of virtual endpoints are.
	Functions []Place `json:"functions,omitempty"`
	// Uses are the host functions that are named.
	Uses []Use `json:"uses,omitempty"`
	// Origins are those of the URLs in the text, as https://host:port, in a
	// script that sends requests. Those that it makes at run time are not seen.
	Origins []string `json:"origins,omitempty"`
	// Storage says that TykStorage is among them.
	Storage bool `json:"storage,omitempty"`
	// Underscore are lines that use the global _.
	Underscore []int `json:"underscore,omitempty"`
	// Loops are lines with a tyk:// URL.
	Loops []int `json:"loops,omitempty"`

	Findings []Finding `json:"findings,omitempty"`
}

// SendsRequests reports whether the script names a host function for requests.
func (r *SourceReport) SendsRequests() bool {
	return slices.ContainsFunc(
		r.Uses, func(u Use) bool { return u.Name == "TykMakeHttpRequest" || u.Name == "TykBatchRequest" },
	)
}

// Parses reports whether otto can parse the source.
func (r *SourceReport) Parses() bool { return r.Syntax == nil }

// Stays reports whether the script runs on jsvm and cannot move to the sandbox
// without a change.
func (r *SourceReport) Stays() bool { return r.Sandbox == Fails && r.JSVM != Fails }

// Place is something that stands somewhere. Line and Column count from 1, and
// columns are bytes.
type Place struct {
	Text   string `json:"text"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// Object is a JS object of the source.
type Object struct {
	Name string `json:"name"`
	// Kind is middleware or event handler.
	Kind string `json:"kind"`
	Line int    `json:"line"`
	// Handles are what it has a function for: request, response or event.
	Handles []string `json:"handles"`
}

// Use is a host function and the lines that name it, at most a hundred.
type Use struct {
	Name  string `json:"name"`
	Lines []int  `json:"lines"`
}

// Finding is one thing to know about the script.
type Finding struct {
	// Kind names the rule; see the Kind constants.
	Kind string `json:"kind"`
	// Text says what it is and what changes, as a sentence without full stop.
	Text string `json:"text"`
	// Lines are where it is, at most a hundred.
	Lines   []int         `json:"lines"`
	JSVM    EngineVerdict `json:"jsvm"`
	Sandbox EngineVerdict `json:"sandbox"`
}

// String returns the finding on one line for a terminal.
func (f Finding) String() string {
	lines := make([]string, 0, 5)
	for _, l := range f.Lines[:min(len(f.Lines), 4)] {
		lines = append(lines, strconv.Itoa(l))
	}
	if len(f.Lines) > 4 {
		lines = append(lines, "…")
	}
	return fmt.Sprintf("line %s: %s [jsvm: %s; sandbox: %s]", strings.Join(lines, ", "), f.Text, f.JSVM, f.Sandbox)
}

// Analyze reads a source. name is the file, for messages only. It may be
// called from several goroutines.
func Analyze(name string, source []byte) SourceReport {
	a := &analysis{
		report: SourceReport{Name: name, Bytes: len(source), JSVM: Runs, Sandbox: Runs},
		source: strings.TrimPrefix(string(source), "\ufeff"),
		index:  make(map[string]int),
	}
	a.places = newPlaces(a.source)
	a.report.Lines = len(a.places.lines)
	if len(source) > MaxBytes {
		a.find(tooLarge, 0)
		a.report.Syntax = &Place{fmt.Sprintf("the script is larger than %d bytes and was not analysed", MaxBytes), 1, 1}
		return a.report
	}
	a.tokens = scan(a.source)
	a.surface()
	a.engines()
	slices.SortStableFunc(a.report.Findings, func(x, y Finding) int { return x.Lines[0] - y.Lines[0] })
	return a.report
}

// analysis is one call of Analyze.
type analysis struct {
	report SourceReport
	source string
	tokens []token
	places *places
	index  map[string]int // of findings, by kind and text
}

// find notes a finding at an offset. details fill the verbs of its text.
func (a *analysis) find(r findingRule, at int, details ...any) {
	sentence := r.text
	if len(details) > 0 {
		sentence = fmt.Sprintf(r.text, details...)
	}
	line := a.places.line(at)
	key := r.kind + "\x00" + sentence
	i, ok := a.index[key]
	if !ok {
		a.report.JSVM, a.report.Sandbox = worse(a.report.JSVM, r.jsvm), worse(a.report.Sandbox, r.sandbox)
		if len(a.report.Findings) == maxFindings {
			return
		}
		i = len(a.report.Findings)
		a.index[key] = i
		a.report.Findings = append(a.report.Findings, Finding{Kind: r.kind, Text: sentence, JSVM: r.jsvm, Sandbox: r.sandbox})
	}
	a.report.Findings[i].Lines = insert(a.report.Findings[i].Lines, line)
}

func (a *analysis) place(what string, at int) Place {
	line, column := a.places.of(at)
	return Place{what, line, column}
}

// engines finds out what otto makes of the source, and what the sandbox would.
func (a *analysis) engines() {
	p := &ottoParser{name: a.report.Name, text: a.source, tokens: a.tokens}
	program, e := p.parse()
	if e != nil {
		a.refused(e)
		return
	}
	newVisitor(a).program(program)
}

// refused reports a source that otto does not parse.
func (a *analysis) refused(e *ottoError) {
	a.report.Syntax = &Place{e.message, e.line, e.column}
	at := a.places.lines[min(e.line, len(a.places.lines))-1]
	found := modern(a.source, a.tokens)
	for what, at := range found {
		if m := a.report.Modern; m == nil || before(a.place(what, at), *m) {
			p := a.place(what, at)
			a.report.Modern = &p
		}
	}
	for _, what := range sortedByOffset(found) {
		a.find(modernSyntax, found[what], what)
	}
	switch {
	case strings.HasPrefix(e.message, "Invalid regular expression"):
		a.find(patternSyntax, at, strings.TrimPrefix(e.message, "Invalid regular expression: "))
	case len(found) == 0:
		a.find(badSyntax, at, e.message)
	}
}

func before(a, b Place) bool {
	return a.Line < b.Line || a.Line == b.Line && (a.Column < b.Column || a.Column == b.Column && a.Text < b.Text)
}

func sortedByOffset(found map[string]int) []string {
	var names []string
	for what := range found {
		names = append(names, what)
	}
	slices.SortFunc(names, func(x, y string) int {
		if found[x] != found[y] {
			return found[x] - found[y]
		}
		return strings.Compare(x, y)
	})
	return names
}

// findingRule is a kind of finding.
type findingRule struct {
	kind          string
	jsvm, sandbox EngineVerdict
	text          string
}

// The rules. Kinds are stable: other programs may look for them.
var (
	tooLarge      = findingRule{"too-large", Check, Check, "the script is too large to be analysed"}
	badSyntax     = findingRule{"syntax", Fails, Check, "otto cannot parse the script: %s"}
	modernSyntax  = findingRule{"modern", Fails, Runs, "%s: otto knows no JavaScript younger than ES5"}
	patternSyntax = findingRule{"regexp-literal", Fails, Runs, "otto cannot compile a regular expression: %s"}

	missingComma = findingRule{"missing-comma", Runs, Fails, "a comma is missing in an object literal: only otto takes that"}
	integerKey   = findingRule{
		"key-order", Runs, Check,
		"the key %s looks like a number: JavaScript lists such keys first, otto in the order of the text",
	}
	stringify = findingRule{
		"json-order", Runs, Check,
		"JSON.stringify sorts keys under otto: a signature or a cache key made from the text changes in the " +
			"sandbox, unless the plugin is configured with compat: otto",
	}

	undeclared = findingRule{
		"undeclared", Runs, Check,
		"%s is assigned and nowhere declared: it becomes a global, and an error where strict mode or a module is asked for",
	}
	strictUndeclared = findingRule{
		"strict", Runs, Fails,
		"%s is assigned and nowhere declared under \"use strict\", which otto ignores: elsewhere this throws",
	}
	strictMode = findingRule{
		"strict", Runs, Check, "\"use strict\" is ignored by otto: elsewhere, this of a plain function is undefined",
	}
	strictSyntax = findingRule{"strict", Runs, Fails, "%s is a syntax error under \"use strict\", which otto ignores"}

	lookAround = findingRule{"regexp", Check, Runs, "new RegExp throws under otto: %s"}
	blankClass = findingRule{
		"regexp-space", Runs, Check, "\\s does not match U+00A0 and other blanks outside of ASCII under otto",
	}
	nested = findingRule{
		"regexp-nested", Runs, Check,
		"repeats are nested in a regular expression: otto takes linear time, other engines may run into the deadline",
	}
	goSyntax     = findingRule{"regexp-syntax", Runs, Fails, "%s in a regular expression is syntax of Go, which only otto takes"}
	goClass      = findingRule{"regexp-syntax", Runs, Check, "%s in a regular expression means something else in JavaScript"}
	makesPattern = findingRule{
		"regexp-made", Check, Check,
		"a regular expression is made at run time: otto has no look-around and no back-references",
	}
	dateText = findingRule{
		"date-text", Runs, Check,
		"a date turned into text %s has a form of otto's own, which the sandbox has with compat: otto",
	}
	dateParse = findingRule{
		"date-parse", Runs, Check,
		"a date may be parsed from text here: otto takes fewer forms, and \"2020-01-02 03:04:05\" is NaN",
	}
	localeText = findingRule{
		"locale", Runs, Check,
		"%s gives 1970-01-01 00:00:00 and 1,234,567.891 under otto, and in the sandbox with compat: otto",
	}
	errorText    = findingRule{"error-text", Runs, Check, "the text of an error is used: its words differ between engines"}
	makesCode    = findingRule{"made-code", Check, Check, "%s makes code at run time, which this report does not see"}
	otherHeaders = findingRule{
		"return-overrides", Check, Check, "ReturnOverrides.headers is ignored, as it is by Tyk: the key is ResponseHeaders",
	}
	loopURL       = findingRule{"tyk-url", Runs, Runs, "a tyk:// URL sends the request on to another API of this gateway"}
	notOffered    = findingRule{"not-offered", Check, Check, "%s is not there: naming it throws a ReferenceError"}
	absentGlobal  = findingRule{"absent", Check, Runs, "%s is not there under otto"}
	absentMember  = findingRule{"absent", Check, Runs, "%s is not there under otto, unless the script brings its own"}
	storageOnJSVM = findingRule{"storage", Runs, Runs, "TykStorage is used, which Tyk itself has only with the driver javascript"}
)

// places turns offsets into lines and columns, which count from 1.
type places struct{ lines []int }

func newPlaces(source string) *places {
	p := &places{lines: []int{0}}
	for at := 0; ; {
		i := strings.IndexByte(source[at:], '\n')
		if i < 0 {
			return p
		}
		at += i + 1
		p.lines = append(p.lines, at)
	}
}

func (p *places) of(at int) (line, column int) {
	line = sort.SearchInts(p.lines, at+1)
	return line, at - p.lines[line-1] + 1
}

func (p *places) line(at int) int {
	line, _ := p.of(at)
	return line
}

// insert adds a line to a sorted list that has each line once.
func insert(lines []int, line int) []int {
	i, ok := slices.BinarySearch(lines, line)
	if ok || len(lines) >= maxLines {
		return lines
	}
	return slices.Insert(lines, i, line)
}
