package snapshot_test

import (
	"fmt"
	"testing"

	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

// BenchmarkCallAndRestore is one call that writes to pages spread over the
// whole image, and the restore: what a strategy saves in the restore it may
// cost in the next call.
func BenchmarkCallAndRestore(b *testing.B) {
	caps := snapshot.Probe()
	for _, size := range []struct {
		name  string
		pages uint32
	}{{"64KiB", 1}, {"128KiB", 2}, {"2.4MiB", 38}, {"8MiB", 128}} {
		hostPages := int(size.pages) * 16
		g := guest{code: smallGuest(size.pages, 0), limit: 16 << 20, globals: smallGlobals, pages: hostPages}
		k := newKit(b, caps, g)
		image := k.image(b)
		for _, s := range strategies(b, caps) {
			for _, dirty := range []int{0, 1, 4, 21, 80} {
				if dirty > hostPages {
					continue
				}
				b.Run(fmt.Sprintf("size=%s/strategy=%s/dirty=%d", size.name, s, dirty), func(b *testing.B) {
					c := k.clone(b, image, s)
					benchmark(b, c, dirty, hostPages)
				})
			}
		}
		image.Close()
	}
}

func benchmark(b *testing.B, c *clone, dirty, hostPages int) {
	stride := 4096 * uint64(hostPages/max(1, dirty))
	round := func() {
		c.call(b, fnTouch, 0, stride, uint64(dirty), 1)
		c.restore(b)
	}
	for range 20 { // fault in, learn
		round()
	}
	b.ReportAllocs()
	for b.Loop() {
		round()
	}
}
