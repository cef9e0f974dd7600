package snapshot_test

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/c386954a/sallyport/runtime/wasm/snapshot"
	"github.com/c386954a/sallyport/runtime/wasm/wasmtest"
)

// each runs a test on every system with every strategy it has.
func each(t *testing.T, g guest, test func(t *testing.T, k *kit, image *snapshot.Image, s snapshot.Strategy)) {
	t.Helper()
	for name, caps := range systems() {
		k := newKit(t, caps, g)
		image := k.image(t)
		t.Cleanup(image.Close)
		for _, s := range strategies(t, caps) {
			t.Run(name+"/"+s.String(), func(t *testing.T) { test(t, k, image, s) })
		}
	}
}

func TestEverySystemRestoresWithEveryStrategyItHas(t *testing.T) {
	each(t, tinyGuest(), func(t *testing.T, k *kit, image *snapshot.Image, s snapshot.Strategy) {
		c := k.clone(t, image, s)
		if c.Strategy() != s {
			t.Fatalf("Strategy() = %s, want %s", c.Strategy(), s)
		}
		if err := c.Verify(); err != nil {
			t.Fatalf("after attaching: %v", err)
		}
		for n := range 50 {
			c.call(t, fnStore, uint64(n*2600), 1)
			c.call(t, fnSet, 1, 2, 3, 4)
			c.call(t, fnGrow, uint64(n%5))
			c.restore(t)
			if err := c.Verify(); err != nil {
				t.Fatalf("round %d: %v", n, err)
			}
		}
	})
}

func TestRestoreGivesGrownMemoryBack(t *testing.T) {
	each(t, tinyGuest(), func(t *testing.T, k *kit, image *snapshot.Image, s snapshot.Strategy) {
		c := k.clone(t, image, s)
		for n := range 1000 {
			if got := c.call(t, fnGrow, 3); got != 2 {
				t.Fatalf("round %d: memory.grow(3) = %d, want 2", n, got)
			}
			end := c.memory.Size()
			if v := c.call(t, fnLoad, end-4); v != 0 {
				t.Fatalf("round %d: grown memory holds %#x", n, v)
			}
			c.call(t, fnStore, end-4, 0xabcdef)
			if st := c.restore(t); st.Returned != 3*snapshot.PageSize {
				t.Fatalf("round %d: %d bytes returned", n, st.Returned)
			}
			if got := c.call(t, fnSize); got != 2 {
				t.Fatalf("round %d: memory.size = %d, want 2", n, got)
			}
			if _, err := c.try(fnLoad, 2*snapshot.PageSize); err == nil {
				t.Fatalf("round %d: memory beyond the image can be read", n)
			}
		}
	})
}

func TestTrappedInstanceIsRestoredAndServesOn(t *testing.T) {
	each(t, tinyGuest(), func(t *testing.T, k *kit, image *snapshot.Image, s snapshot.Strategy) {
		c := k.clone(t, image, s)
		for range 100 {
			if _, err := c.try(fnTrap, 64, 0xbad); err == nil {
				t.Fatal("the guest did not trap")
			}
			c.restore(t)
			if err := c.Verify(); err != nil {
				t.Fatal(err)
			}
			c.call(t, fnStore, 64, 1)
		}
	})
}

func TestRestoreForgetsARefusedGrowth(t *testing.T) {
	k := newKit(t, snapshot.Probe(), tinyGuest())
	image := k.image(t)
	defer image.Close()
	c := k.clone(t, image, snapshot.Auto)
	c.call(t, fnGrow, 1000)
	if !c.memory.Refused() {
		t.Fatal("growth beyond the limit was not refused")
	}
	c.restore(t)
	if c.memory.Refused() {
		t.Error("Refused() after a restore")
	}
}

func TestMemoryOfNoPagesIsRestored(t *testing.T) {
	g := guest{code: smallGuest(0, 0), limit: 1 << 20, globals: smallGlobals}
	each(t, g, func(t *testing.T, k *kit, image *snapshot.Image, s snapshot.Strategy) {
		c := k.clone(t, image, s)
		for range 10 {
			if _, err := c.try(fnLoad, 0); err == nil {
				t.Fatal("an empty memory can be read")
			}
			if c.call(t, fnGrow, 2) != 0 || c.call(t, fnLoad, 64) != 0 {
				t.Fatal("the memory was not empty, or what it got is not zero")
			}
			c.call(t, fnStore, 64, 5)
			c.restore(t)
			if err := c.Verify(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestLimitOfNothingLeavesNothingToGrow(t *testing.T) {
	g := guest{code: smallGuest(0, 0), limit: snapshot.PageSize - 1, globals: smallGlobals}
	k := newKit(t, snapshot.Probe(), g)
	image := k.image(t)
	defer image.Close()
	c := k.clone(t, image, snapshot.Auto)
	if got := int32(c.call(t, fnGrow, 1)); got != -1 {
		t.Errorf("grow(1) = %d, want -1", got)
	}
	c.call(t, fnSet, 1, 2, 3, 4)
	c.restore(t)
	if err := c.Verify(); err != nil {
		t.Error(err)
	}
}

func TestModuleWithoutMemoryIsRestored(t *testing.T) {
	g := guest{code: wasmtest.New(0).WithoutMemory().Bytes(), limit: 1 << 20}
	k := newKit(t, snapshot.Probe(), g)
	image := k.image(t)
	defer image.Close()
	c := k.clone(t, image, snapshot.Auto)
	c.restore(t)
	if err := c.Verify(); err != nil {
		t.Error(err)
	}
}

func TestGlobalsOfAllTypesAreRestored(t *testing.T) {
	k := newKit(t, snapshot.Probe(), tinyGuest())
	image := k.image(t)
	defer image.Close()
	c := k.clone(t, image, snapshot.Auto)
	want := []uint64{7, 11, 0x7fc00000, api.EncodeF64(1.5)}
	c.call(t, fnSet, 1, 1<<40, api.EncodeF32(2.5), api.EncodeF64(-2))
	c.restore(t)
	for n, g := range c.globals {
		if g.Get() != want[n] {
			t.Errorf("global %d = %#x, want %#x", n, g.Get(), want[n])
		}
	}
}

func TestTemplateBecomesItsOwnClone(t *testing.T) {
	for name, caps := range systems() {
		t.Run(name, func(t *testing.T) {
			c := newKit(t, caps, tinyGuest()).instance(t)
			defer c.close(t)
			c.call(t, fnStore, 4096, 1)
			c.call(t, fnGrow, 1)
			c.call(t, fnStore, 140_000, 2)
			image, err := snapshot.Take(c.memory, c.globals)
			if err != nil {
				t.Fatal(err)
			}
			defer image.Close()
			c.call(t, fnStore, 4096, 3)
			c.call(t, fnGrow, 4)
			c.attach(t, image, snapshot.Auto)
			if a, b := c.call(t, fnLoad, 4096), c.call(t, fnLoad, 140_000); a != 1 || b != 2 {
				t.Errorf("memory holds %d and %d, want 1 and 2", a, b)
			}
			if err := c.Verify(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPageScanCopiesWhatIsPrivateAndDropsFloods(t *testing.T) {
	caps := snapshot.Probe()
	if !caps.PageScan {
		t.Skip("no PAGEMAP_SCAN:", caps.Reason)
	}
	page := uint64(os.Getpagesize())
	k := newKit(t, caps, staticGuest())
	image := k.image(t)
	defer image.Close()
	c := k.clone(t, image, snapshot.PageScan)
	for _, pages := range []uint64{0, 1, 64, 65, 200, 500} { // each its own range
		c.call(t, fnTouch, 0, 2*page, pages, 1)
		st := c.restore(t)
		if st.Strategy != snapshot.PageScan || st.Pages != int(pages) {
			t.Errorf("%d pages: restored %d with %s", pages, st.Pages, st.Strategy)
		}
		if c.memory.Private() != pages*page {
			t.Errorf("%d pages: Private() = %d", pages, c.memory.Private())
		}
		if err := c.Verify(); err != nil {
			t.Error(err)
		}
	}
	c.call(t, fnTouch, 0, page, 513, 1)
	if st := c.restore(t); st.Strategy != snapshot.Drop || c.memory.Private() != 0 {
		t.Errorf("513 pages: restored with %s, %d bytes private", st.Strategy, c.memory.Private())
	}
	if err := c.Verify(); err != nil {
		t.Error(err)
	}
}

func TestHotSetIsRightAboutPagesItNeverSaw(t *testing.T) {
	caps := snapshot.Probe()
	if !caps.Pagemap {
		t.Skip("no page map:", caps.Reason)
	}
	page := uint64(os.Getpagesize())
	k := newKit(t, caps, staticGuest())
	image := k.image(t)
	defer image.Close()
	for _, tt := range []struct {
		name          string
		pages, stride uint64
		want          int // pages copied back
	}{
		{"neighbours", 40, 1, 40},
		{"small gaps are copied", 40, 5, 196},
		{"large gaps are dropped", 40, 50, 40},
		{"more ranges than are kept", 200, 7, 0}, // joined, they are too many to copy
		{"all but nothing", 0, 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := k.clone(t, image, snapshot.HotSet)
			for range 10 {
				c.call(t, fnTouch, 0, tt.stride*page, tt.pages, 1)
				c.restore(t)
			}
			for n := range uint64(100) {
				c.call(t, fnStore, n*20*page, 1)
				if st := c.restore(t); st.Strategy != snapshot.HotSet || st.Pages != tt.want {
					t.Fatalf("restored %d pages with %s, want %d", st.Pages, st.Strategy, tt.want)
				}
				if err := c.Verify(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestInterpreterIsRestoredToo(t *testing.T) {
	ctx := t.Context()
	g := tinyGuest()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer func() { _ = r.Close(context.Background()) }()
	code, err := r.CompileModule(ctx, g.code)
	if err != nil {
		t.Fatal(err)
	}
	k := &kit{guest: g, caps: snapshot.Probe(), engine: r, code: code}
	image := k.image(t)
	defer image.Close()
	c := k.clone(t, image, snapshot.Auto)
	want := bytes.Clone(c.bytes())
	for range 100 {
		c.call(t, fnGrow, 2)
		c.call(t, fnStore, 3*snapshot.PageSize, 9)
		c.call(t, fnStore, 8, 9)
		c.restore(t)
		if !bytes.Equal(c.bytes(), want) || c.call(t, fnSize) != 2 {
			t.Fatal("the memory differs")
		}
	}
}
