package rewrite_test

import (
	"context"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
)

// fill is memory.fill of n bytes.
func fill(n int) []byte { return cat(konst(0), konst(0), konst(n), 0xfc, 0x0b, 0) }

func TestAFillIsChargedByItsLength(t *testing.T) {
	for name, c := range map[string]struct {
		bytes, rounds, yields int
	}{
		"none":  {0, 1000, 0},
		"small": {64, 1000, 0},
		"whole": {1 << 16, 1000, 12}, // 256 checks each
	} {
		t.Run(name, func(t *testing.T) {
			var e encoder
			e.memory(1)
			body := []any{}
			for range 100 {
				body = append(body, fill(c.bytes))
			}
			e.fn("work", nil, nil, nil, body...)
			onEngines(t, e.build(), rewrite.Options{}, func(t *testing.T, g *guest) {
				for range c.rounds / 100 {
					g.results(t, "work")
				}
				if g.mem.yields != c.yields {
					t.Errorf("yields = %d, want %d", g.mem.yields, c.yields)
				}
			})
		})
	}
}

func TestAFillDoesWhatItDidBefore(t *testing.T) {
	var e encoder
	e.memory(1)
	e.fn("work", nil, []byte{i32}, nil,
		konst(7),                                       // stays on the stack
		konst(8), konst(0x55), konst(4), 0xfc, 0x0b, 0, // fill 4 bytes at 8
		konst(8), 0x28, 2, 0, // load them
		i32Add)
	onEngines(t, e.build(), rewrite.Options{Slice: 1}, func(t *testing.T, g *guest) {
		if got := g.results(t, "work"); uint32(got[0]) != 0x55555555+7 {
			t.Errorf("work = %#x, want 0x5555555c", got[0])
		}
	})
}

func TestCallsOfTheHostAreCharged(t *testing.T) {
	var e encoder
	e.importFunc("host", "f", nil, nil)
	body := []any{}
	for range 250 {
		body = append(body, call, 0)
	}
	e.fn("work", nil, nil, nil, body...)
	out, rep := mustRewrite(t, e.build(), rewrite.Options{})
	ctx := t.Context()
	r := wazero.NewRuntime(ctx)
	defer r.Close(context.Background())
	calls := 0
	b := r.NewHostModuleBuilder("host").NewFunctionBuilder().
		WithGoFunction(api.GoFunc(func(context.Context, []uint64) { calls++ }), nil, nil).Export("f")
	if _, err := b.Instantiate(ctx); err != nil {
		t.Fatal(err)
	}
	g, err := start(ctx, r, out, rep, "")
	if err != nil {
		t.Fatal(err)
	}
	g.results(t, "work")
	if calls != 250 || g.mem.yields != 2 {
		t.Errorf("%d yields in %d calls of the host, want 2 in 250", g.mem.yields, calls)
	}
}
