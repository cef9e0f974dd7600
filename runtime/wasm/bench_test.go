package wasm_test

import (
	"os"
	goruntime "runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/wasm"
	"github.com/c386954a/sallyport/runtime/wasm/rewrite"
)

// benchGuest is a guest and the hook of it that is measured.
type benchGuest struct {
	name   string
	binary func() ([]byte, error)
	hook   abi.Hook
}

// file reads a binary that is committed.
func file(path string) func() ([]byte, error) {
	return func() ([]byte, error) { return os.ReadFile(path) }
}

// guestsToMeasure are a hook that does nothing and the header hook of every
// SDK, which reads two fields, sets two and removes one.
func guestsToMeasure() []benchGuest {
	tiny := func() ([]byte, error) { return idle().Bytes(), nil }
	return []benchGuest{
		{"tiny/noop", tiny, abi.Pre},
		{"c/headers", file(headers), abi.Pre},
		{"as/headers", file(headersTS), abi.Pre},
		{"rust/headers", file(headersRust), abi.Pre},
		{"go/noop", goSoak, abi.Post},
		{"go/headers", goHeaders, abi.Pre},
	}
}

// BenchmarkHook runs one hook in each mode and by each strategy, with the full
// instrumentation, with the counter only, and without any.
func BenchmarkHook(b *testing.B) {
	for _, g := range guestsToMeasure() {
		binary, err := g.binary()
		if err != nil {
			b.Fatal(err)
		}
		for _, w := range everyWay() {
			if w.name == "auto" {
				continue
			}
			b.Run(g.name+"/fresh/"+w.name, func(b *testing.B) {
				benchmark(b, w.runtime(b, wasm.Config{}), binary, abi.Fresh, g.hook)
			})
		}
		for name, change := range map[string]func(*rewrite.Options){
			"full":    func(*rewrite.Options) {},
			"counter": func(o *rewrite.Options) { o.NoDepth = true },
			"plain":   func(o *rewrite.Options) { o.NoDepth, o.NoCounter = true, true },
		} {
			b.Run(g.name+"/pooled/"+name, func(b *testing.B) {
				benchmark(b, newRuntime(b, wasm.Config{}).Instrument(change), binary, abi.Pooled, g.hook)
			})
		}
	}
}

func benchmark(b *testing.B, r *wasm.Runtime, binary []byte, mode abi.Mode, h abi.Hook) {
	b.Helper()
	p := loadIn(b, r, spec(b, binary, mode, 4))
	x := exchange()
	deadline := time.Now().Add(time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		x.Begin(h, deadline)
		if _, err := p.Call(x); err != nil {
			b.Fatal(err)
		}
		x.Discard()
	}
}

// BenchmarkCallers runs the header hook of the C guest with 1 to 64 callers on
// one and on two processors.
func BenchmarkCallers(b *testing.B) {
	c, err := os.ReadFile(headers)
	if err != nil {
		b.Fatal(err)
	}
	for _, procs := range []int{1, 2} {
		for _, callers := range []int{1, 4, 16, 64} {
			b.Run("procs="+strconv.Itoa(procs)+"/callers="+strconv.Itoa(callers), func(b *testing.B) {
				defer goruntime.GOMAXPROCS(goruntime.GOMAXPROCS(procs))
				share(b, c, procs, callers)
			})
		}
	}
}

func share(b *testing.B, binary []byte, procs, callers int) {
	b.Helper()
	p := load(b, spec(b, binary, abi.Fresh, 0))
	deadline := time.Now().Add(time.Hour)
	var failed atomic.Int64
	b.SetParallelism(max(1, callers/procs))
	b.RunParallel(func(pb *testing.PB) {
		x := exchange()
		for pb.Next() {
			x.Begin(abi.Pre, deadline)
			if _, err := p.Call(x); err != nil {
				failed.Add(1)
			}
			x.Discard()
		}
	})
	if n := failed.Load(); n > 0 {
		b.Errorf("%d calls failed", n)
	}
}
