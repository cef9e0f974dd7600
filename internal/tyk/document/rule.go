package document

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// Rule says what becomes of keys that no field wants.
type Rule struct {
	Keys string // separated by spaces
	Text string // after the path of the key
	// Flag is the member that turns an object on; without one, an object is
	// on unless everything in it is empty.
	Flag string
	// Key is what a waiver names; the key itself if it is empty.
	Key string
	// Opens is [Note.Opens]. If it is protected, the key counts only where
	// the API is not open to everyone anyway.
	Opens, Protected bool
	Harmless         bool // see [Note.Harmless]
}

// Rules returns the rules by their keys.
func Rules(all []Rule) map[string]Rule {
	out := make(map[string]Rule)
	for _, r := range all {
		for key := range strings.FieldsSeq(r.Keys) {
			out[key] = r
		}
	}
	return out
}

// Table has the rules of one format. Keys are paths in lower case.
type Table struct {
	Prefix string // of every path, and not part of the keys
	Rules  map[string]Rule
	// Inner has the rules for what is inside of members with names of the
	// user's choice, by the path of the object that holds them.
	Inner map[string]map[string]Rule
	// Unknown is said of a key without a rule; empty stands for the usual.
	Unknown string
}

var index = regexp.MustCompile(`\[\d+\]`)

// find returns the rule for the key at path. Names of the user's choice may
// have dots in them.
func (t *Table) find(path string) (Rule, bool) {
	path = strings.TrimPrefix(strings.ToLower(index.ReplaceAllString(path, "[]")), t.Prefix)
	if r, ok := t.Rules[path]; ok {
		return r, true
	}
	for holder, rules := range t.Inner {
		rest, ok := strings.CutPrefix(path, holder+".")
		for ok {
			if r, found := rules[rest]; found {
				return r, true
			}
			_, rest, ok = strings.Cut(rest, ".")
		}
	}
	return Rule{}, false
}

// asks reports whether the value asks for something. A member disabled, which
// entries of lists have, turns an object off.
func (r Rule) asks(v *Value) bool {
	switch {
	case v.Kind == List:
		return slices.ContainsFunc(v.Items, r.asks)
	case v.Kind == Object && r.Flag != "":
		return v.Get(r.Flag).True()
	case v.Kind == Object && v.Get("disabled").True():
		return false
	}
	return !v.Empty()
}

// Note returns what the rule says of a value.
func (r Rule) Note(pos Position, path, key string) Note {
	return Note{Pos: pos, Path: path, Text: r.Text, Opens: r.Opens, Key: cmp.Or(r.Key, key), Harmless: r.Harmless}
}

// Notes says of each unknown member what becomes of it. Known keys that ask for
// nothing are passed over; open says that everyone may come in.
func (t *Table) Notes(unknown []Member, open bool) []Note {
	var out []Note
	for _, m := range unknown {
		r, ok := t.find(m.Value.Path)
		switch {
		case !ok:
			r.Text = cmp.Or(t.Unknown, "is not a key that is known; ignored")
		case !r.asks(m.Value) || r.Protected && open:
			continue
		}
		out = append(out, r.Note(m.Pos, m.Value.Path, m.Key))
	}
	return out
}
