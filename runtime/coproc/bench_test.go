package coproc_test

import (
	"sync"
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
	"github.com/c386954a/sallyport/runtime/coproc"
	"github.com/c386954a/sallyport/runtime/coproc/sandbox"
)

// headerHook returns the request of the header-hook workload.
func headerHook() *abi.Exchange {
	x := &abi.Exchange{}
	fill(x)
	x.Begin(abi.Pre, x.Deadline)
	return x
}

var browser = exchange(
	abi.Pre,
	"User-Agent", "Mozilla/5.0 (X11; Linux x86_64)", "Accept", "text/html,application/xhtml+xml",
	"Accept-Encoding", "gzip, br", "Accept-Language", "en", "Authorization", "Bearer 0123456789abcdef",
	"Cookie", "a=1; b=2", "X-Debug", "1", "Cache-Control", "no-cache",
)

// fill makes x a new request, without allocation once it has been one.
func fill(x *abi.Exchange) {
	x.API, x.RequestID, x.Deadline = orders, browser.RequestID, time.Now().Add(limit)
	header := append(x.Request.Header[:0], browser.Request.Header...)
	x.Request = browser.Request
	x.Request.Header = header
}

func BenchmarkOneInFlight(b *testing.B) {
	p := load(b, start(b, coproc.Config{}, "child"), spec("tag"))
	x := headerHook()
	b.ReportAllocs()
	for b.Loop() {
		turn(b, p, x)
	}
}

func Benchmark64InFlight(b *testing.B) {
	const callers = 64
	p := load(b, start(b, coproc.Config{}, "child"), spec("tag"))
	work := make(chan struct{}, callers)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			x := headerHook()
			for range work {
				turn(b, p, x)
			}
		})
	}
	b.ReportAllocs()
	for b.Loop() {
		work <- struct{}{}
	}
	close(work)
	all.Wait()
}

func turn(b *testing.B, p abi.Plugin, x *abi.Exchange) {
	x.Begin(abi.Pre, x.Deadline)
	if _, err := p.Call(x); err != nil {
		b.Error(err)
	}
	x.Commit(abi.Continue)
	x.Reset()
	fill(x)
}

// BenchmarkStart starts a process and waits until it takes calls.
func BenchmarkStart(b *testing.B) {
	for name, c := range map[string]coproc.Config{
		"bare":     {},
		"confined": {Sandbox: &sandbox.Config{Memory: 1 << 40}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r := start(b, c, "fake", "good")
				if err := r.Start(b.Context()); err != nil {
					b.Fatal(err)
				}
				closeRuntime(b, r)
			}
		})
	}
}
