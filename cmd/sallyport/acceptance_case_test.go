package main

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/c386954a/sallyport/internal/config"
)

// readAcceptance reads the cases that are files.
func readAcceptance(t *testing.T) (cases []*acceptance) {
	t.Helper()
	files, err := filepath.Glob("testdata/acceptance/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		c := &acceptance{id: strings.TrimSuffix(filepath.Base(file), ".txtar"), not: map[string]string{}}
		c.read(t, file)
		cases = append(cases, c)
	}
	return cases
}

// read reads the file of a case. Each list of steps ends a round.
func (c *acceptance) read(t *testing.T, file string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r acceptanceRound
	r.refused = c.head(t, string(archive.Comment), &r.files)
	for _, f := range archive.Files {
		switch f.Name {
		case "edits":
			r.edits = readEdits(t, c.id, string(f.Data))
		case "steps":
			r.readSteps(t, c.id, string(f.Data))
			c.rounds, r = append(c.rounds, r), acceptanceRound{}
		default:
			r.files = append(r.files, f)
		}
	}
	if len(c.rounds) == 0 && len(r.refused) > 0 && !c.lenient {
		c.rounds, r = append(c.rounds, r), acceptanceRound{}
	}
	if len(c.rounds) == 0 || len(r.files) > 0 || len(r.edits) > 0 {
		t.Fatalf("%s: a case ends with steps, unless it is refused", file)
	}
}

// readEdits reads lines of the form OLD => NEW.
func readEdits(t *testing.T, id, text string) (edits []string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		before, after, ok := strings.Cut(line, " => ")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case !ok:
			t.Fatalf("%s: what is %q among the edits?", id, line)
		default:
			edits = append(edits, before, after)
		}
	}
	return edits
}

// head reads what stands before the files: what the case is about, then
// settings. It returns what the refusal of the start says, and adds the files
// that several cases have.
func (c *acceptance) head(t *testing.T, text string, files *[]txtar.File) (refused []string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		key, value, ok := strings.Cut(line, ": ")
		switch {
		case line == "":
		case ok && key == "process":
			c.process = value == "true"
		case ok && key == "lenient":
			c.lenient = value == "true"
		case ok && key == "refused":
			refused = append(refused, value)
		case ok && key == "with":
			*files = append(*files, sharedFiles(t, value)...)
		case ok && key == "waive":
			c.waive = append(c.waive, value)
		case ok && key == "allow":
			c.allow = value
		case ok && key == "not in the sandbox":
			c.not[config.Wasm] = value
		case ok && key == "not on otto":
			c.not[config.JSVM] = value
		case c.about == "":
			c.about = line
		default:
			t.Fatalf("%s: what is %q?", c.id, line)
		}
	}
	return refused
}

// sharedFiles returns files that several cases have.
func sharedFiles(t *testing.T, name string) []txtar.File {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", "acceptance", "shared", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	return archive.Files
}

// acceptanceStep is one request and what must come of it.
type acceptanceStep struct {
	at           string
	method, path string
	header       [][2]string
	body         string
	wants        []string
}

// readSteps reads requests. Each begins with METHOD and path; then come header
// fields, `body "…"`, and lines with = that say what must be. Before the first
// may stand what the refusal says.
func (r *acceptanceRound) readSteps(t *testing.T, id, text string) {
	t.Helper()
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		at := id + ", line " + strconv.Itoa(i+1) + " of steps"
		var last *acceptanceStep
		if len(r.steps) > 0 {
			last = &r.steps[len(r.steps)-1]
		}
		switch name, value, _ := strings.Cut(line, " "); {
		case line == "", strings.HasPrefix(line, "#"):
		case name == "refused:" && last == nil:
			r.refused = append(r.refused, value)
		case strings.HasSuffix(name, ":") && last != nil:
			last.header = append(last.header, [2]string{strings.TrimSuffix(name, ":"), value})
		case name == "body" && last != nil:
			last.body = unquote(t, at, value)
		case name == "=" && last != nil:
			last.wants = append(last.wants, value)
		case name == strings.ToUpper(name) && strings.HasPrefix(value, "/"):
			r.steps = append(r.steps, acceptanceStep{at: at, method: name, path: value})
		default:
			t.Fatalf("%s: what is %q?", at, line)
		}
	}
}

func unquote(t *testing.T, at, text string) string {
	t.Helper()
	s, err := strconv.Unquote(text)
	if err != nil {
		t.Fatalf("%s: %s is not quoted as Go quotes: %v", at, text, err)
	}
	return s
}

// naturally orders J2 before J10.
func naturally(a, b string) int {
	split := func(s string) (string, int) {
		letters := strings.TrimRight(s, "0123456789")
		n, _ := strconv.Atoi(s[len(letters):])
		return letters, n
	}
	la, na := split(a)
	lb, nb := split(b)
	if c := strings.Compare(la, lb); c != 0 {
		return c
	}
	return na - nb
}
