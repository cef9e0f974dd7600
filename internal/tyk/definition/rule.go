package definition

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/c386954a/sallyport/internal/tyk/document"
)

// rule says what becomes of a key that no field wants.
type rule struct {
	text string
	// flag is the member that turns an object on; without one, an object is
	// on unless everything in it is empty.
	flag string
	// key is what a waiver names; the key itself if it is empty.
	key string
	// opens and protected: see [document.Note.Opens]; protected keys count
	// only where the API is not keyless.
	opens, protected bool
	// harmless: see [document.Note.Harmless].
	harmless bool
}

// What several rules say.
const (
	otherAuth  = "is a way to authenticate that is not supported; without it the API would be more open"
	moreOpen   = "is not supported; without it the API would let more through"
	noEffect   = "has no effect here"
	notAnalyse = "is about analytics, which the gateway has none of; ignored"
	notDone    = "is not supported; ignored"
	oneTarget  = "is not supported: all requests go to upstream.url"
)

// table has the rules of one format.
type table struct {
	prefix string // of every path, and not part of the keys below
	rules  map[string]rule
	// inner has the rules for what is inside of members with names of the
	// user's choice, by the path of the object that holds them.
	inner map[string]map[string]rule
}

var index = regexp.MustCompile(`\[\d+\]`)

// find returns the rule for the key at path. Names of the user's choice may
// have dots in them.
func (t *table) find(path string) (rule, bool) {
	path = strings.TrimPrefix(strings.ToLower(index.ReplaceAllString(path, "[]")), t.prefix)
	if r, ok := t.rules[path]; ok {
		return r, true
	}
	for holder, rules := range t.inner {
		rest, ok := strings.CutPrefix(path, holder+".")
		for ok {
			if r, found := rules[rest]; found {
				return r, true
			}
			_, rest, ok = strings.Cut(rest, ".")
		}
	}
	return rule{}, false
}

// asks reports whether the value asks for something.
func (r rule) asks(v *document.Value) bool {
	switch {
	case r.flag == "":
	case v.Kind == document.Object:
		return v.Get(r.flag).True()
	case v.Kind == document.List:
		return slices.ContainsFunc(v.Items, r.asks)
	}
	return !v.Empty()
}

// note returns what the rule says of a value.
func (r rule) note(pos document.Pos, path, key string) document.Note {
	return document.Note{Pos: pos, Path: path, Text: r.text, Opens: r.opens, Key: cmp.Or(r.key, key), Harmless: r.harmless}
}

// notes says of each unknown member what becomes of it.
func (t *table) notes(unknown []document.Member, keyless bool) []document.Note {
	var out []document.Note
	for _, m := range unknown {
		r, ok := t.find(m.Value.Path)
		switch {
		case !ok:
			r.text = "is not a key that is known; ignored"
		case !r.asks(m.Value) || r.protected && keyless:
			continue
		}
		out = append(out, r.note(m.Pos, m.Value.Path, m.Key))
	}
	return out
}
