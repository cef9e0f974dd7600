package wasm_test

import (
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// BenchmarkHeaderHook runs the header hook of the C example.
func BenchmarkHeaderHook(b *testing.B) {
	for _, mode := range modes() {
		b.Run(mode.String(), func(b *testing.B) {
			p := load(b, headersSpec(mode))
			x := exchange()
			b.ReportAllocs()
			for b.Loop() {
				x.Begin(abi.Pre, time.Now().Add(long))
				if _, err := p.Call(x); err != nil {
					b.Fatal(err)
				}
				x.Discard()
			}
		})
	}
}
