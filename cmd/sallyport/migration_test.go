package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMigrationGuide follows docs/MIGRATION.md: it makes the files that the
// guide shows, types its commands, and compares what they print.
func TestMigrationGuide(t *testing.T) {
	text, err := os.ReadFile("../../docs/MIGRATION.md")
	if err != nil {
		t.Fatal(err)
	}
	script := guideScript(string(text))
	if n := strings.Count(script, "\nexec sallyport ") + strings.Count(script, "\nstart sallyport "); n < 6 {
		t.Fatalf("the guide has %d commands:\n%s", n, script)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "guide.txtar"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	commands := scriptCommands()
	commands["printed"] = scriptPrinted
	testscript.Run(t, testscript.Params{
		Dir: dir, Cmds: commands, RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("NO_COLOR", "1")
			return nil
		},
	})
}

var (
	fence  = regexp.MustCompile("(?ms)^```(\\w+)(?: (\\S+))?\n(.*?)^```$")
	header = regexp.MustCompile(`-H '([^:']+): ([^']*)'`)
	target = regexp.MustCompile(`http://127\.0\.0\.1:8080(\S*)`)
)

// guideScript turns the fenced blocks of a guide into a script. A block that
// names a file becomes that file. In a block of the kind console, lines after
// a dollar sign are commands, and others are printed by the command before.
func guideScript(text string) string {
	var commands, files strings.Builder
	for _, m := range fence.FindAllStringSubmatch(text, -1) {
		kind, name, body := m[1], m[2], m[3]
		switch {
		case name != "":
			fmt.Fprintf(&files, "-- %s --\n%s", name, body)
		case kind == "console":
			for line := range strings.Lines(body) {
				commands.WriteString(guideLine(strings.TrimRight(line, "\n")))
			}
		}
	}
	return "\n" + commands.String() + files.String()
}

// guideLine returns a command, or the check that something was printed.
func guideLine(line string) string {
	command, ok := strings.CutPrefix(line, "$ ")
	switch {
	case !ok:
		return printedLine(line)
	case strings.HasPrefix(command, "curl "):
		fields := "http GET $URL" + target.FindStringSubmatch(command)[1]
		for _, h := range header.FindAllStringSubmatch(command, -1) {
			fields += " '" + h[1] + ":" + h[2] + "'"
		}
		return fields + "\n"
	case strings.HasPrefix(command, "sallyport run "):
		return "start " + strings.Replace(command, "127.0.0.1:8080", "127.0.0.1:0", 1) + "\n"
	case strings.Contains(command, "--listen 127.0.0.1:8080"):
		command = strings.Replace(command, "127.0.0.1:8080", "127.0.0.1:0", 1)
	}
	not := ""
	if c, ok := strings.CutPrefix(command, "! "); ok {
		not, command = "! ", c
	}
	return not + "exec " + command + "\n"
}

// printedLine checks that something was printed, by the command before or by
// the gateway when it started.
func printedLine(line string) string {
	line = strings.TrimPrefix(line, "HTTP/1.1 ")
	pattern := regexp.QuoteMeta(line)
	for from, to := range map[string]string{"…": ".*", `127\.0\.0\.1:8080`: `127\.0\.0\.1:\d+`, "'": "''"} {
		pattern = strings.ReplaceAll(pattern, from, to)
	}
	return "printed '^" + pattern + "$'\n"
}

// scriptPrinted checks that a line of what was printed last matches a pattern.
func scriptPrinted(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: printed PATTERN")
	}
	said := ts.ReadFile("stdout") + "\n" + ts.ReadFile("stderr") + "\n" + ts.Getenv("READY")
	re, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	if !re.MatchString(said) {
		ts.Fatalf("no line matches %s in:\n%s", args[0], said)
	}
}
