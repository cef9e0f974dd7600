// Package document reads JSON text into values that know where they stand,
// and values into structs, naming every key that no field wants.
//
// Tyk's own decoder drops what it does not know and says of a wrong type
// neither line nor path. An importer must say both: a key that was dropped in
// silence may have been the one that kept people out.
//
// # Keys
//
// As in Tyk, a key matches a field in any case, and of a key given twice the
// last one counts.
package document

import (
	"strconv"
	"strings"
)

// ValueKind is what a value is.
type ValueKind uint8

// The kinds of JSON values.
const (
	Null ValueKind = iota
	Bool
	Number
	Text
	List
	Object
)

// String returns the kind as messages name it, with its article.
func (k ValueKind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// Position is a place in a file. Line and Column count from 1, columns in bytes; a
// Line of 0 stands for the whole file.
type Position struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// String returns the place as editors and compilers write it.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
}

// Value is one JSON value. It is read-only once made, and safe to share.
type Value struct {
	Kind ValueKind
	Pos  Position
	Path string // from the root, as in proxy.listen_path or hosts[0]; empty for the root
	Raw  []byte // its source text

	Text    string   // of a string, or the digits of a number
	Items   []*Value // of a list
	Members []Member // of an object, in the order of the text
}

// Member is one key of an object. Of a key given twice an object has the last
// one only, at its own place.
type Member struct {
	Key   string
	Pos   Position // of the key
	Value *Value
}

// Get returns the value of the key, or nil. A key of the very same spelling is
// preferred to one in another case. A nil value has no keys.
func (v *Value) Get(key string) *Value {
	if v == nil {
		return nil
	}
	var other *Value
	for i := range v.Members {
		m := &v.Members[i]
		if m.Key == key {
			return m.Value
		}
		if strings.EqualFold(m.Key, key) {
			other = m.Value
		}
	}
	return other
}

// At follows keys from v downwards and returns nil where one is missing.
func (v *Value) At(keys ...string) *Value {
	for _, k := range keys {
		v = v.Get(k)
	}
	return v
}

// True reports whether v is the literal true.
func (v *Value) True() bool { return v != nil && v.Kind == Bool && v.Text == "true" }

// Empty reports whether v says nothing: null, false, 0, "", or a list or an
// object in which everything is so. A nil value is empty.
func (v *Value) Empty() bool {
	if v == nil {
		return true
	}
	switch v.Kind {
	case Null:
		return true
	case Bool:
		return v.Text == "false"
	case Number:
		f, err := strconv.ParseFloat(v.Text, 64)
		return err == nil && f == 0
	case Text:
		return v.Text == ""
	}
	for _, item := range v.Items {
		if !item.Empty() {
			return false
		}
	}
	for _, m := range v.Members {
		if !m.Value.Empty() {
			return false
		}
	}
	return true
}

// child returns the path of a member of the value at path.
func child(path, key string) string {
	if key == "" {
		key = `""` // an empty path is that of the root
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

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
