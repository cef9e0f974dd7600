//go:build !race

package snapshot_test

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
)

func TestThousandClonesShareTheImage(t *testing.T) {
	caps := snapshot.Probe()
	if !caps.Image {
		t.Skip("images are copied here:", caps.Reason)
	}
	for _, g := range []guest{staticGuest(), goGuest(t)} {
		t.Run(g.name, func(t *testing.T) {
			k := newKit(t, caps, g)
			image := k.image(t)
			t.Cleanup(image.Close)
			before, heap := private(t), heapInUse()
			for n := range thousand() {
				c := k.clone(t, image, snapshot.Auto)
				if g.name == "go" {
					c.call(t, "work", uint64(n))
				} else {
					c.call(t, fnTouch, 0, 1<<20, 3, 1)
				}
				c.restore(t)
			}
			count := uint64(thousand())
			each := (private(t) - before) / count
			t.Logf("for each of %d clones of an image of %d KiB: %d KiB of its own, %d KiB of Go heap",
				count, image.Size()>>10, each>>10, (heapInUse()-heap)/count>>10)
			if each > 256<<10 {
				t.Errorf("each clone has %d bytes of its own", each)
			}
		})
	}
}

func TestVerifyDoesNotFillTheImage(t *testing.T) {
	caps := snapshot.Probe()
	if !caps.Image {
		t.Skip("images are copied here:", caps.Reason)
	}
	k := newKit(t, caps, staticGuest())
	image := k.image(t)
	defer image.Close()
	c := k.clone(t, image, snapshot.Auto)
	if err := c.Verify(); err != nil {
		t.Fatal(err)
	}
	if got, limit := mapped(t, "Rss:"), 2*image.Stored()+1<<20; got > limit {
		t.Errorf("%d bytes are mapped of an image that stores %d", got, image.Stored())
	}
}

func private(t *testing.T) uint64 {
	t.Helper()
	return mapped(t, "Private_Dirty:")
}

// mapped sums up a figure of all mappings of images, in bytes.
func mapped(t *testing.T, figure string) uint64 {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Skip("this system does not tell what is resident")
	}
	var sum uint64
	ours := false
	for line := range strings.Lines(string(maps)) {
		fields := strings.Fields(line)
		switch {
		case strings.Contains(fields[0], "-"): // the first line of a mapping
			ours = strings.Contains(line, "sallyport-image")
		case ours && fields[0] == figure:
			kib, err := strconv.ParseUint(fields[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			sum += kib << 10
		}
	}
	return sum
}

func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
