package native

import (
	"slices"
	"strings"
)

// Need returns what the configuration has to grant before a guest may import
// the function of that name: "kv", "http" or "env", or "" if every guest may.
// ok is false for a name that is not part of the ABI.
func Need(name string) (what string, ok bool) {
	all := functions()
	i := slices.IndexFunc(all, func(f function) bool { return f.name == name })
	if i < 0 {
		return "", false
	}
	return string(all[i].grant), true
}

// GrantLine returns the line of configuration that grants everything named,
// each as [Need] names it, with patterns to replace by the own ones.
func GrantLine(what []string) string {
	var parts []string
	for _, g := range []grant{grantKV, grantHTTP, grantEnv} {
		if slices.Contains(what, string(g)) {
			parts = append(parts, string(g)+": "+quoted([]string{g.example()}))
		}
	}
	return "allow: { " + strings.Join(parts, ", ") + " }"
}
