package snapshot_test

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero"

	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// An instance that is its own template: everything a call does is undone.
func Example() {
	if err := example(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// after the call: 42 in 5 pages
	// after the restore: 0 in 2 pages
}

func example(ctx context.Context) error {
	engine := wazero.NewRuntime(ctx)
	defer func() { _ = engine.Close(ctx) }()
	code, err := engine.CompileModule(ctx, smallGuest(2, 0))
	if err != nil {
		return err
	}
	memory, err := snapshot.NewMemory(snapshot.Probe(), 1<<20)
	if err != nil {
		return err
	}
	defer func() { _ = memory.Unmap() }()
	module, err := memory.Instantiate(ctx, engine, code, wazero.NewModuleConfig())
	if err != nil {
		return err
	}
	defer func() { _ = module.Close(ctx) }()
	globals, err := snapshot.Globals(module, smallGlobals)
	if err != nil {
		return err
	}
	image, err := snapshot.Take(memory, globals)
	if err != nil {
		return err
	}
	defer image.Close()
	restorer, err := snapshot.NewRestorer(snapshot.Config{Image: image, Memory: memory, Globals: globals})
	if err != nil {
		return err
	}
	defer restorer.Close()

	if _, err := module.ExportedFunction(fnStore).Call(ctx, 64, 42); err != nil {
		return err
	}
	if _, err := module.ExportedFunction(fnGrow).Call(ctx, 3); err != nil {
		return err
	}
	show := func(when string) {
		b, _ := module.Memory().ReadByte(64)
		fmt.Printf("%s: %d in %d pages\n", when, b, module.Memory().Size()/snapshot.PageSize)
	}
	show("after the call")
	if _, err := restorer.Restore(); err != nil {
		return err
	}
	show("after the restore")
	return nil
}
