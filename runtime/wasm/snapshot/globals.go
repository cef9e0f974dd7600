package snapshot

import (
	"fmt"

	"github.com/tetratelabs/wazero/api"
)

// Globals returns the mutable globals that a module exports under the given
// names, in their order.
func Globals(module api.Module, names []string) ([]api.MutableGlobal, error) {
	globals := make([]api.MutableGlobal, 0, len(names))
	for _, name := range names {
		g := module.ExportedGlobal(name)
		if g == nil {
			return nil, fmt.Errorf("the module exports no global %q", name)
		}
		m, ok := g.(api.MutableGlobal)
		if !ok {
			return nil, fmt.Errorf("global %q is not mutable", name)
		}
		globals = append(globals, m)
	}
	return globals, nil
}
