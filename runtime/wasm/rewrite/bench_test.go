package rewrite_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/c386954a/sallyport/internal/needs"
	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
)

// goGuest builds a guest with the standard Go toolchain.
func goGuest(tb testing.TB) []byte {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "guest.wasm")
	cmd := exec.CommandContext(tb.Context(), "go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", file, "main.go")
	cmd.Dir = filepath.Join("testdata", "guest")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		needs.Missing(tb, fmt.Sprintf("no Go toolchain for the guest (install it from go.dev/dl): %v: %s", err, out))
	}
	b, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestStandardGoGuest(t *testing.T) {
	module := goGuest(t)
	out, rep := mustRewrite(t, module, rewrite.Options{})
	if !rep.Restorable || !rep.Stripped || len(rep.Globals) == 0 {
		t.Errorf("restorable %v %v, stripped %v, %d globals", rep.Restorable, rep.Reasons, rep.Stripped, len(rep.Globals))
	}
	t.Logf("%d bytes, rewritten %d; %d functions, %d wrapped, %d loops, %d data segments, %d globals, features %v",
		len(module), len(out), rep.Functions, rep.Wrapped, rep.Loops, rep.DataSegments, len(rep.Globals), rep.Features)
	ctx := t.Context()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(context.Background())
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	g, err := start(ctx, r, out, rep, "")
	if err != nil {
		t.Fatal(err)
	}
	g.results(t, "_initialize")
	if got := g.results(t, "work", 100); int32(got[0]) <= 0 || g.mem.yields == 0 {
		t.Errorf("work = %d after %d yields", int32(got[0]), g.mem.yields)
	}
	g.stopAfter(1)
	g.traps(t, "work", 1<<30)
}

func BenchmarkRewrite(b *testing.B) {
	module := goGuest(b)
	b.SetBytes(int64(len(module)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := rewrite.Rewrite(module, rewrite.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGuest runs the same work plain and with each part of the
// instrumentation.
func BenchmarkGuest(b *testing.B) {
	for name, body := range workloads() {
		for _, variant := range []struct {
			name string
			opt  *rewrite.Options
		}{
			{"plain", nil},
			{"counter", &rewrite.Options{NoDepth: true}},
			{"counter+depth", &rewrite.Options{}},
		} {
			b.Run(name+"/"+variant.name, func(b *testing.B) { benchmarkGuest(b, body, variant.opt) })
		}
	}
}

func benchmarkGuest(b *testing.B, module []byte, opt *rewrite.Options) {
	ctx := b.Context()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler())
	defer r.Close(context.Background())
	var g *guest
	var err error
	if opt == nil {
		g, err = startPlain(ctx, r, module, "")
	} else {
		out, rep := mustRewrite(b, module, *opt)
		g, err = start(ctx, r, out, rep, "")
	}
	if err != nil {
		b.Fatal(err)
	}
	fn, stack := g.ExportedFunction("run"), make([]uint64, 1)
	for b.Loop() {
		if err := fn.CallWithStack(ctx, stack); err != nil {
			b.Fatal(err)
		}
	}
}

func workloads() map[string][]byte {
	return map[string][]byte{"loop": countingLoop(), "fib": fibonacci(), "sieve": sieve()}
}

// countingLoop adds the numbers below 1,000,000.
func countingLoop() []byte {
	var e encoder
	e.memory(1)
	e.fn("run", nil, []byte{i32}, []byte{i32, i32},
		loop, empty,
		localGet, 1, localGet, 0, i32Add, localSet, 1,
		localGet, 0, konst(1), i32Add, localTee, 0, konst(1_000_000), i32LtS, brIf, 0, end,
		localGet, 1)
	return e.build()
}

// fibonacci computes the 25th number the slow way.
func fibonacci() []byte {
	var e encoder
	e.memory(1)
	e.fn("", []byte{i32}, []byte{i32}, nil,
		localGet, 0, konst(2), i32LtS, ifOp, empty, localGet, 0, ret, end,
		localGet, 0, konst(1), i32Sub, call, 0,
		localGet, 0, konst(2), i32Sub, call, 0, i32Add)
	e.fn("run", nil, []byte{i32}, nil, konst(25), call, 0)
	return e.build()
}

// sieve counts the primes below 65,536.
func sieve() []byte {
	const n = page
	var e encoder
	e.memory(1)
	e.fn("run", nil, []byte{i32}, []byte{i32, i32, i32}, // number, multiple, primes
		konst(0), konst(0), konst(n), misc, 0x0b, 0,
		konst(2), localSet, 0,
		loop, empty,
		localGet, 0, i32Load8U, 0, 0, i32Eqz, ifOp, empty,
		localGet, 2, konst(1), i32Add, localSet, 2,
		localGet, 0, localGet, 0, i32Add, localSet, 1,
		block, empty, loop, empty,
		localGet, 1, konst(n), i32GeS, brIf, 1,
		localGet, 1, konst(1), i32Store8, 0, 0,
		localGet, 1, localGet, 0, i32Add, localSet, 1, br, 0, end, end,
		end,
		localGet, 0, konst(1), i32Add, localTee, 0, konst(n), i32LtS, brIf, 0, end,
		localGet, 2)
	return e.build()
}

func TestWorkloadsComputeTheSame(t *testing.T) {
	for name, want := range map[string]uint64{"loop": 1_783_293_664, "fib": 75_025, "sieve": 6_542} {
		onEngines(t, workloads()[name], rewrite.Options{}, func(t *testing.T, g *guest) {
			if got := g.results(t, "run"); got[0] != want {
				t.Errorf("%s = %d, want %d", name, got[0], want)
			}
		})
	}
}
