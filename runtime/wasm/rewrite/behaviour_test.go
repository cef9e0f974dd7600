package rewrite_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tetratelabs/wazero"

	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
)

// results calls an export and returns what it returns.
func (g *guest) results(t *testing.T, name string, args ...uint64) []uint64 {
	t.Helper()
	got, err := g.ExportedFunction(name).Call(t.Context(), args...)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return got
}

// traps calls an export that must end with "unreachable".
func (g *guest) traps(t *testing.T, name string, args ...uint64) {
	t.Helper()
	_, err := g.ExportedFunction(name).Call(t.Context(), args...)
	if err == nil || !strings.Contains(err.Error(), "unreachable") {
		t.Fatalf("%s: got %v, want a trap", name, err)
	}
}

func TestEndlessLoopEndsWhenStopIsRaised(t *testing.T) {
	var e encoder
	e.fn("spin", nil, nil, nil, loop, empty, br, 0, end)
	onEngines(t, e.build(), rewrite.Options{}, func(t *testing.T, g *guest) {
		g.stopAfter(3)
		g.traps(t, "spin")
		if g.mem.yields != 3 {
			t.Errorf("yields = %d, want 3", g.mem.yields)
		}
		if fuel := g.get(rewrite.FuelName); fuel != 20_000 {
			t.Errorf("fuel = %d after the trap, want a full slice", fuel)
		}
	})
}

func TestInstanceRunsAgainAfterAStop(t *testing.T) {
	var e encoder
	e.fn("spin", nil, nil, nil, loop, empty, br, 0, end)
	e.fn("one", nil, []byte{i32}, nil, konst(1))
	onEngines(t, e.build(), rewrite.Options{}, func(t *testing.T, g *guest) {
		for range 3 {
			g.stopAfter(1)
			g.traps(t, "spin")
			g.set(rewrite.StopName, 0)
			if got := g.results(t, "one"); got[0] != 1 {
				t.Fatalf("one = %d", got[0])
			}
		}
	})
}

func TestCallTreeWithoutLoopsEndsWhenStopIsRaised(t *testing.T) {
	var e encoder
	// Each function calls the next twice: 2^64 calls, 64 deep, no loop.
	const depth = 64
	for i := range depth {
		name := ""
		if i == 0 {
			name = "tree"
		}
		e.fn(name, nil, nil, nil, call, u32(i+1), call, u32(i+1))
	}
	e.fn("", nil, nil, nil)
	onEngines(t, e.build(), rewrite.Options{}, func(t *testing.T, g *guest) {
		g.stopAfter(2)
		g.traps(t, "tree")
	})
}

func TestEndlessRecursionEndsAtTheDepthLimit(t *testing.T) {
	var e encoder
	e.fn("down", nil, nil, nil, call, 0)
	e.fn("wide", []byte{i64, v128}, nil, []byte{i32, f64}, localGet, 0, localGet, 1, call, 1)
	for _, limit := range []int{0, 1, 800, 12_000} {
		onEngines(t, e.build(), rewrite.Options{DepthLimit: limit}, func(t *testing.T, g *guest) {
			if limit == 0 && strings.HasSuffix(t.Name(), "interpreter") {
				return // its own stack ends first
			}
			want := int32(limit)
			if limit == 0 {
				want = 131_072
			}
			for name, cost := range map[string]int32{"down": 8, "wide": 8 + 1 + 2 + 2} {
				g.traps(t, name, make([]uint64, 3*min(1, cost-8))...)
				if got := g.get(rewrite.DepthName); got != (want/cost+1)*cost {
					t.Errorf("%s: depth = %d, want the first multiple of %d above %d", name, got, cost, want)
				}
				g.set(rewrite.DepthName, 0)
			}
		})
	}
}

// TestOperandsCountTowardsTheDepth is the regression test for a function that
// keeps a thousand operands across a call to itself: 8 slots a call let it run
// into the engine's own stack overflow, after 118 MiB.
func TestOperandsCountTowardsTheDepth(t *testing.T) {
	const operands = 1_000
	var push, add []byte
	for range operands {
		push = append(push, cat(konst(0), i32Load8U, 0, 0)...)
		add = append(add, i32Add)
	}
	var e encoder
	e.memory(1)
	e.fn("pile", nil, []byte{i32}, nil, push, call, 0, add)
	onEngines(t, e.build(), rewrite.Options{}, func(t *testing.T, g *guest) {
		g.traps(t, "pile")
		const cost = operands + 1 // the result of the call is one more
		if got, want := g.get(rewrite.DepthName), int32((131_072/cost+1)*cost); got != want {
			t.Errorf("depth = %d, want %d", got, want)
		}
	})
}

func TestDepthIsZeroAfterEveryWayOut(t *testing.T) {
	var e encoder
	leaf := e.fn("", nil, nil, nil)
	callLeaf := cat(call, u32(leaf))
	// pick returns 10 + its argument by five ways out, at several block depths.
	e.fn(
		"pick", []byte{i32}, []byte{i32}, nil, callLeaf,
		block, empty, block, empty, block, empty, block, empty,
		localGet, 0, brTable, 4, 0, 1, 2, 3, 3, end,
		konst(10), ret, end,
		konst(11), br, 2, end,
		loop, empty, konst(12), ret, end, unreachable, end,
		localGet, 0, i32Const, 3, i32LtS, ifOp, i32, konst(99), elseOp, konst(13), ret, end,
	)
	// table branches to the function's label from inside two blocks.
	e.fn(
		"table", []byte{i32}, []byte{i32}, nil, callLeaf,
		block, i32, konst(20), localGet, 0, brTable, 1, 0, 1, end, konst(1), i32Add,
	)
	e.fn("if", []byte{i32}, nil, nil, callLeaf, localGet, 0, brIf, 0, callLeaf)
	onEngines(t, e.build(), rewrite.Options{}, func(t *testing.T, g *guest) {
		for arg, want := range []uint64{10, 11, 12, 13, 13} {
			if got := g.results(t, "pick", uint64(arg)); got[0] != want {
				t.Errorf("pick(%d) = %d, want %d", arg, got[0], want)
			}
		}
		for arg, want := range []uint64{21, 20} {
			if got := g.results(t, "table", uint64(arg)); got[0] != want {
				t.Errorf("table(%d) = %d, want %d", arg, got[0], want)
			}
		}
		g.results(t, "if", 0)
		g.results(t, "if", 1)
		if depth := g.get(rewrite.DepthName); depth != 0 {
			t.Errorf("depth = %d", depth)
		}
	})
}

func TestFunctionsWithSeveralResults(t *testing.T) {
	var e encoder
	leaf := e.fn("", nil, nil, nil)
	callLeaf := cat(call, u32(leaf))
	e.fn("early", []byte{i32}, []byte{i32, i64}, nil, callLeaf,
		localGet, 0, ifOp, empty, konst(1), i64Const, 2, ret, end, konst(3), i64Const, 4)
	e.fn("again", nil, []byte{i32, i64}, nil, callLeaf, konst(5), i64Const, 6, br, 0)
	e.fn("known", nil, []byte{i64, i64}, nil, callLeaf, i64Const, 7, i64Const, 8)
	out, rep := mustRewrite(t, e.build(), rewrite.Options{})
	if rep.Wrapped != 3 {
		t.Errorf("Wrapped = %d, want 3", rep.Wrapped)
	}
	if !bytes.Contains(out, cat(0x60, 0, 2, i32, i64)) {
		t.Error("no type () -> (i32, i64) added")
	}
	onEngines(t, e.build(), rewrite.Options{}, func(t *testing.T, g *guest) {
		for _, c := range []struct {
			name string
			args []uint64
			want []uint64
		}{
			{"early", []uint64{1}, []uint64{1, 2}},
			{"early", []uint64{0}, []uint64{3, 4}},
			{"again", nil, []uint64{5, 6}},
			{"known", nil, []uint64{7, 8}},
		} {
			if diff := cmp.Diff(c.want, g.results(t, c.name, c.args...)); diff != "" {
				t.Errorf("%s: %s", c.name, diff)
			}
		}
	})
}

func TestStartFunctionRunsWhenTheHostCallsIt(t *testing.T) {
	var e encoder
	e.memory(1)
	e.segment(8, "\x2a")
	g := e.global(i32, 1, konst(0))
	e.start = u32(e.fn("", nil, nil, nil, konst(8), i32Load8U, 0, 0, globalSet, g))
	e.fn("seen", nil, []byte{i32}, nil, globalGet, g)
	out, rep := mustRewrite(t, e.build(), rewrite.Options{})
	if rep.Start != rewrite.StartName {
		t.Errorf("Start = %q", rep.Start)
	}
	r := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfigInterpreter())
	defer r.Close(context.Background())
	m, err := r.Instantiate(t.Context(), out)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.ExportedGlobal("__sp_g0").Get(); got != 0 {
		t.Errorf("global = %d before the host's call, want 0", got)
	}
	onEngines(t, e.build(), rewrite.Options{}, func(t *testing.T, g *guest) {
		if got := g.results(t, "seen"); got[0] != 0x2a {
			t.Errorf("seen = %d, want the data the host wrote before", got[0])
		}
	})
}

func TestTailCallsRefundTheirDepth(t *testing.T) {
	var e encoder
	// count(n) calls itself n times in tail position, in a block.
	e.fn("count", []byte{i32}, []byte{i32}, nil,
		localGet, 0, i32Eqz, ifOp, empty, konst(42), ret, end,
		block, empty, localGet, 0, konst(1), i32Sub, returnCall, 0, end, unreachable)
	e.tables = [][]byte{cat(funcref, 0, 1)}
	e.elems = [][]byte{cat(0, konst(0), end, 1, 0)}
	e.fn("indirect", []byte{i32}, []byte{i32}, nil, localGet, 0, konst(0), returnCallIndirect, 0, 0)
	module := e.build()
	if _, _, err := rewrite.Rewrite(module, rewrite.Options{}); err == nil || !strings.Contains(err.Error(), "tail calls") {
		t.Errorf("got %v, want tail calls refused by default", err)
	}
	for name, config := range engines() {
		t.Run(name, func(t *testing.T) {
			r := wazero.NewRuntimeWithConfig(t.Context(), config.WithCoreFeatures(tailCallFeatures))
			defer r.Close(context.Background())
			out, rep := mustRewrite(t, module, rewrite.Options{TailCalls: true})
			g, err := start(t.Context(), r, out, rep, "")
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"count", "indirect"} {
				if got := g.results(t, name, 100_000); got[0] != 42 {
					t.Errorf("%s = %d", name, got[0])
				}
			}
			if depth := g.get(rewrite.DepthName); depth != 0 {
				t.Errorf("depth = %d", depth)
			}
		})
	}
}

func TestPlainYieldNeedsNoAllocator(t *testing.T) {
	var e encoder
	e.memory(1)
	e.fn("sum", []byte{i32}, []byte{i32}, []byte{i32},
		loop, empty, localGet, 1, localGet, 0, i32Add, localSet, 1,
		localGet, 0, konst(1), i32Sub, localTee, 0, brIf, 0, end, localGet, 1)
	onEngines(t, e.build(), rewrite.Options{PlainYield: true, Slice: 1}, func(t *testing.T, g *guest) {
		if got := g.results(t, "sum", 1000); got[0] != 500_500 {
			t.Errorf("sum = %d", got[0])
		}
		if g.mem.yields != 0 {
			t.Errorf("the allocator saw %d yields", g.mem.yields)
		}
	})
}

func TestImportedStartFunctionRunsWhenTheHostCallsIt(t *testing.T) {
	var e encoder
	e.importFunc("env", "init", nil, nil)
	e.start = u32(0)
	out, rep := mustRewrite(t, e.build(), rewrite.Options{})
	for name, config := range engines() {
		t.Run(name, func(t *testing.T) {
			r := wazero.NewRuntimeWithConfig(t.Context(), config)
			defer r.Close(context.Background())
			calls := 0
			_, err := r.NewHostModuleBuilder("env").NewFunctionBuilder().
				WithFunc(func() { calls++ }).Export("init").Instantiate(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := start(t.Context(), r, out, rep, ""); err != nil || calls != 1 {
				t.Errorf("%d calls, error %v", calls, err)
			}
		})
	}
}

func TestTablesGrowOnlyToTheirShare(t *testing.T) {
	var e encoder
	e.tables = [][]byte{cat(funcref, 0, 3), cat(externref, 1, 0, u32(10)), cat(externref, 0, 0), cat(externref, 1, 0, u32(1<<31))}
	for i, typ := range []int{funcref, externref, externref, externref} {
		e.fn(string(rune('a'+i)), []byte{i32}, []byte{i32}, nil, refNull, typ, localGet, 0, misc, 0x0f, i)
	}
	onEngines(t, e.build(), rewrite.Options{}, func(t *testing.T, g *guest) {
		const share = 1 << 18
		for name, most := range map[string]uint64{"a": share - 3, "b": 10, "c": share, "d": share} {
			if got := g.results(t, name, most+1); int32(got[0]) != -1 {
				t.Errorf("%s grew by %d, above its maximum", name, most+1)
			}
			if got := g.results(t, name, most); int32(got[0]) == -1 {
				t.Errorf("%s did not grow by %d", name, most)
			}
		}
	})
}
