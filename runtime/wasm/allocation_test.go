//go:build !race

package wasm_test

import (
	"testing"
	"time"

	"github.com/c386954a/sallyport/abi"
)

// TestACallAndItsResetDoNotAllocate covers the whole way: pool, guest, host
// functions, reset.
func TestACallAndItsResetDoNotAllocate(t *testing.T) {
	each(t, func(t *testing.T, w way) {
		if w.anew {
			return // a new instance for each call cannot but allocate
		}
		for _, mode := range modes() {
			p := loadIn(t, w.runtime(t, nothing()), headersSpec(mode))
			x := exchange()
			x.Begin(abi.Pre, time.Now().Add(long)) // the buffers of the exchange grow now
			_, _ = p.Call(x)
			x.Discard()
			n := testing.AllocsPerRun(1000, func() {
				x.Begin(abi.Pre, time.Now().Add(long))
				if _, err := p.Call(x); err != nil {
					t.Fatal(err)
				}
				x.Discard()
			})
			if n != 0 {
				t.Errorf("%v: %v allocations per call, want 0", mode, n)
			}
		}
	})
}

func TestAStoppedCallCanBeRepeatedWithoutGrowth(t *testing.T) {
	p := load(t, spec(t, recursionBomb().Bytes(), abi.Fresh, 1))
	for range 20 {
		_, _ = call(p, exchange(), abi.Pre, long)
	}
	before := resident()
	for range 200 {
		_, _ = call(p, exchange(), abi.Pre, long)
	}
	if after := resident(); after > before+16<<20 {
		t.Errorf("resident memory grew from %d to %d KiB by stacks that were too deep", before>>10, after>>10)
	}
}
