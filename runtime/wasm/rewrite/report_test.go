package rewrite_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
)

func TestLeafFunctionsAreNotWrapped(t *testing.T) {
	var e encoder
	e.fn("leaf", nil, nil, nil, loop, empty, end)
	e.fn("inner", nil, nil, nil, call, 0)
	_, rep := mustRewrite(t, e.build(), rewrite.Options{})
	got := [3]int{rep.Functions, rep.Wrapped, rep.Loops}
	if got != [3]int{2, 1, 1} {
		t.Errorf("functions, wrapped, loops = %v, want 2, 1, 1", got)
	}
}

func TestMutableGlobalsAreExported(t *testing.T) {
	var e encoder
	e.global(i32, 1, konst(7))
	e.global(i32, 0, konst(8))
	e.global(i64, 1, cat(i64Const, 9))
	e.global(f64, 1, cat(0x44, make([]byte, 8)))
	e.export("mine", 3, 2)
	onEngines(t, e.build(), rewrite.Options{Slice: 5}, func(t *testing.T, g *guest) {
		want := []rewrite.Global{
			{Name: "__sp_g0", Index: 0, Type: "i32"},
			{Name: "__sp_g2", Index: 2, Type: "i64"},
			{Name: "__sp_g3", Index: 3, Type: "f64"},
		}
		if diff := cmp.Diff(want, g.rep.Globals); diff != "" {
			t.Error(diff)
		}
		if got := g.ExportedGlobal("__sp_g2").Get(); got != 9 {
			t.Errorf("__sp_g2 = %d, want 9", got)
		}
		if fuel, stop, depth := g.get(rewrite.FuelName), g.get(rewrite.StopName), g.get(rewrite.DepthName); fuel != 5 || stop != 0 || depth != 0 {
			t.Errorf("fuel, stop, depth = %d, %d, %d, want 5, 0, 0", fuel, stop, depth)
		}
	})
}

func TestNameSectionStaysAndDebugSectionsGo(t *testing.T) {
	var e encoder
	e.fn("f", nil, nil, nil, unreachable)
	e.names = cat(1, sized(cat(1, 0, sized([]byte("traced")))))
	custom := func(name string) []byte { return cat(0, sized(cat(sized([]byte(name)), 1, 2, 3))) }
	e.extra = cat(custom(".debug_info"), custom("producers"))
	module := append(e.build(), custom(".debug_line")...)
	out, _ := mustRewrite(t, module, rewrite.Options{})
	if bytes.Contains(out, []byte(".debug_")) || !bytes.Contains(out, []byte("producers")) {
		t.Error("debug sections kept or others dropped")
	}
	onEngines(t, module, rewrite.Options{}, func(t *testing.T, g *guest) {
		_, err := g.ExportedFunction("f").Call(t.Context())
		if err == nil || !strings.Contains(err.Error(), "traced") {
			t.Errorf("trace %v does not name the function", err)
		}
	})
}

func TestSameInputGivesSameBytes(t *testing.T) {
	module := richModule()
	first, rep := mustRewrite(t, module, rewrite.Options{})
	kept := bytes.Clone(module)
	for range 20 {
		again, repAgain := mustRewrite(t, module, rewrite.Options{})
		if !bytes.Equal(first, again) {
			t.Fatal("output differs between runs")
		}
		if diff := cmp.Diff(rep, repAgain); diff != "" {
			t.Fatal(diff)
		}
	}
	if !bytes.Equal(module, kept) {
		t.Error("the input was changed")
	}
}

func TestReportNamesImportsExportsAndFeatures(t *testing.T) {
	_, rep := mustRewrite(t, richModule(), rewrite.Options{})
	got := rewrite.ModuleReport{Imports: rep.Imports, Exports: rep.Exports, Features: rep.Features, Reasons: rep.Reasons}
	want := rewrite.ModuleReport{
		Imports: []rewrite.Extern{{Kind: rewrite.KindFunc, Module: "env", Name: "log", Type: "(i32, i64) -> (i32)"}},
		Exports: []rewrite.Extern{
			{Kind: rewrite.KindFunc, Name: "run", Type: "() -> (i32, i64)"},
			{Kind: rewrite.KindMemory, Name: "memory", Type: "2 to 9 pages"},
			{Kind: rewrite.KindTable, Name: "table", Type: "funcref"},
			{Kind: rewrite.KindGlobal, Name: "counter", Type: "mut i32"},
		},
		Features: []string{"bulk-memory", "multi-value", "mutable-globals", "reference-types", "simd"},
		Reasons: []string{
			"table.set in function 1 (offset 0x8d)",
			"mutable global 1 is of type externref",
			"mutable global 2 is of type v128",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if rep.Restorable {
		t.Error("Restorable = true with reasons against it")
	}
}

// richModule uses something of everything.
func richModule() []byte {
	var e encoder
	e.importFunc("env", "log", []byte{i32, i64}, []byte{i32})
	e.memoryMax(2, 9)
	e.tables = [][]byte{cat(funcref, 0, 4)}
	e.global(i32, 1, konst(7))
	e.global(externref, 1, cat(refNull, externref))
	e.global(v128, 1, cat(0xfd, 0x0c, make([]byte, 16)))
	e.fn("run", nil, []byte{i32, i64}, []byte{i32},
		konst(0), refNull, funcref, tableSet, 0,
		konst(0), konst(0), konst(4), misc, 0x0a, 0, 0,
		loop, empty, localGet, 0, konst(1), i32Add, localTee, 0, konst(100), i32LtS, brIf, 0, end,
		konst(1), i64Const, 2, call, 0, i64Const, 3)
	e.export("memory", 2, 0)
	e.export("table", 1, 0)
	e.export("counter", 3, 0)
	e.segment(64, "hello")
	e.segment(100, "world")
	e.elems = [][]byte{cat(0, konst(1), end, 1, 1)}
	return e.build()
}

func TestDeclaredMaximumMovesToTheReport(t *testing.T) {
	var e encoder
	e.memoryMax(1, 3)
	e.fn("grow", []byte{i32}, []byte{i32}, nil, localGet, 0, memoryGrow, 0)
	onEngines(t, e.build(), rewrite.Options{}, func(t *testing.T, g *guest) {
		want := rewrite.MemoryLimits{Declared: true, Min: 1, Max: 3, HasMax: true}
		if diff := cmp.Diff(want, g.rep.Memory); diff != "" {
			t.Error(diff)
		}
		if got := g.results(t, "grow", 2); got[0] != 1 {
			t.Errorf("grow(2) = %d, want 1", got[0])
		}
		if got := g.results(t, "grow", 1); int32(got[0]) != -1 {
			t.Errorf("grow(1) = %d, want -1: the allocator enforces the maximum", int32(got[0]))
		}
		if limit, ok := g.Memory().Definition().Max(); ok {
			t.Errorf("the module still declares a maximum of %d pages", limit)
		}
	})
}

func TestModuleWithoutMemoryGetsAnEmptyOne(t *testing.T) {
	var e encoder
	e.fn("f", nil, nil, nil)
	onEngines(t, e.build(), rewrite.Options{}, func(t *testing.T, g *guest) {
		if g.Memory() == nil || g.Memory().Size() != 0 {
			t.Errorf("memory = %v, want an empty one", g.Memory())
		}
		if g.rep.Memory.Declared {
			t.Error("the report says the module declared a memory")
		}
	})
}
