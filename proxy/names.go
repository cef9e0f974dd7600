package proxy

import (
	"strings"

	"github.com/c386954a/sallyport/proxy/h1"
)

// names finds APIs by what a redirect calls them: the id or the name as it is,
// or the name in its loose spelling.
type names map[string]*route

// newNames returns the names of some APIs. Ids come before names, those that
// are reached from outside before internal ones, and what is first before what
// is later.
func newNames(routes []*route) names {
	n := make(names, 3*len(routes))
	for _, spell := range []func(*route) string{
		func(r *route) string { return r.Chain.API().ID },
		func(r *route) string { return r.Chain.API().Name },
		func(r *route) string { return looseName(r.Chain.API().Name) },
	} {
		for _, internal := range []bool{false, true} {
			for _, r := range routes {
				if r.Internal == internal {
					n.add(spell(r), r)
				}
			}
		}
	}
	return n
}

func (n names) add(name string, r *route) {
	if n[name] == nil && name != "" {
		n[name] = r
	}
}

// named returns the API of that id or name, or nil.
func (r *Router) named(target string) *route {
	if found := r.names[target]; found != nil {
		return found
	}
	return r.names[looseName(target)]
}

// looseName returns a name as it can stand in a URL, in lower case: without a
// category at its end, and with a hyphen for every run of other characters
// than letters and digits.
func looseName(name string) string {
	name, _, _ = strings.Cut(name, " #")
	b := make([]byte, 0, len(name))
	for i := range len(name) {
		c := h1.Lower(name[i])
		switch {
		case ('a' <= c && c <= 'z') || ('0' <= c && c <= '9'):
			b = append(b, c)
		case len(b) == 0 || b[len(b)-1] != '-':
			b = append(b, '-')
		}
	}
	return string(b)
}
