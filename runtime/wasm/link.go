package wasm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/c386954a/sallyport/runtime/wasm/guest"
	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// linkHost makes the modules that guests import from.
func (p *plugin) linkHost(ctx context.Context) error {
	if err := instantiateWASI(ctx, p.engine); err != nil {
		return err
	}
	return p.contract.Instantiate(ctx, p.engine)
}

// checkImports reports everything the guest imports that the sandbox does not
// offer to it, all at once.
func checkImports(code wazero.CompiledModule, c guest.Contract) error {
	var wrong []string
	for _, def := range code.ImportedFunctions() {
		module, name, _ := def.Import()
		var err error
		if module == wasi_snapshot_preview1.ModuleName {
			err = linkWASI(def)
		} else {
			err = c.Link(def)
		}
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s.%s: %v", module, name, err))
		}
	}
	for _, def := range code.ImportedMemories() {
		module, name, _ := def.Import()
		wrong = append(wrong, fmt.Sprintf("%s.%s: memory cannot be imported", module, name))
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return fmt.Errorf("imports that the sandbox does not offer to it: %s", strings.Join(wrong, "; "))
}

// checkExports reports what is wrong with the exports that do not depend on the
// guest ABI.
func checkExports(code wazero.CompiledModule, limit int64) error {
	memory, ok := code.ExportedMemories()["memory"]
	if !ok {
		return errors.New("the linear memory is not exported as memory")
	}
	if size := int64(memory.Min()) * snapshot.PageSize; size > limit {
		return fmt.Errorf("needs %d bytes of memory to start, the limit is %d", size, limit)
	}
	functions := code.ExportedFunctions()
	if f := functions["_initialize"]; f != nil && len(f.ParamTypes())+len(f.ResultTypes()) > 0 {
		return errors.New("_initialize is not a function () -> ()")
	}
	if functions["_start"] != nil && functions["_initialize"] == nil {
		return errors.New("is a command; build it as a reactor, which exports _initialize " +
			"(Go: -buildmode=c-shared, clang: -mexec-model=reactor)")
	}
	return nil
}
