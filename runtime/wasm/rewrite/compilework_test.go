package rewrite_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
)

// times repeats instructions.
func times(n int, parts ...any) []byte { return bytes.Repeat(cat(parts...), n) }

// increments adds one to each of n locals, so that each is a value of its own
// in every block around.
func increments(n int) []byte {
	var b []byte
	for i := range n {
		b = append(b, cat(localGet, u32(i), konst(1), i32Add, localSet, u32(i))...)
	}
	return b
}

// bomb returns a module of two functions, of which the second is the body.
func bomb(locals int, body ...any) []byte {
	var e encoder
	e.memory(1)
	e.fn("", nil, nil, nil)
	e.fn("", nil, nil, bytes.Repeat([]byte{i32}, locals), body...)
	return e.build()
}

// nestedLoops returns loops in loops, each of which may go round again.
func nestedLoops(loops, locals int) []byte {
	return bomb(locals, times(loops, loop, empty), increments(locals), times(loops, konst(0), brIf, 0, end))
}

// jump returns a br_table with that many entries beside its default.
func jump(entries int) []byte {
	return cat(block, empty, konst(0), brTable, u32(entries), make([]byte, entries+1), end)
}

// nestedBlocks returns blocks in blocks.
func nestedBlocks(n int) []byte { return bomb(0, times(n, block, empty), times(n, end)) }

// TestWhatTakesTooLongToCompileIsRefused is for finding 6 of issue 12. Each of
// these would keep the engine busy for a minute, or fill the memory.
func TestWhatTakesTooLongToCompileIsRefused(t *testing.T) {
	many := func(n int) []byte {
		var e encoder
		for range n {
			e.fn("", nil, nil, nil)
		}
		return e.build()
	}
	costly := func(n int) []byte {
		var e encoder
		for range n {
			e.fn("", nil, nil, bytes.Repeat([]byte{i32}, 100), times(100, loop, empty), increments(100),
				times(100, konst(0), brIf, 0, end))
		}
		return e.build()
	}
	for _, tt := range []struct {
		name   string
		module []byte
		want   string
		fn     int
	}{
		{"nested loops", nestedLoops(1000, 2000), "1000 nested loops; the limit is 250", 1},
		{"loops times locals", nestedLoops(240, 2000), "units of work (basic blocks times locals and operands); the limit is 2000000", 1},
		{"nested blocks", nestedBlocks(80_000), "80000 nested blocks; the limit is 5000", 1},
		{"more nested blocks", nestedBlocks(100_000), "300002 bytes of code; the limit is 262144", 1},
		{"a long br_table", bomb(0, jump(1_000_000)), "1000012 bytes of code; the limit is 262144", 1},
		{"br_table", bomb(0, jump(30_001)), "30001 entries in its br_tables; the limit is 30000", 1},
		{"br_tables together", bomb(0, jump(20_000), jump(10_001)), "30001 entries in its br_tables", 1},
		{"a long body", bomb(0, times(300_000, nop, nop)), "bytes of code; the limit is 262144", 1},
		{"branches", bomb(1, block, empty, times(5000, localGet, 0, brIf, 0), end), "20005 basic blocks; the limit is 20000", 1},
		{"calls", bomb(0, times(20_000, call, 0)), "20004 basic blocks; the limit is 20000", 1},
		{"locals that change", bomb(6000, loop, empty, increments(6000), konst(0), brIf, 0, end), "units of work", 1},
		{"branches times locals", bomb(1000, block, empty, times(1000, localGet, 0, brIf, 0), end), "units of work", 1},
		{
			"branches times operands",
			bomb(0, times(1000, memorySize, 0), block, empty, times(1000, konst(0), brIf, 0), end, times(1000, drop)), "units of work", 1,
		},
		{"functions", many(100_001), "the module has 100001 functions; the limit is 100000", -1},
		{"all functions together", costly(1000), "together with the functions before it (basic blocks times locals and operands); the limit is 80000000", 495},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := rejected(t, tt.module, rewrite.ErrUnsupported, tt.want)
			if err.Function != tt.fn {
				t.Errorf("error %v, want it to name function %d", err, tt.fn)
			}
		})
	}
}

// TestWhatCompilersWriteIsFarFromTheLimits has the module with the largest
// function that the gateway itself brings, and shapes that compilers make of
// large state machines.
func TestWhatCompilersWriteIsFarFromTheLimits(t *testing.T) {
	engine, err := os.ReadFile("../guest/js/quickjs.wasm")
	if err != nil {
		t.Fatal(err)
	}
	for name, module := range map[string][]byte{
		"QuickJS": engine, "nested blocks": nestedBlocks(1000), "br_table": bomb(10, jump(5000)),
		"nested loops": nestedLoops(20, 500),
	} {
		_, report, err := rewrite.Rewrite(module, rewrite.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if c := report.Compile; c.Blocks > 10_000 || c.Heaviest > 1_000_000 || c.Work > 40_000_000 {
			t.Errorf("%s: %+v is close to the limits", name, c)
		}
	}
}
