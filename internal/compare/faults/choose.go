package faults

import (
	"fmt"
	"slices"
	"strings"
)

// Help lists the names of models and faults with what they mean.
func Help() string {
	var b strings.Builder
	b.WriteString("Models:\n")
	for _, m := range Models() {
		fmt.Fprintf(&b, "  %-14s %s\n", m.ID, m.Title)
	}
	b.WriteString("\nFaults:\n")
	for _, f := range Faults() {
		fmt.Fprintf(&b, "  %-14s %s\n", f.ID, f.Title)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Choose returns the models and the faults of these names, nil where none is
// named.
func Choose(models, faults []string) (m []Model, f []Scenario, err error) {
	if m, err = choose("model", models, Models(), func(m Model) string { return m.ID }); err != nil {
		return nil, nil, err
	}
	f, err = choose("fault", faults, Faults(), func(f Scenario) string { return f.ID })
	return m, f, err
}

func choose[T any](what string, ids []string, all []T, name func(T) string) (chosen []T, err error) {
	for _, id := range ids {
		i := slices.IndexFunc(all, func(x T) bool { return name(x) == id })
		if i < 0 {
			var names []string
			for _, x := range all {
				names = append(names, name(x))
			}
			return nil, fmt.Errorf("unknown %s `%s`: use %s", what, id, strings.Join(names, ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}
