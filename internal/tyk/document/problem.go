package document

import "strings"

// Mistake is one mistake in a document.
type Mistake struct {
	Pos  Position
	Text string
}

// String returns the problem on one line: "file:line:column: what is wrong".
func (p Mistake) String() string { return p.Pos.String() + ": " + p.Text }

// Mistakes are the mistakes of a document. It is an error if it is not empty.
type Mistakes []Mistake

// Error returns the problems, one per line.
func (ps Mistakes) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Note is something of a document that the importer does not carry over, or
// carries over differently. It never stops the import by itself.
type Note struct {
	Pos  Position `json:"pos"`
	Path string   `json:"path"` // of the key, as Value.Path
	Text string   `json:"text"` // what happens to it, and why

	// Opens says that the API would let more through if the key were ignored.
	// The API is refused then, unless Key is waived.
	Opens bool `json:"opens,omitempty"`
	// Key is what a waiver names; the last word of the path as a rule.
	Key string `json:"key,omitempty"`
	// Harmless says that no request can tell the difference.
	Harmless bool `json:"harmless,omitempty"`
}
