package archtest_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// group is a row of the table in ARCHITECTURE.md.
type group struct {
	name     string
	packages []string // one that ends with /... stands for all below it, too
	imports  []string // other groups
}

func TestTheTableOfGroupsIsTheArchitecture(t *testing.T) {
	groups := groupsOf(t)
	owner := map[string]string{}
	for pkg := range layers {
		for _, g := range groups {
			if !g.has(pkg) {
				continue
			}
			if owner[pkg] != "" {
				t.Errorf("%s is in the groups %s and %s of ARCHITECTURE.md", pkg, owner[pkg], g.name)
			}
			owner[pkg] = g.name
		}
		if owner[pkg] == "" {
			t.Errorf("%s is in no group of ARCHITECTURE.md", pkg)
		}
	}
	for _, g := range groups {
		want := map[string]bool{}
		for pkg, imports := range layers {
			for _, to := range imports {
				if owner[pkg] == g.name && to != "*" && owner[to] != g.name {
					want[owner[to]] = true
				}
			}
		}
		if have := slices.Sorted(maps.Keys(want)); !slices.Equal(have, slices.Sorted(slices.Values(g.imports))) {
			t.Errorf("group %s imports %s; ARCHITECTURE.md says %s", g.name, strings.Join(have, ", "), strings.Join(g.imports, ", "))
		}
	}
}

func (g *group) has(pkg string) bool {
	return slices.ContainsFunc(g.packages, func(p string) bool {
		below, all := strings.CutSuffix(p, "/...")
		return pkg == below || all && strings.HasPrefix(pkg, below+"/")
	})
}

// groupsOf reads the table "| group | job | packages | may import |".
func groupsOf(t *testing.T) (groups []group) {
	t.Helper()
	for _, row := range rows(t, "## Rooms") {
		groups = append(groups, group{name: row[0], packages: words(row[2]), imports: words(row[3])})
	}
	return groups
}

func words(cell string) (all []string) {
	for w := range strings.SplitSeq(cell, ",") {
		if w = strings.Trim(strings.TrimSpace(w), "`"); w != "" {
			all = append(all, w)
		}
	}
	return all
}
