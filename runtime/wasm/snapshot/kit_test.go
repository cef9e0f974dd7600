package snapshot_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// compiled keeps machine code between tests: compiling the Go guest takes a
// second.
var compiled = wazero.NewCompilationCache()

// engine returns a runtime with WASI that is closed when the test ends.
func engine(tb testing.TB) wazero.Runtime {
	tb.Helper()
	ctx := tb.Context()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(compiled))
	tb.Cleanup(func() { _ = r.Close(context.Background()) })
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, r); err != nil {
		tb.Fatal(err)
	}
	return r
}

// kit is a guest with what is needed to make instances of it.
type kit struct {
	guest
	caps   snapshot.Capabilities
	engine wazero.Runtime
	code   wazero.CompiledModule
}

func newKit(tb testing.TB, caps snapshot.Capabilities, g guest) *kit {
	tb.Helper()
	k := &kit{guest: g, caps: caps, engine: engine(tb)}
	code, err := k.engine.CompileModule(tb.Context(), g.code)
	if err != nil {
		tb.Fatal(err)
	}
	k.code = code
	return k
}

// clone is an instance and, once it is attached, its restorer.
type clone struct {
	*snapshot.Restorer
	memory  *snapshot.LinearMemory
	module  api.Module
	globals []api.MutableGlobal

	functions map[string]api.Function
	stack     [4]uint64
}

func (k *kit) instance(tb testing.TB) *clone {
	tb.Helper()
	ctx := tb.Context()
	m, err := snapshot.NewMemory(k.caps, k.limit)
	if err != nil {
		tb.Fatal(err)
	}
	module, err := m.Instantiate(ctx, k.engine, k.code, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		tb.Fatal(err)
	}
	globals, err := snapshot.Globals(module, k.globals)
	if err != nil {
		tb.Fatal(err)
	}
	return &clone{memory: m, module: module, globals: globals, functions: map[string]api.Function{}}
}

// image takes an image of an initialised instance and closes the instance.
func (k *kit) image(tb testing.TB) *snapshot.Image {
	tb.Helper()
	c := k.instance(tb)
	defer c.close(tb)
	if f := c.module.ExportedFunction("_initialize"); f != nil {
		if _, err := f.Call(tb.Context()); err != nil {
			tb.Fatal(err)
		}
	}
	for n := range k.pages {
		page := c.bytes()[n*os.Getpagesize():][:os.Getpagesize()]
		for i := range page {
			page[i] = byte(n + i + 1)
		}
	}
	image, err := snapshot.Take(c.memory, c.globals)
	if err != nil {
		tb.Fatal(err)
	}
	return image
}

// clone makes an instance of the image that is closed when the test ends.
func (k *kit) clone(tb testing.TB, image *snapshot.Image, s snapshot.Strategy) *clone {
	tb.Helper()
	c := k.instance(tb)
	tb.Cleanup(func() { c.close(tb) })
	c.attach(tb, image, s)
	return c
}

func (c *clone) attach(tb testing.TB, image *snapshot.Image, s snapshot.Strategy) {
	tb.Helper()
	r, err := snapshot.NewRestorer(snapshot.Config{
		Image: image, Memory: c.memory, Globals: c.globals, Strategy: s,
	})
	if err != nil {
		tb.Fatal(err)
	}
	c.Restorer = r
}

func (c *clone) close(tb testing.TB) {
	tb.Helper()
	if c.Restorer != nil {
		c.Restorer.Close()
	}
	if err := c.module.Close(context.Background()); err != nil {
		tb.Error(err)
	}
	if err := c.memory.Unmap(); err != nil {
		tb.Error(err)
	}
}

// try calls a function of the guest and returns its first result.
func (c *clone) try(name string, args ...uint64) (uint64, error) {
	f := c.functions[name]
	if f == nil {
		f = c.module.ExportedFunction(name)
		c.functions[name] = f
	}
	copy(c.stack[:], args)
	err := f.CallWithStack(context.Background(), c.stack[:])
	return c.stack[0], err
}

func (c *clone) call(tb testing.TB, name string, args ...uint64) uint64 {
	tb.Helper()
	v, err := c.try(name, args...)
	if err != nil {
		tb.Fatalf("%s: %v", name, err) // not args: they would escape
	}
	return v
}

func (c *clone) restore(tb testing.TB) snapshot.RestoreStats {
	tb.Helper()
	st, err := c.Restore()
	if err != nil {
		tb.Fatalf("Restore() = %v", err)
	}
	return st
}

// bytes returns the memory as the engine sees it.
func (c *clone) bytes() []byte {
	b, _ := c.module.Memory().Read(0, c.module.Memory().Size())
	return b
}

// strategies are all ways to restore that the system supports.
func strategies(tb testing.TB, caps snapshot.Capabilities) []snapshot.Strategy {
	tb.Helper()
	var found []snapshot.Strategy
	for _, s := range []snapshot.Strategy{snapshot.PageScan, snapshot.HotSet, snapshot.Drop, snapshot.Copy} {
		if _, err := caps.Resolve(s, 1<<20); err != nil {
			tb.Logf("without %s: %v", s, err)
			continue
		}
		found = append(found, s)
	}
	return found
}

func tinyGuest() guest {
	return guest{name: "tiny", code: smallGuest(2, 0), limit: 4 << 20, globals: smallGlobals, pages: 9}
}

// staticGuest has a static array of 8 MiB, most of it zero.
func staticGuest() guest {
	return guest{name: "static", code: smallGuest(129, 0), limit: 16 << 20, globals: smallGlobals, pages: 600}
}

// buildGo builds the Go guest once.
var buildGo = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "snapshot")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	out := filepath.Join(dir, "guest.wasm")
	if err := wasmtest.BuildGo(filepath.Join("testdata", "goguest"), out); err != nil {
		return nil, err
	}
	return os.ReadFile(out)
})

func goGuest(tb testing.TB) guest {
	tb.Helper()
	code, err := buildGo()
	if err != nil {
		tb.Fatal(err)
	}
	code, globals := exportGlobals(tb, code)
	return guest{name: "go", code: code, limit: 64 << 20, globals: globals}
}
