package classic

import (
	"regexp"
	"strings"

	"github.com/c386954a/sallyport/internal/tyk/document"
)

// rule says what becomes of a key that no field of [Definition] wants.
type rule struct {
	text string
	// flag is the member that turns an object on; without one, an object is
	// on unless everything in it is empty.
	flag string
	// opens and protected: see [document.Note.Opens]; protected keys count
	// only where the API is not keyless.
	opens, protected bool
	// harmless: see [document.Note.Harmless].
	harmless bool
}

// versions is where the keys of single versions are.
const versions = "version_data.versions."

var index = regexp.MustCompile(`\[\d+\]`)

// find returns the rule for the key at path. What is inside a version goes by
// its path within, which a dot in the version's name must not confuse.
func find(path string) (rule, bool) {
	path = strings.ToLower(index.ReplaceAllString(path, "[]"))
	if inner, ok := strings.CutPrefix(path, versions); ok {
		for i := range inner {
			if r, ok := versionRules[inner[i+1:]]; ok && inner[i] == '.' {
				return r, true
			}
		}
		return rule{}, false
	}
	if inner, ok := strings.CutPrefix(path, "auth_configs."); ok {
		_, key, _ := strings.Cut(inner, ".")
		path = "auth." + key
	}
	r, ok := rules[path]
	return r, ok
}

// asks reports whether the value asks for something.
func (r rule) asks(v *document.Value) bool {
	if r.flag != "" && v.Kind == document.Object {
		return v.Get(r.flag).True()
	}
	return !v.Empty()
}

// notes says of each unknown member what becomes of it.
func notes(unknown []document.Member, keyless bool) []document.Note {
	var out []document.Note
	for _, m := range unknown {
		n := document.Note{Pos: m.Pos, Path: m.Value.Path, Key: m.Key}
		r, ok := find(m.Value.Path)
		switch {
		case !ok:
			n.Text = "is not a key that is known; ignored"
		case !r.asks(m.Value) || r.protected && keyless:
			continue
		default:
			n.Text, n.Opens, n.Harmless = r.text, r.opens, r.harmless
		}
		out = append(out, n)
	}
	return out
}
