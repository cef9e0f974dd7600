package rewrite_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/c386954a/sallyport/internal/longtest"
	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
)

// fuzzRuntime is shared by all runs of a fuzz target; each run closes what it
// instantiates.
func fuzzRuntime(f *testing.F) wazero.Runtime {
	r := wazero.NewRuntimeWithConfig(context.Background(), wazero.NewRuntimeConfigInterpreter())
	f.Cleanup(func() { r.Close(context.Background()) })
	return r
}

// FuzzRewrite feeds arbitrary bytes. Rewriting must not panic, must not depend
// on anything but its input, must keep a valid module valid and alike in
// behaviour, and must not make an invalid one valid.
func FuzzRewrite(f *testing.F) {
	f.Add(richModule())
	f.Add(generate([]byte("a module with loops, branches and calls")))
	var hostile encoder
	hostile.global(i32, 1, konst(0))
	hostile.fn("escape", nil, nil, nil, konst(0), globalSet, 1)
	f.Add(hostile.build())
	r := fuzzRuntime(f)
	f.Fuzz(func(t *testing.T, module []byte) { compare(t, r, module) })
}

// FuzzGenerated feeds valid modules, so that every run reaches the comparison.
func FuzzGenerated(f *testing.F) {
	f.Add([]byte("a module with loops, branches and calls"))
	f.Add([]byte("\x04\x09\x03\x03\x01\x02\x06\x06\x06\x0b\x0b\x05\x05\x07\x08\x0a\x02"))
	r := fuzzRuntime(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		module := generate(src)
		if !compiles(t.Context(), r, module) {
			t.Fatal("the generator made an invalid module")
		}
		compare(t, r, module)
	})
}

// compare returns how many calls it compared.
func compare(t *testing.T, r wazero.Runtime, module []byte) int {
	t.Helper()
	opt := rewrite.Options{Slice: 100, DepthLimit: 4_000}
	out, rep, err := rewrite.Rewrite(module, opt)
	again, _, errAgain := rewrite.Rewrite(module, opt)
	if !bytes.Equal(out, again) || (err == nil) != (errAgain == nil) {
		t.Fatal("two runs differ")
	}
	if err != nil {
		if _, ok := errors.AsType[*rewrite.ModuleError](err); !ok {
			t.Fatalf("error of type %T", err)
		}
		return 0
	}
	// The engine rejects an empty custom section at the very end, though it is
	// valid, so it is never left there.
	tail := append(bytes.Clone(module), 0, 3, 1, 'x', 0)
	if valid, still := compiles(t.Context(), r, tail), compiles(t.Context(), r, out); valid != still {
		t.Fatalf("valid before: %v, after: %v", valid, still)
	} else if valid && len(rep.Imports) == 0 && rep.Memory.Min <= 64 {
		return compareRuns(t, r, tail, out, rep)
	}
	return 0
}

// compareRuns calls every export without parameters on both modules, the
// rewritten one first: what is stopped there is not tried on the other, which
// nothing could stop.
func compareRuns(t *testing.T, r wazero.Runtime, module, out []byte, rep *rewrite.ModuleReport) (compared int) {
	t.Helper()
	rewritten, errRewritten := start(t.Context(), r, out, rep, "")
	if errRewritten != nil && strings.Contains(errRewritten.Error(), "unreachable") {
		return 0 // in the start function, perhaps by the depth check
	}
	limited := &memory{limit: min(uint64(rep.Memory.Max)*page, 1<<24)}
	ctx := experimental.WithMemoryAllocator(t.Context(), limited)
	plain, errPlain := startPlain(ctx, r, module, "")
	if (errRewritten == nil) != (errPlain == nil) {
		t.Fatalf("instantiation: rewritten %v, plain %v", errRewritten, errPlain)
	}
	if errPlain != nil {
		return 0
	}
	defer rewritten.Close(t.Context())
	defer plain.Close(t.Context())
	rewritten.mem.limit = limited.limit
	for _, e := range rep.Exports {
		if e.Kind != rewrite.KindFunc || !strings.HasPrefix(e.Type, "() ->") {
			continue
		}
		rewritten.stopAfter(100)
		got, err := rewritten.ExportedFunction(e.Name).Call(t.Context())
		if rewritten.get(rewrite.StopName) != 0 || rewritten.get(rewrite.DepthName) > 4_000 {
			return compared
		}
		want, errWant := plain.ExportedFunction(e.Name).Call(t.Context())
		if (err == nil) != (errWant == nil) || err != nil && firstLine(err) != firstLine(errWant) {
			t.Fatalf("%s: rewritten %v, plain %v", e.Name, err, errWant)
		}
		if !sameResults(e.Type, got, want) {
			t.Fatalf("%s: rewritten %x, plain %x", e.Name, got, want)
		}
		if depth := rewritten.get(rewrite.DepthName); err == nil && depth != 0 {
			t.Fatalf("%s: depth %d afterwards", e.Name, depth)
		}
		rewritten.set(rewrite.DepthName, 0)
		if rep.Memory.Declared && !bytes.Equal(rewritten.mem.buf, limited.buf) {
			t.Fatalf("%s: memory differs", e.Name)
		}
		compared++
	}
	return compared
}

// sameResults compares results; references are addresses and not compared.
func sameResults(typ string, a, b []uint64) bool {
	return strings.Contains(typ, "ref") || slices.Equal(a, b)
}

// TestGeneratedModulesBehaveAlike is FuzzGenerated for machines that do not
// fuzz, on both engines.
func TestGeneratedModulesBehaveAlike(t *testing.T) {
	rounds := 200
	if longtest.Enabled() {
		rounds = 1_000
	}
	for name, config := range engines() {
		t.Run(name, func(t *testing.T) {
			r := wazero.NewRuntimeWithConfig(t.Context(), config)
			defer r.Close(context.Background())
			rng := rand.New(rand.NewPCG(3, 4))
			compared := 0
			for range rounds {
				src := make([]byte, 20+rng.IntN(300))
				for i := range src {
					src[i] = byte(rng.Uint32())
				}
				module := generate(src)
				if !compiles(t.Context(), r, module) {
					t.Fatal("the generator made an invalid module")
				}
				compared += compare(t, r, module)
			}
			if compared < rounds {
				t.Errorf("only %d calls ended and were compared", compared)
			}
			t.Logf("%d calls compared", compared)
		})
	}
}
