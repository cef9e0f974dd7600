//go:build !race

package snapshot_test

import (
	"testing"

	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

func TestRestoreDoesNotAllocate(t *testing.T) {
	each(t, tinyGuest(), func(t *testing.T, k *kit, image *snapshot.Image, s snapshot.Strategy) {
		c := k.clone(t, image, s)
		round := func() {
			c.call(t, fnTouch, 0, 8192, 10, 1)
			c.call(t, fnGrow, 3)
			c.call(t, fnSet, 1, 2, 3, 4)
			c.restore(t)
		}
		for range 20 {
			round()
		}
		if n := testing.AllocsPerRun(5000, round); n != 0 { // long enough to learn anew
			t.Errorf("a call and a restore allocate %v times", n)
		}
	})
}
