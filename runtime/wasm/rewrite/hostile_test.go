package rewrite_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
)

// rejected demands an *Error that says want, and returns it.
func rejected(t *testing.T, module []byte, kind error, want string) *rewrite.ModuleError {
	t.Helper()
	out, rep, err := rewrite.Rewrite(module, rewrite.Options{})
	if out != nil || rep != nil {
		t.Error("output beside an error")
	}
	e, ok := errors.AsType[*rewrite.ModuleError](err)
	if !ok || !errors.Is(err, kind) || !strings.Contains(err.Error(), want) {
		t.Fatalf("got %v, want %v with %q", err, kind, want)
	}
	return e
}

// TestGuestCannotNameTheAddedGlobals is the regression test for the guest that
// wrote its own fuel and stop flag: one above its last global lay ours.
func TestGuestCannotNameTheAddedGlobals(t *testing.T) {
	for added := range 3 {
		for _, op := range []int{globalSet, globalGet} {
			t.Run(fmt.Sprintf("%#x/%d", op, added), func(t *testing.T) {
				var e encoder
				e.global(i32, 1, konst(0))
				e.fn("escape", nil, nil, nil, loop, empty, konst(1<<30), op, u32(1+added), br, 0, end)
				err := rejected(t, e.build(), rewrite.ErrMalformed, "global index")
				if err.Function != 0 || err.Opcode != op || err.Section != "code" {
					t.Errorf("error %+v", err)
				}
			})
		}
	}
}

// TestInvalidModulesStayInvalid lists what the additions would make valid.
func TestInvalidModulesStayInvalid(t *testing.T) {
	for _, c := range []struct {
		name  string
		want  string
		build func(e *encoder)
	}{
		{"export of an added global", "global index 0", func(e *encoder) { e.export("g", 3, 0) }},
		{"constant from an added global", "global index 1", func(e *encoder) {
			e.global(i32, 0, cat(globalGet, 1))
		}},
		{"segment at an added global", "global index 0", func(e *encoder) {
			e.memory(1)
			e.data = [][]byte{cat(0, globalGet, 0, end, 0)}
		}},
		{"export of the added memory", "memory index 0", func(e *encoder) { e.export("m", 2, 0) }},
		{"load without a memory", "needs a memory", func(e *encoder) {
			e.fn("", nil, nil, nil, konst(0), i32Load, 2, 0, drop)
		}},
		{"memory.size without a memory", "needs a memory", func(e *encoder) {
			e.fn("", nil, nil, nil, memorySize, 0, drop)
		}},
		{"memory.fill without a memory", "needs a memory", func(e *encoder) {
			e.fn("", nil, nil, nil, konst(0), konst(0), konst(0), misc, 0x0b, 0)
		}},
		{"data without a memory", "without a memory", func(e *encoder) { e.segment(0, "") }},
		{"maximum below the minimum", "above its maximum", func(e *encoder) { e.memoryMax(2, 1) }},
		{"maximum above 4 GiB", "more than 65536 pages", func(e *encoder) { e.memoryMax(0, 65_537) }},
		{"block of an added type", "type index 1", func(e *encoder) {
			e.typ(nil, nil)
			e.fn("", nil, nil, nil, block, 1, end)
		}},
		{"call through an added type", "type index 2", func(e *encoder) {
			e.tables = [][]byte{cat(funcref, 0, 1)}
			e.fn("", nil, []byte{i32, i32}, nil, konst(0), callIndirect, 0, 0)
			e.fn("", nil, nil, nil, call, 0, drop, drop, konst(0), callIndirect, 2, 0)
		}},
		{"branch to the wrapper's outer label", "label index 1", func(e *encoder) {
			e.fn("", nil, nil, nil, call, 0, br, 1)
		}},
		{"branch table to the outer label", "label index 2", func(e *encoder) {
			e.fn("", nil, nil, nil, call, 0, block, empty, konst(0), brTable, 1, 2, 0, end)
		}},
		{"else on the wrapper", "else without if", func(e *encoder) {
			e.fn("", nil, nil, nil, call, 0, elseOp)
		}},
		{"second else", "else without if", func(e *encoder) {
			e.fn("", nil, nil, nil, konst(0), ifOp, empty, elseOp, elseOp, end)
		}},
		{"code behind the end", "behind the end of the function", func(e *encoder) {
			e.fn("", nil, nil, nil, end, nop)
		}},
		{"ref.func of the start function", "not declared", func(e *encoder) {
			e.start = u32(e.fn("", nil, nil, nil, refFunc, 0, drop))
		}},
		{"start function with a result", "start function has signature", func(e *encoder) {
			e.start = u32(e.fn("", nil, []byte{i32}, nil, konst(0)))
		}},
		{"start function out of range", "function index 4", func(e *encoder) { e.start = u32(4) }},
		{"wrong data count", "1 data segments announced, 0 found", func(e *encoder) { e.dataCount = u32(1) }},
		{"memory.init without a data count", "needs a data count", func(e *encoder) {
			e.memory(1)
			e.data = [][]byte{cat(1, 0)}
			e.fn("", nil, nil, nil, konst(0), konst(0), konst(0), misc, 8, 0, 0)
		}},
		{"dropped section with a bad name", "not valid UTF-8", func(e *encoder) {
			e.extra = cat(0, sized(sized([]byte(".debug_\xff"))))
		}},
		{"operand missing", "operand missing", func(e *encoder) {
			e.fn("", nil, nil, nil, block, empty, drop, end)
		}},
		{"operand left over", "1 operands at the end of a block with 0 results", func(e *encoder) {
			e.fn("", nil, nil, nil, loop, empty, konst(0), end)
		}},
		{"local out of range", "local index 2", func(e *encoder) {
			e.fn("", []byte{i32}, nil, []byte{i32}, localGet, 2, drop)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var e encoder
			c.build(&e)
			rejected(t, e.build(), rewrite.ErrMalformed, c.want)
		})
	}
}

func TestUnsupportedFeaturesAreRefusedByName(t *testing.T) {
	imports := func(desc ...any) func(e *encoder) {
		return func(e *encoder) {
			e.imports = [][]byte{cat(sized([]byte("env")), sized([]byte("x")), cat(desc...))}
		}
	}
	code := func(body ...any) func(e *encoder) {
		return func(e *encoder) {
			e.memory(1)
			e.fn("", nil, nil, nil, append([]any{unreachable}, body...)...)
		}
	}
	for _, c := range []struct {
		want  string
		build func(e *encoder)
	}{
		{"imported memory env.x", imports(2, 0, 1)},
		{"imported table env.x", imports(1, funcref, 0, 1)},
		{"imported mutable global env.x", imports(3, i32, 1)},
		{"imported tag env.x", imports(4, 0, 0)},
		{"shared memory", func(e *encoder) { e.memories = [][]byte{cat(3, 1, 2)} }},
		{"64-bit memory", func(e *encoder) { e.memories = [][]byte{cat(4, 1)} }},
		{"several memories", func(e *encoder) { e.memory(1); e.memory(1) }},
		{"several memories", code(i32Load, 0x42, 1, 0)},
		{"several memories", code(memoryGrow, 1)},
		{"tags", func(e *encoder) { e.extra = cat(13, 1, 0) }},
		{"legacy exception handling", code(0x06, empty, end)},
		{"exception handling", code(0x1f, empty, 0, end)},
		{"exception handling", code(0x08, 0)},
		{"exnref", func(e *encoder) { e.typ([]byte{0x69}, nil) }},
		{"threads (atomics)", code(0xfe, 0x10, 2, 0)},
		{"garbage collection", code(0xfb, 0, 0)},
		{"garbage collection", func(e *encoder) { e.types = [][]byte{cat(0x5f, 0)} }},
		{"garbage collection", func(e *encoder) { e.typ([]byte{0x6e}, nil) }},
		{"typed function references", code(0x14, 0)},
		{"typed function references", func(e *encoder) { e.typ([]byte{0x64, 0x70}, nil) }},
		{"relaxed SIMD", code(0xfd, 0x80, 0x02)},
		{"tail calls", code(returnCall, 0)},
		{"more than 1000 parameters", func(e *encoder) { e.typ(i32s(1_001), nil) }},
		{"more than 50000 locals", func(e *encoder) {
			e.funcs, e.code = [][]byte{u32(e.typ(nil, nil))}, [][]byte{sized(cat(1, u32(1<<31), i32, end))}
		}},
		{"tables of more than 1048576 entries", func(e *encoder) {
			e.tables = [][]byte{cat(funcref, 0, u32(1<<19)), cat(externref, 0, u32(1<<19+1))}
		}},
		{"constant expressions of several instructions", func(e *encoder) {
			e.global(i32, 0, cat(konst(1), konst(2), i32Add))
		}},
		{`export "__sp_fuel": the prefix`, func(e *encoder) {
			e.fn("__sp_fuel", nil, nil, nil)
		}},
	} {
		t.Run(c.want, func(t *testing.T) {
			var e encoder
			c.build(&e)
			rejected(t, e.build(), rewrite.ErrUnsupported, c.want)
		})
	}
}

func TestErrorNamesThePlace(t *testing.T) {
	var e encoder
	e.importFunc("env", "f", nil, nil)
	e.fn("", nil, nil, nil, nop, 0xfd, 0x9a, 0x01)
	module := e.build()
	err := rejected(t, module, rewrite.ErrMalformed, "unknown instruction")
	want := fmt.Sprintf("rewrite: code section, function 1, offset %#x, opcode 0xfd 0x9a: unknown instruction", len(module)-4)
	if err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestVectorOpcodeInLongFormIsMalformed(t *testing.T) {
	// The engine would read 0x80 0x00 as i16x8.abs and unreachable.
	for _, op := range [][]byte{{0x80, 0x00}, {0x8c, 0x80, 0x00}, {0xff, 0x81, 0x00}} {
		var e encoder
		e.fn("", nil, nil, nil, unreachable, 0xfd, op)
		rejected(t, e.build(), rewrite.ErrMalformed, "shortest form")
	}
}

func TestEveryPrefixOfAModuleIsRejected(t *testing.T) {
	module := richModule()
	boundaries := 0
	for n := range module {
		_, _, err := rewrite.Rewrite(module[:n:n], rewrite.Options{})
		if err == nil {
			boundaries++ // cut between sections, where nothing is missed
		}
	}
	if boundaries > 8 {
		t.Errorf("%d of %d prefixes accepted, more than there are sections", boundaries, len(module))
	}
}

func TestDamagedModulesNeverPanic(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	module := richModule()
	for range 50_000 {
		damaged := append([]byte(nil), module...)
		for range 1 + rng.IntN(4) {
			damaged[8+rng.IntN(len(damaged)-8)] = byte(rng.Uint32())
		}
		_, _, _ = rewrite.Rewrite(damaged, rewrite.Options{})
	}
}

func TestOptionsOutOfRangeAreErrors(t *testing.T) {
	for _, opt := range []rewrite.Options{
		{Slice: -1},
		{Slice: 1 << 31},
		{DepthLimit: -1},
		{DepthLimit: 1 << 31},
		{Yield: -1},
		{Yield: 16_384},
		{Yield: 49_153},
	} {
		if _, _, err := rewrite.Rewrite(richModule(), opt); err == nil {
			t.Errorf("%+v accepted", opt)
		}
	}
}
