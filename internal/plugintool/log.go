package plugintool

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/c386954a/sallyport/internal/output"
)

// stageLog keeps what plugins log and what goes wrong. It is safe for
// concurrent use: processes log when they like.
type stageLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// logLine is one line of it.
type logLine struct {
	Level  string `json:"level"`
	Plugin string `json:"plugin,omitempty"`
	Fault  string `json:"fault,omitempty"` // kind of the fault that the line reports
	Text   string `json:"text"`
}

// Write implements io.Writer for a logger of JSON lines.
func (l *stageLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// take returns the lines since the last time.
func (l *stageLog) take() []logLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []logLine
	for line := range bytes.Lines(l.b.Bytes()) {
		all = append(all, parseLogLine(line))
	}
	l.b.Reset()
	return all
}

// parseLogLine keeps of an event what an author wants to see.
func parseLogLine(line []byte) logLine {
	var e struct {
		Level, Plugin, Kind, Message, Line, Error string
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return logLine{Text: string(line)}
	}
	out := logLine{Level: e.Level, Plugin: e.Plugin, Fault: e.Kind, Text: e.Message}
	switch {
	case e.Line != "":
		out.Text = e.Line
	case e.Kind != "" && e.Error != "":
		out.Text = e.Error
	case e.Error != "":
		out.Text += ": " + e.Error
	}
	return out
}

// print shows the line below the test it belongs to.
func (l logLine) print(out io.Writer, p output.Paint) {
	label := "log"
	switch {
	case l.Fault != "":
		label = "fault " + l.Fault
	case l.Level == "warn" || l.Level == "error":
		label = l.Level
	}
	first, rest, _ := strings.Cut(strings.TrimRight(l.Text, "\n"), "\n")
	fmt.Fprintf(out, "      %s%s: %s%s\n", p.Dim, label, first, p.Plain)
	for _, line := range named(rest) {
		fmt.Fprintf(out, "      %s  %s%s\n", p.Dim, line, p.Plain)
	}
}

// named returns the lines of a stack trace without those that only have the
// number of a function, or nothing if no other is left.
func named(trace string) []string {
	var lines []string
	for line := range strings.Lines(trace) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, ".$") {
			lines = append(lines, line)
		}
	}
	if len(lines) == 1 && strings.HasSuffix(lines[0], ":") {
		return nil
	}
	return lines
}
