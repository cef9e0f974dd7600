package snapshot

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// limitError is how Reallocate breaks off an instantiation: the engine has no
// other way to be told that the first allocation is refused.
type limitError struct{ want, limit uint64 }

func (e limitError) Error() string {
	return fmt.Sprintf("the module starts with %d bytes of memory, the limit is %d", e.want, e.limit)
}

// allocator hands its memory to one module.
type allocator struct{ memory *LinearMemory }

func (a allocator) Allocate(_, _ uint64) experimental.LinearMemory {
	a.memory.allocated = true
	return a.memory
}

// Instantiate makes an instance of code whose linear memory is m. It may be
// called once. It fails if the module starts with more memory than the limit;
// other errors are the engine's. After an error only [LinearMemory.Unmap] remains to
// be called.
func (m *LinearMemory) Instantiate(
	ctx context.Context, engine wazero.Runtime, code wazero.CompiledModule, config wazero.ModuleConfig,
) (module api.Module, err error) {
	if m.allocated || m.module != nil || m.freed.Load() {
		return nil, errors.New("instantiate: the memory is already used")
	}
	defer func() {
		module, err = m.bound(module, err, recover())
	}()
	return engine.InstantiateModule(experimental.WithMemoryAllocator(ctx, allocator{m}), code, config)
}

// bound ties the memory to the module that was made, or marks it as unused.
func (m *LinearMemory) bound(module api.Module, err error, panicked any) (api.Module, error) {
	if panicked != nil {
		refused, ours := panicked.(limitError)
		if !ours {
			panic(panicked)
		}
		err = refused
	}
	if err != nil {
		m.freed.Store(true)
		return nil, err
	}
	m.module = module
	return module, nil
}
