package rewrite_test

import (
	"context"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
)

const (
	page      = 1 << 16
	yieldSize = 32_768 * page

	tailCallFeatures = api.CoreFeaturesV2 | experimental.CoreFeaturesTailCall
)

// memory is the allocator of one instance. It stands in for the gateway's: it
// enforces the limit, and it recognises a yield by its size.
type memory struct {
	buf    []byte
	limit  uint64
	yields int
	// onYield is called on the guest's goroutine at each yield.
	onYield func()
}

func (m *memory) Allocate(_, _ uint64) experimental.LinearMemory { return m }
func (m *memory) Free()                                          {}

func (m *memory) Reallocate(size uint64) []byte {
	old := uint64(len(m.buf))
	switch {
	case size == old+yieldSize:
		m.yields++
		if m.onYield != nil {
			m.onYield()
		}
		return nil
	case size > m.limit:
		return nil
	}
	m.buf = slices.Grow(m.buf, int(size-old))[:size]
	return m.buf
}

// guest is one running module, rewritten or not.
type guest struct {
	api.Module
	mem *memory
	rep *rewrite.ModuleReport
}

// start brings a rewritten module up the way a host must: instantiate, write
// the data, call the start function.
func start(ctx context.Context, r wazero.Runtime, out []byte, rep *rewrite.ModuleReport, name string) (*guest, error) {
	compiled, err := r.CompileModule(ctx, out)
	if err != nil {
		return nil, err
	}
	g := &guest{mem: &memory{limit: min(uint64(rep.Memory.Max)*page, 1<<30)}, rep: rep}
	config := wazero.NewModuleConfig().WithName(name).WithStartFunctions()
	g.Module, err = r.InstantiateModule(experimental.WithMemoryAllocator(ctx, g.mem), compiled, config)
	if err != nil {
		return nil, err
	}
	for _, s := range rep.Segments {
		if !g.Memory().Write(s.Offset, s.Bytes) {
			panic("segment out of bounds")
		}
	}
	if rep.Start != "" {
		if _, err := g.ExportedFunction(rep.Start).Call(ctx); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// set changes one of the added globals.
func (g *guest) set(name string, v int32) {
	g.ExportedGlobal(name).(api.MutableGlobal).Set(api.EncodeI32(v))
}

func (g *guest) get(name string) int32 {
	return api.DecodeI32(g.ExportedGlobal(name).Get())
}

// stopAfter raises the stop flag at the n-th yield from now.
func (g *guest) stopAfter(n int) {
	until := g.mem.yields + n
	g.mem.onYield = func() {
		if g.mem.yields >= until {
			g.set(rewrite.StopName, 1)
		}
	}
}

// engines are the two execution engines; every behaviour is tested on both.
func engines() map[string]wazero.RuntimeConfig {
	return map[string]wazero.RuntimeConfig{
		"compiler":    wazero.NewRuntimeConfigCompiler(),
		"interpreter": wazero.NewRuntimeConfigInterpreter(),
	}
}

// onEngines runs a test of a rewritten module on both engines.
func onEngines(t *testing.T, module []byte, opt rewrite.Options, test func(t *testing.T, g *guest)) {
	t.Helper()
	out, rep := mustRewrite(t, module, opt)
	for name, config := range engines() {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			r := wazero.NewRuntimeWithConfig(ctx, config)
			t.Cleanup(func() { r.Close(context.Background()) })
			g, err := start(ctx, r, out, rep, "")
			if err != nil {
				t.Fatal(err)
			}
			test(t, g)
		})
	}
}

func mustRewrite(t testing.TB, module []byte, opt rewrite.Options) ([]byte, *rewrite.ModuleReport) {
	t.Helper()
	out, rep, err := rewrite.Rewrite(module, opt)
	if err != nil {
		t.Fatal(err)
	}
	return out, rep
}
