package rewrite_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tetratelabs/wazero"

	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
)

// dataSize returns the number of data segments in a module's own data section.
func dataSize(t *testing.T, module []byte) int {
	t.Helper()
	_, rep := mustRewrite(t, stripReserved(module), rewrite.Options{})
	return rep.DataSegments
}

// stripReserved renames the added exports so that a result can be read again.
func stripReserved(module []byte) []byte {
	return bytes.ReplaceAll(module, []byte(rewrite.Prefix), []byte("__xx_"))
}

// memoryImage returns the first pages of memory of a module, plain or rewritten.
func memoryImage(t *testing.T, module []byte, rewritten bool) []byte {
	t.Helper()
	r := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfigInterpreter())
	defer r.Close(context.Background())
	var g *guest
	var err error
	if rewritten {
		out, rep := mustRewrite(t, module, rewrite.Options{})
		g, err = start(t.Context(), r, out, rep, "")
	} else {
		g, err = startPlain(t.Context(), r, module, "")
	}
	if err != nil {
		t.Fatal(err)
	}
	view, _ := g.Memory().Read(0, g.Memory().Size())
	return bytes.Clone(view)
}

// importedOffset adds a data segment whose place only the engine knows, which
// keeps the data in the module.
func importedOffset(e *encoder, bytes string) {
	e.global(i32, 0, konst(500))
	e.imports = append(e.imports, cat(sized([]byte("env")), sized([]byte("base")), 3, i32, 0))
	e.data = append(e.data, cat(0, globalGet, 0, end, sized([]byte(bytes))))
}

func TestManySegmentsAreStrippedAndWrittenByTheHost(t *testing.T) {
	var e encoder
	e.memory(4)
	for i := range 20_000 {
		e.segment(i*10, fmt.Sprintf("%05d", i))
	}
	e.dataCount = u32(20_000)
	module := e.build()
	out, rep := mustRewrite(t, module, rewrite.Options{})
	if !rep.Stripped || len(rep.Segments) != 20_000 || dataSize(t, out) != 0 {
		t.Errorf("stripped %v, %d segments, %d left", rep.Stripped, len(rep.Segments), dataSize(t, out))
	}
	if !bytes.Equal(memoryImage(t, module, false), memoryImage(t, module, true)) {
		t.Error("memory differs from the plain module's")
	}
}

func TestOverlappingSegmentsKeepTheirOrder(t *testing.T) {
	var e encoder
	e.memory(1)
	e.segment(100, "aaaaaaaaaa")
	e.segment(95, "bbbbbbb")
	e.segment(104, "cc")
	e.segment(0, "")
	module := e.build()
	if !bytes.Equal(memoryImage(t, module, false), memoryImage(t, module, true)) {
		t.Error("memory differs from the plain module's")
	}
}

func TestNeighboursAreMergedWhenDataMustStay(t *testing.T) {
	for _, c := range []struct {
		name     string
		offsets  []int
		imported int // position of the segment at an unknown place, -1 for none
		want     int
	}{
		{"touching", []int{0, 5, 10}, 3, 2},
		{"small gaps", []int{0, 60, 129}, 3, 2},
		{"gap of 64", []int{0, 69}, 2, 2},
		{"gap of 65", []int{0, 70}, 2, 3},
		{"backwards", []int{100, 90}, 2, 3},
		{"overlap", []int{100, 103}, 2, 3},
		// The zeros between 0 and 20 would hide what lies at 10.
		{"gap over older data", []int{10, 0, 20}, 3, 4},
		{"gap after an unknown place", []int{0, 20}, 0, 3},
		{"touching after an unknown place", []int{0, 5}, 0, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			var e encoder
			e.memory(1)
			for i, offset := range c.offsets {
				if i == c.imported {
					importedOffset(&e, "far")
				}
				e.segment(offset, "12345")
			}
			if c.imported >= len(c.offsets) {
				importedOffset(&e, "far")
			}
			e.dataCount = u32(len(e.data))
			out, rep := mustRewrite(t, e.build(), rewrite.Options{})
			if rep.Stripped || rep.Merged != c.want || dataSize(t, out) != c.want {
				t.Errorf("stripped %v, merged to %d (%d in the module), want %d", rep.Stripped, rep.Merged, dataSize(t, out), c.want)
			}
		})
	}
}

func TestMergedDataGivesTheSameMemory(t *testing.T) {
	for name, offsets := range map[string][]int{
		"sorted":  {0, 6, 30, 40, 90, 200},
		"hidden":  {10, 0, 20, 15, 70, 8},
		"repeats": {5, 5, 3, 9, 3},
	} {
		t.Run(name, func(t *testing.T) {
			var e encoder
			e.memory(1)
			for i, offset := range offsets {
				e.segment(offset, fmt.Sprintf("<%03d>", i))
			}
			e.segment(65_536, "") // in bounds, empty
			keep := e.build()
			e.data = append(e.data, cat(0, globalGet, 0, end, sized([]byte("far"))))
			e.imports = [][]byte{cat(sized([]byte("env")), sized([]byte("base")), 3, i32, 0)}
			if !bytes.Equal(memoryImage(t, keep, false), memoryImage(t, keep, true)) {
				t.Error("stripped: memory differs")
			}
			plain := e.build()
			merged, rep := mustRewrite(t, plain, rewrite.Options{})
			if rep.Merged == 0 {
				t.Fatal("data was not merged")
			}
			if diff := cmp.Diff(withBase(t, plain), withBase(t, merged)); diff != "" {
				t.Errorf("merged: memory differs: %s", diff)
			}
		})
	}
}

// withBase runs a module that imports the place of its last segment.
func withBase(t *testing.T, module []byte) []byte {
	t.Helper()
	r := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfigInterpreter())
	defer r.Close(context.Background())
	var env encoder
	env.global(i32, 0, konst(17))
	env.export("base", 3, 0)
	if _, err := startPlain(t.Context(), r, env.build(), "env"); err != nil {
		t.Fatal(err)
	}
	g, err := startPlain(t.Context(), r, module, "")
	if err != nil {
		t.Fatal(err)
	}
	view, _ := g.Memory().Read(0, page)
	return bytes.Clone(view)
}

func TestSegmentsNamedByInstructionsStay(t *testing.T) {
	var e encoder
	e.memory(1)
	e.segment(0, "abc")
	e.segment(3, "def")
	e.data = append(e.data, cat(1, sized([]byte("passive"))))
	e.dataCount = u32(3)
	e.fn("init", nil, []byte{i32}, nil,
		konst(8), konst(0), konst(7), misc, 8, u32(2), 0, konst(14), i32Load8U, 0, 0)
	out, rep := mustRewrite(t, e.build(), rewrite.Options{})
	if rep.Stripped || rep.Merged != 0 || dataSize(t, out) != 3 || !rep.Restorable {
		t.Errorf("report %+v, %d segments left", rep, dataSize(t, out))
	}
	onEngines(t, e.build(), rewrite.Options{}, func(t *testing.T, g *guest) {
		if got := g.results(t, "init"); got[0] != 'e' {
			t.Errorf("init = %q", rune(got[0]))
		}
	})
}

func TestSegmentOutOfBoundsStillFailsInTheEngine(t *testing.T) {
	for _, offset := range []int{65_534, -1, -65_536} {
		var e encoder
		e.memory(1)
		e.segment(0, "in bounds")
		e.segment(offset, "abc")
		out, rep := mustRewrite(t, e.build(), rewrite.Options{})
		if rep.Stripped {
			t.Errorf("offset %d: stripped", offset)
		}
		r := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfigInterpreter())
		if _, err := start(t.Context(), r, out, rep, ""); err == nil {
			t.Errorf("offset %d: no error", offset)
		}
		r.Close(t.Context())
	}
}
