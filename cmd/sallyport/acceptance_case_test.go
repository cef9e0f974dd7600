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
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := &acceptance{id: strings.TrimSuffix(filepath.Base(file), ".txtar"), not: map[string]string{}}
		c.head(t, string(archive.Comment))
		for _, f := range archive.Files {
			if f.Name == "steps" {
				c.steps = readSteps(t, c.id, string(f.Data))
				continue
			}
			c.files = append(c.files, f)
		}
		if len(c.steps) == 0 && len(c.refused) == 0 {
			t.Fatalf("%s: nothing to do", file)
		}
		cases = append(cases, c)
	}
	return cases
}

// head reads what stands before the files: what the case is about, then
// settings.
func (c *acceptance) head(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		key, value, ok := strings.Cut(line, ": ")
		switch {
		case line == "":
		case ok && key == "lenient":
			c.lenient = value == "true"
		case ok && key == "refused":
			c.refused = append(c.refused, value)
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
// fields, `body "…"`, and lines with = that say what must be.
func readSteps(t *testing.T, id, text string) (steps []acceptanceStep) {
	t.Helper()
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		at := id + ", line " + strconv.Itoa(i+1) + " of steps"
		switch name, value, _ := strings.Cut(line, " "); {
		case line == "", strings.HasPrefix(line, "#"):
		case strings.HasSuffix(name, ":") && len(steps) > 0:
			last := &steps[len(steps)-1]
			last.header = append(last.header, [2]string{strings.TrimSuffix(name, ":"), value})
		case name == "body" && len(steps) > 0:
			steps[len(steps)-1].body = unquote(t, at, value)
		case name == "=" && len(steps) > 0:
			steps[len(steps)-1].wants = append(steps[len(steps)-1].wants, value)
		case name == strings.ToUpper(name) && strings.HasPrefix(value, "/"):
			steps = append(steps, acceptanceStep{at: at, method: name, path: value})
		default:
			t.Fatalf("%s: what is %q?", at, line)
		}
	}
	return steps
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
